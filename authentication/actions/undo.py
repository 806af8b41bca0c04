"""Undo of a change of how people sign in: it restores exactly what the event says, as long as nothing came after it."""

from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _

from authentication.actions.identity_providers import UNDONE, save_details, set_vendor
from authentication.actions.policies import locked_policy, switch_password, switch_saml
from authentication.actions.provider_connection import locked
from authentication.actions.provider_states import details_state
from authentication.actions.provider_use import disable_provider, enable_provider
from authentication.models import EnvironmentProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

UNDO_AGE = timedelta(minutes=15)

_SWITCHES = {
    Action.POLICY_SAML_ENABLED: "is_saml_enabled",
    Action.POLICY_SAML_DISABLED: "is_saml_enabled",
    Action.POLICY_PASSWORD_ENABLED: "is_password_enabled",
    Action.POLICY_PASSWORD_DISABLED: "is_password_enabled",
    Action.IDENTITY_PROVIDER_ENABLED: "is_enabled",
    Action.IDENTITY_PROVIDER_DISABLED: "is_enabled",
}
UNDOABLE = _SWITCHES.keys() | {Action.IDENTITY_PROVIDER_UPDATED, Action.IDENTITY_PROVIDER_ENFORCEMENT_WISHED}


@atomic
def undo(*, event: ChangeEvent, environment: Environment, by: Actor, now: datetime) -> ChangeEvent:
    """Restore what was before a change, and return the event of that.

    Raises ActionError if the change is older than `UNDO_AGE`, or if another one of the same thing came after it.
    """
    policy = locked_policy(environment)
    used = environment.providers.filter(identity_provider=UUID(event.subject_id)).first()
    row = locked(used) if used else None
    if now - event.at > UNDO_AGE:
        raise ActionError("too_old", _("This change is too old for Undo. Change it back here."))
    is_last = not ChangeEvent.objects.about(UUID(event.subject_id)).filter(pk__gt=event.pk).exists()
    undone = None
    if is_last and event.subject_id == str(policy.pk):
        undone = _undo_switch(event, environment, by)
    elif is_last and row is not None:
        undone = _undo_of_provider(event, row, by)
    if undone is None:
        message = _("Nothing was undone, because it was changed again since. This page shows how it is now.")
        raise ActionError("changed_since", message)
    return undone


def _undo_switch(event: ChangeEvent, environment: Environment, by: Actor) -> ChangeEvent | None:
    field = _SWITCHES[Action(event.action)]
    switch = switch_saml if field == "is_saml_enabled" else switch_password
    return switch(environment=environment, is_enabled=event.before[field], by=by)


def _undo_of_provider(event: ChangeEvent, row: EnvironmentProvider, by: Actor) -> ChangeEvent | None:
    if event.action == Action.IDENTITY_PROVIDER_DISABLED:
        return enable_provider(environment_provider=row, by=by)
    if event.action == Action.IDENTITY_PROVIDER_ENABLED:
        return disable_provider(environment_provider=row, by=by)
    state, provider = details_state(row), row.identity_provider
    before = {key: value for key, value in state.items() if key not in event.after} | event.before
    provider.name = str(before["name"])
    set_vendor(provider, str(before["vendor"]))
    row.enforcement, row.domains = str(before["enforcement"]), before["domains"]
    row.wished_enforcement, row.wished_domains = (
        str(before.get("wished_enforcement", "")),
        before.get("wished_domains", []),
    )
    return save_details(row, state, UNDONE, by)
