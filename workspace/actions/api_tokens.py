"""Issuing, rotating and revoking API tokens. No event ever holds a secret."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.roles import lock_roles, refuse_beyond_role
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import ApiToken, ChangeEvent, Environment, Workspace
from workspace.names import clean_name
from workspace.refusals import ActionError
from workspace.scopes import in_order
from workspace.tokens import new_bearer_token

MOST_LIVE = 100
LONGEST = timedelta(days=3 * 366)
# What the mail to the owners is called, and where they correct the change.
_TOLD = {
    "subject": gettext_lazy("API tokens of %(workspace)s were changed"),
    "page": gettext_lazy("API tokens"),
}


@atomic
def issue_api_token(
    *,
    workspace: Workspace,
    name: str,
    scopes: Collection[str],
    environments: Collection[Environment] | None,
    expires_at: datetime | None,
    by: Actor,
    now: datetime,
) -> tuple[ApiToken, str]:
    """Make a token and return it with its clear text, which is known only now.

    It is for these environments, or for all, also new ones, if that is None. It never ends if `expires_at` is None.
    """
    lock_roles(workspace)
    refuse_beyond_role(workspace, by)
    label = clean_name(name, what=_("name"), missing=_("Enter a name."), most=100)
    if not (known := in_order(scopes)):
        raise ActionError("no_scopes", _("Choose at least one thing that the token may read or change."))
    if environments is not None and not environments:
        raise ActionError("no_environments", _("Choose at least one environment."), field="environments")
    if expires_at is not None and not now < expires_at <= now + LONGEST:
        raise ActionError("wrong_expiry", _("Choose a day after today, within three years."), field="expires_on")
    _refuse_too_many(workspace)
    token = ApiToken(workspace=workspace, name=label, scopes=known, expires_at=expires_at)
    clear = _draw(token, by, environments)
    event = _record(
        Action.API_TOKEN_ISSUED, gettext_noop("{by} created the API token {token}."), token, by, after=_state(token)
    )
    tell_owners(event, workspace, **_TOLD)
    return token, clear


@atomic
def rotate_api_token(*, token: ApiToken, overlap: timedelta, by: Actor, now: datetime) -> tuple[ApiToken, str]:
    """Make a token with the same rights and lifetime, and return it with its clear text.

    The old one ends after the overlap, or when it would have ended anyway.
    """
    old = _live(token, by, now)
    if old.rotated_to_id:
        raise ActionError("rotated_already", _("%(old)s was rotated already. Rotate the newer token.") % {"old": old})
    environments = None if old.is_everywhere else list(old.environments.all())
    if overlap:
        _refuse_too_many(old.workspace)
    expires_at = now + old.lifetime if old.lifetime else None
    new = ApiToken(workspace=old.workspace, name=old.name, scopes=old.scopes, expires_at=expires_at)
    clear = _draw(new, by, environments)
    before = {"token": old.masked, "expires_at": _time(old.expires_at)}
    old.rotated_to = new
    old.expires_at = min(filter(None, (old.expires_at, now + overlap)))
    old.save()
    event = _record(
        Action.API_TOKEN_ROTATED,
        gettext_noop("{by} rotated the API token {token}."),
        new,
        by,
        concerns=[old],
        before=before,
        after=_state(new) | {"old_token_ends_at": _time(old.expires_at)},
    )
    tell_owners(event, old.workspace, **_TOLD)
    return new, clear


@atomic
def revoke_api_token(*, token: ApiToken, by: Actor, now: datetime) -> None:
    """End a token at once; requests with it are refused from now on."""
    old = _live(token, by, now)
    old.revoked_at = now
    old.save()
    _record(Action.API_TOKEN_REVOKED, gettext_noop("{by} revoked the API token {token}."), old, by, before=_state(old))


def _live(token: ApiToken, by: Actor, now: datetime) -> ApiToken:
    """Return a token as of now, locked against other changes. Raises ActionError if it has ended."""
    lock_roles(token.workspace)
    refuse_beyond_role(token.workspace, by)
    found = token.workspace.api_tokens.get(pk=token.pk)
    if not found.is_live(now):
        raise ActionError("token_ended", _("The API token %(found)s has ended already.") % {"found": found})
    found.workspace = token.workspace
    return found


def _refuse_too_many(workspace: Workspace) -> None:
    if workspace.api_tokens.live().count() >= MOST_LIVE:
        raise ActionError(
            "too_many_tokens",
            _("%(most_live)s tokens are live already. Revoke one of them first.") % {"most_live": MOST_LIVE},
        )


def _draw(token: ApiToken, by: Actor, environments: Collection[Environment] | None) -> str:
    """Save a token with a new secret, and return its clear text."""
    drawn = new_bearer_token("api")
    token.prefix, token.digest, token.last_four = drawn.prefix, drawn.digest, drawn.last_four
    token.created_by, token.created_by_name = by.id, by.name
    token.is_everywhere = environments is None
    token.save()
    token.environments.set(environments or [])
    return drawn.clear


def _state(token: ApiToken) -> dict[str, object]:
    places = [[str(each.pk), each.name] for each in token.environments.all()]
    return {
        "token": token.masked,
        "scopes": token.scopes,
        "environments": "all" if token.is_everywhere else places,
        "expires_at": _time(token.expires_at),
    }


def _time(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at else "never"


def _record(
    action: Action,
    template: str,
    token: ApiToken,
    by: Actor,
    *,
    concerns: Collection[ApiToken] = (),
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> ChangeEvent:
    return record(
        by=by,
        action=action,
        subject=token,
        workspace=token.workspace,
        sentence=Sentence(template, by=by, token=token),
        concerns=[token.workspace, *concerns],
        before=before or {},
        after=after or {},
    )
