"""Issuing, rotating, showing and revoking SCIM tokens. No event ever holds a secret."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from provisioning import tokens
from provisioning.models import ProvisioningConnection, ScimToken
from workspace import crypto
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, Word, record
from workspace.refusals import ActionError
from workspace.words import moment

MAX_LIVE = 2
# A token that somebody forgot must not live for years beside its successor.
MOST_TOGETHER = timedelta(days=90)


class Retirement(TextChoices):
    """When a new token retires the old one."""

    FIRST_USE = "first_use", gettext_lazy("At the first use of the new one")
    DATE = "date", gettext_lazy("At a date")
    AT_ONCE = "at_once", gettext_lazy("At once")


@atomic
def issue_token(*, connection: ProvisioningConnection, by: Actor) -> str:
    """Make a token and return its clear text; where revealing is off, it is known only now."""
    _lock(connection)
    token, clear = _draw(connection)
    _record(Action.SCIM_TOKEN_ISSUED, token, by)
    return clear


@atomic
def rotate_token(
    *,
    connection: ProvisioningConnection,
    retirement: Retirement,
    retires_at: datetime | None = None,
    now: datetime,
    by: Actor,
) -> str:
    """Make a token in place of the live one, and return its clear text.

    `retirement` says when the old one retires, for `DATE` at `retires_at`.
    """
    _lock(connection)
    old = connection.tokens.live().first()
    if old is None:
        return issue_token(connection=connection, by=by)
    before = _state(old)
    token, clear = _draw(connection, replaces=old if retirement == Retirement.FIRST_USE else None)
    if retirement == Retirement.AT_ONCE:
        _end(old, now)
    if retirement == Retirement.DATE:
        old.expires_at = _checked(retires_at, now)
        old.save(update_fields=["expires_at"])
    at = moment(old.expires_at) if old.expires_at else ""
    replaced = {"replaced": _state(old), "retirement": retirement}
    _record(
        Action.SCIM_TOKEN_ISSUED,
        token,
        by,
        _ISSUED[retirement],
        before={"replaced": before},
        after=replaced,
        other=old,
        at=at,
    )
    return clear


@atomic
def retire_replaced(*, token: ScimToken, address: str | None, now: datetime, by: Actor) -> None:
    """Revoke the token that this one replaces, with its first use. Of several first uses at once, one revokes it."""
    _lock(token.connection)
    old = ScimToken.objects.live().filter(replaced_by=token.pk, replaced_by__revoked_at=None).first()
    ScimToken.objects.filter(pk=token.pk, last_used_at=None).update(last_used_at=now, last_used_from=address)
    if old:
        _end(old, now)
        old.connection = token.connection
        sentence = gettext_noop(
            "{by} used the SCIM token {other} of {connection} for the first time, which retired {token}."
        )
        _record(Action.SCIM_TOKEN_REVOKED, old, by, sentence, other=token)


@atomic
def reveal_token(*, token: ScimToken, by: Actor) -> str:
    """Return the clear text again, for an administrator who must paste it once more."""
    if not token.is_revealable:
        raise ActionError(
            "token_not_revealable",
            _("This token can no longer be shown. Make a new one, and replace it in the identity provider."),
        )
    try:
        clear = crypto.unseal(token.sealed)
    except crypto.UnsealError:
        message = _("The key that sealed this token is gone. Make a new token.")
        raise ActionError("token_not_revealable", message) from None
    _record(Action.SCIM_TOKEN_REVEALED, token, by)
    return clear


@atomic
def revoke_token(*, token: ScimToken, by: Actor) -> None:
    """End a token at once; requests with it are refused from now on."""
    _lock(token.connection)
    token.refresh_from_db(fields=["revoked_at"])
    if token.revoked_at is not None:
        return
    _end(token, timezone.now())
    _record(Action.SCIM_TOKEN_REVOKED, token, by)


_ISSUED = {
    Retirement.FIRST_USE: gettext_noop(
        "{by} issued the SCIM token {token} of {connection}; {other} retires at its first use."
    ),
    Retirement.DATE: gettext_noop("{by} issued the SCIM token {token} of {connection}; {other} retires on {at}."),
    Retirement.AT_ONCE: gettext_noop("{by} issued the SCIM token {token} of {connection}; {other} was retired."),
}
_SENTENCES = {
    Action.SCIM_TOKEN_ISSUED: gettext_noop("{by} issued the SCIM token {token} of {connection}."),
    Action.SCIM_TOKEN_REVEALED: gettext_noop("{by} revealed the SCIM token {token} of {connection}."),
    Action.SCIM_TOKEN_REVOKED: gettext_noop("{by} revoked the SCIM token {token} of {connection}."),
}


def _lock(connection: ProvisioningConnection) -> None:
    """Let one change of a connection's tokens happen at a time."""
    ProvisioningConnection.objects.select_for_update(of=("self",)).get(pk=connection.pk)


def _draw(connection: ProvisioningConnection, replaces: ScimToken | None = None) -> tuple[ScimToken, str]:
    """Store a new token, and return it with its clear text."""
    if connection.tokens.live().count() >= MAX_LIVE:
        raise ActionError("too_many_tokens", _("Two tokens are live already. Revoke one of them first."))
    token, clear = tokens.draw(connection)
    token.replaces = replaces
    if settings.REVEAL_TOKENS:
        token.sealed = crypto.seal(clear)
    token.save()
    return token, clear


def _checked(retires_at: datetime | None, now: datetime) -> datetime:
    if retires_at is None:
        message = _("Enter the date and time at which the old token retires.")
        raise ActionError("retires_at", message, field="retires_at")
    if retires_at <= now:
        message = _("This time is over. Enter a later one, or let the old token retire at once.")
        raise ActionError("retires_at", message, field="retires_at")
    if retires_at > now + MOST_TOGETHER:
        message = _("Enter a time within %(days)s days.") % {"days": MOST_TOGETHER.days}
        raise ActionError("retires_at", message, field="retires_at")
    return retires_at


def _end(token: ScimToken, now: datetime) -> None:
    token.revoked_at, token.sealed = now, ""
    token.save(update_fields=["revoked_at", "sealed"])


def _state(token: ScimToken) -> dict[str, object]:
    at = token.expires_at and token.expires_at.isoformat()
    return {"token": token.masked, "is_revoked": token.revoked_at is not None, "expires_at": at}


def _record(
    action: Action,
    token: ScimToken,
    by: Actor,
    sentence: str = "",
    *,
    other: ScimToken | None = None,
    at: str = "",
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Record a change of a token. `other` is the one that it replaces, or that replaces it."""
    words: dict[str, Word] = {"by": by, "token": token, "connection": token.connection, "other": other or "", "at": at}
    record(
        by=by,
        action=action,
        subject=token,
        environment=token.connection.environment,
        sentence=Sentence(sentence or _SENTENCES[action], **words),
        concerns=[*token.connection.concerns(), *([other] if other else [])],
        before=({"is_revoked": False} if action == Action.SCIM_TOKEN_REVOKED else {}) | dict(before or {}),
        after={"token": token.masked, "is_revoked": token.revoked_at is not None} | dict(after or {}),
    )
