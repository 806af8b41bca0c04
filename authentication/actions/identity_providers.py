"""Changes of identity providers, and of which environments use them. Their connection is in provider_connection.py."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import ProtectedError

from authentication.actions.enforcement import choose_enforcement, enforced_for
from authentication.actions.policies import refuse_lock_out
from authentication.actions.provider_connection import locked
from authentication.actions.provider_states import State, connection_state, details_state, removed_rows, wish_state
from authentication.actions.sessions import NONE_ENDED, EndedSessions, end_open_sessions
from authentication.domains import enforced_domains
from authentication.guides import GUIDES
from authentication.models import EndUserSession, EnvironmentProvider, IdentityProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Environment
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError
from workspace.words import fields_in_words

Method = EnvironmentProvider.Method
_WAITING = " Enforcement for {whom} starts after a test sign-in."
# Codes of refusals to remove a provider because its provisioning has to be decided first.
PROVISIONING_FIRST = {"provider_provisions", "people_pending"}


@atomic
def create_provider(
    *,
    environment: Environment,
    name: str,
    vendor: str,
    enforcement: str,
    domains: Sequence[str] = (),
    by: Actor,
) -> EnvironmentProvider:
    """Create a provider that one environment uses. Its URLs are final; the IdP's side is not known yet."""
    provider = IdentityProvider(workspace=environment.workspace, name=_clean_name(name, ""), vendor=vendor)
    provider.groups_separator = _preset_separator(vendor)
    environment_provider = EnvironmentProvider(environment=environment, identity_provider=provider)
    choose_enforcement(environment_provider, enforcement, enforced_domains(enforcement, domains))
    _save_unique(provider)
    environment_provider.save()
    record(
        by=by,
        action=Action.IDENTITY_PROVIDER_CREATED,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            "{by} created the identity provider {provider} in {environment}."
            + (_WAITING if environment_provider.wished_enforcement else ""),
            by=by,
            provider=provider,
            environment=environment,
            whom=_wished_for(environment_provider),
        ),
        concerns=[environment_provider, environment],
        after=details_state(environment_provider),
    )
    return environment_provider


@atomic
def update_provider(
    *,
    environment_provider: EnvironmentProvider,
    name: str,
    vendor: str,
    enforcement: str,
    domains: Sequence[str] = (),
    by: Actor,
) -> ChangeEvent | None:
    """Set name and vendor, and the enforcement of this environment. Return the event, or None if nothing changed."""
    row = locked(environment_provider)
    provider, before = row.identity_provider, details_state(row)
    provider.name = _clean_name(name, provider.name)
    set_vendor(provider, vendor)
    choose_enforcement(row, enforcement, enforced_domains(enforcement, domains))
    return save_details(
        row, before, "{by} changed {what} of the identity provider {provider}.", by, environment_provider
    )


def save_details(
    row: EnvironmentProvider,
    before: State,
    template: str,
    by: Actor,
    shown: EnvironmentProvider | None = None,
) -> ChangeEvent | None:
    """Save a locked row with its provider, record what differs from `before`, and bring the row `shown` up to date."""
    provider, after = row.identity_provider, details_state(row)
    if before == after:
        return None
    _save_unique(provider)
    row.save()
    if shown is not None:
        shown.identity_provider = provider
        for field in ("enforcement", "domains", "wished_enforcement", "wished_domains"):
            setattr(shown, field, getattr(row, field))
    old, new = changed(before, after), changed(after, before)
    differing = [field.removeprefix("wished_") for field in [*old, *new]]
    waiting = _WAITING if new.keys() & wish_state(row).keys() else ""
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_ENFORCEMENT_WISHED if waiting else Action.IDENTITY_PROVIDER_UPDATED,
        subject=provider,
        environment=row.environment,
        sentence=Sentence(
            template + waiting,
            by=by,
            what=fields_in_words(field for field in before if field in differing),
            provider=provider,
            whom=_wished_for(row),
        ),
        concerns=[row, row.environment],
        before=old,
        after=new,
    )
    if {"enforcement", "domains"} & {*differing}:
        tell_owners(event, provider.workspace)
    return event


@atomic
def use_provider(*, provider: IdentityProvider, environment: Environment, by: Actor) -> EnvironmentProvider:
    """Let another environment use a provider that is set up. Nobody has to sign in through it there yet."""
    if not provider.is_set_up:
        raise ActionError(
            "provider_not_set_up", f"Finish the set-up of {provider} first; then other environments can use it."
        )
    if environment.providers.filter(identity_provider=provider).exists():
        raise ActionError("provider_in_use", f"{environment} uses {provider} already.")
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
            "{by} removed the identity provider {provider} from {environment}{ending}.",
            by=by,
            provider=provider,
            environment=environment,
            ending=ended.words,
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
            f"End users whom {provider} provisioned in {environment} are still pending. "
            "Decide under End user & group provisioning what happens to them first.",
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
            f"{provider} provisions people in {environment} by SCIM. "
            "Change its provisioning method to Manual provisioning first: there you decide what happens to them.",
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
            "{by} turned {provider} {state} in {environment}{ending}.",
            by=by,
            provider=row.identity_provider,
            state="on" if is_enabled else "off",
            environment=row.environment,
            ending=ended.words,
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


def _wished_for(row: EnvironmentProvider) -> str:
    wished = row.as_wished()
    return enforced_for(wished.enforcement, wished.domain_names)


def _save_unique(provider: IdentityProvider) -> None:
    message = f"This workspace already has an identity provider named {provider}. Choose another name."
    save_unique(provider, lambda constraint: ConflictError("provider_name_taken", message, field="name"))


def set_vendor(provider: IdentityProvider, vendor: str) -> None:
    """Set the vendor, with how its groups arrive unless that was chosen otherwise. Nothing is saved."""
    if provider.groups_separator == _preset_separator(provider.vendor):
        provider.groups_separator = _preset_separator(vendor)
    provider.vendor = vendor


def _preset_separator(vendor: str) -> str:
    """Return how groups arrive where the vendor's guide was followed."""
    return GUIDES[vendor].groups_separator if vendor in GUIDES else ""


def _clean_name(name: str, known: str) -> str:
    return clean_name(name, what="name", missing="Enter a name, for example Okta Dev.", most=100, known=known)
