"""Changes of which environments use a provider: use in another one, turn on and off, remove."""

from datetime import datetime

from django.db.models import ProtectedError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from authentication.actions.policies import refuse_lock_out
from authentication.actions.provider_connection import locked
from authentication.actions.provider_states import connection_state, details_state, removed_rows
from authentication.actions.sessions import NONE_ENDED, EndedSessions, end_open_sessions
from authentication.models import EndUserSession, EnvironmentProvider, IdentityProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Environment
from workspace.refusals import ActionError

Method = EnvironmentProvider.Method
# Sentences of events, without and with sessions that end.
_TURNED_ON = (
    gettext_noop("{by} turned {provider} on in {environment}."),
    gettext_noop("{by} turned {provider} on in {environment} and ended {sessions}."),
)
_TURNED_OFF = (
    gettext_noop("{by} turned {provider} off in {environment}."),
    gettext_noop("{by} turned {provider} off in {environment} and ended {sessions}."),
)
# Codes of refusals to remove a provider because its provisioning has to be decided first.
PROVISIONING_FIRST = {"provider_provisions", "people_pending"}


@atomic
def use_provider(*, provider: IdentityProvider, environment: Environment, by: Actor) -> EnvironmentProvider:
    """Let another environment use a provider that is set up. Nobody has to sign in through it there yet."""
    if not provider.is_set_up:
        raise ActionError(
            "provider_not_set_up",
            _("Finish the set-up of %(provider)s first; then other environments can use it.") % {"provider": provider},
        )
    if environment.providers.filter(identity_provider=provider).exists():
        raise ActionError(
            "provider_in_use",
            _("%(environment)s uses %(provider)s already.") % {"environment": environment, "provider": provider},
        )
    environment_provider = EnvironmentProvider.objects.create(environment=environment, identity_provider=provider)
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_USED,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            "{by} let {environment} use the identity provider {provider}.",
            by=by,
            environment=environment,
            provider=provider,
        ),
        concerns=[environment_provider, environment],
        after=details_state(environment_provider),
    )
    tell_owners(event, environment.workspace)
    return environment_provider


@atomic
def enable_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> ChangeEvent | None:
    """Let people of this environment sign in through the provider. Return the event, or None if nothing changed."""
    return _switch(environment_provider, True, Action.IDENTITY_PROVIDER_ENABLED, by)


@atomic
def disable_provider(
    *, environment_provider: EnvironmentProvider, by: Actor, sessions_end_at: datetime | None = None
) -> ChangeEvent | None:
    """Keep people of this environment from signing in through the provider. Return the event, if anything changed.

    With a time, the sessions that were opened through it end then; otherwise they go on.
    """
    return _switch(environment_provider, False, Action.IDENTITY_PROVIDER_DISABLED, by, sessions_end_at)


@atomic
def remove_provider(
    *, environment_provider: EnvironmentProvider, by: Actor, sessions_end_at: datetime | None = None
) -> None:
    """End an environment's use of a provider. The last environment's removal deletes the provider.

    With a time, the sessions that were opened through it end then; otherwise they go on.
    """
    _refuse_managed_people(environment_provider)
    row = locked(environment_provider)
    provider, environment = row.identity_provider, row.environment
    is_last = not provider.environment_providers.exclude(pk=row.pk).exists()
    rows, people = removed_rows(row, is_last)
    ended = _end_sessions(row, sessions_end_at)
    before = details_state(row) | (connection_state(provider) if is_last else {})
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_REMOVED,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            gettext_noop("{by} removed the identity provider {provider} from {environment} and ended {sessions}.")
            if ended.ids
            else gettext_noop("{by} removed the identity provider {provider} from {environment}."),
            by=by,
            provider=provider,
            environment=environment,
            sessions=ended.words,
        ),
        concerns=[row, environment],
        people=[*people, *ended.people],
        before=before | {"rows": rows} | ended.state,
        after={"provider_deleted": is_last},
    )
    tell_owners(event, environment.workspace)
    try:
        row.delete()
    except ProtectedError:
        # The app above protects what a provider was left with when its method changed.
        raise ActionError(
            "people_pending",
            _(
                "End users whom %(provider)s provisioned in %(environment)s are still pending. Decide "
                "under End user & group provisioning what happens to them first."
            )
            % {"provider": provider, "environment": environment},
        ) from None
    if is_last:
        provider.delete()
    refuse_lock_out(environment)


def _refuse_managed_people(environment_provider: EnvironmentProvider) -> None:
    """Raise ActionError while the provider provisions people: what happens to them is decided with its method."""
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    if environment_provider.method == Method.SCIM:
        raise ActionError(
            "provider_provisions",
            _(
                "%(provider)s provisions people in %(environment)s by SCIM. Change its provisioning "
                "method to Manual provisioning first: there you decide what happens to them."
            )
            % {"provider": provider, "environment": environment},
        )


def _switch(
    environment_provider: EnvironmentProvider,
    is_enabled: bool,
    action: Action,
    by: Actor,
    sessions_end_at: datetime | None = None,
) -> ChangeEvent | None:
    row = locked(environment_provider)
    if row.is_enabled == is_enabled:
        return None
    row.is_enabled = is_enabled
    row.save()
    refuse_lock_out(row.environment)
    environment_provider.is_enabled = is_enabled
    ended = _end_sessions(row, sessions_end_at)
    event = record(
        by=by,
        action=action,
        subject=row.identity_provider,
        environment=row.environment,
        sentence=Sentence(
            (_TURNED_ON if is_enabled else _TURNED_OFF)[bool(ended.ids)],
            by=by,
            provider=row.identity_provider,
            environment=row.environment,
            sessions=ended.words,
        ),
        concerns=[row, row.environment],
        people=ended.people,
        before={"is_enabled": not is_enabled} | ended.state,
        after={"is_enabled": is_enabled},
    )
    tell_owners(event, row.environment.workspace)
    return event


def _end_sessions(row: EnvironmentProvider, at: datetime | None) -> EndedSessions:
    if at is None:
        return NONE_ENDED
    return end_open_sessions(EndUserSession.objects.of(row.environment).through(row.identity_provider_id), at)
