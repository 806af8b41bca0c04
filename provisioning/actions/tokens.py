"""Issuing, showing and revoking SCIM tokens. No event ever holds a secret."""

from django.conf import settings
from django.utils import timezone

from provisioning import tokens
from provisioning.models import ProvisioningConnection, ScimToken
from workspace import crypto
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.refusals import ActionError

MAX_LIVE = 2


@atomic
def issue_token(*, connection: ProvisioningConnection, by: Actor) -> str:
    """Make a token and return its clear text; where revealing is off, it is known only now."""
    ProvisioningConnection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    if connection.tokens.live().count() >= MAX_LIVE:
        raise ActionError("too_many_tokens", "Two tokens are live already. Revoke one of them first.")
    token, clear = tokens.draw(connection)
    if settings.REVEAL_TOKENS:
        token.sealed = crypto.seal(clear)
    token.save()
    _record(Action.SCIM_TOKEN_ISSUED, token, by)
    return clear


@atomic
def reveal_token(*, token: ScimToken, by: Actor) -> str:
    """Return the clear text again, for an administrator who must paste it once more."""
    if not token.is_revealable:
        raise ActionError(
            "token_not_revealable",
            "This token can no longer be shown. Make a new one, and replace it in the identity provider.",
        )
    try:
        clear = crypto.unseal(token.sealed)
    except crypto.UnsealError:
        raise ActionError("token_not_revealable", "The key that sealed this token is gone. Make a new token.") from None
    _record(Action.SCIM_TOKEN_REVEALED, token, by)
    return clear


@atomic
def revoke_token(*, token: ScimToken, by: Actor) -> None:
    """End a token at once; requests with it are refused from now on."""
    if token.revoked_at is not None:
        return
    token.revoked_at, token.sealed = timezone.now(), ""
    token.save()
    _record(Action.SCIM_TOKEN_REVOKED, token, by)


def _record(action: Action, token: ScimToken, by: Actor) -> None:
    record(
        by=by,
        action=action,
        subject=token,
        environment=token.connection.environment,
        sentence=Sentence(
            "{by} {did} the SCIM token {token} of {connection}.",
            by=by,
            did=action.partition(".")[2],
            token=token,
            connection=token.connection,
        ),
        concerns=token.connection.concerns(),
        before={"is_revoked": False} if action == Action.SCIM_TOKEN_REVOKED else {},
        after={"token": token.masked, "is_revoked": token.revoked_at is not None},
    )
