"""Changes of identity providers, and of which environments use them. Their connection is in provider_connection.py."""

from collections.abc import Sequence

from django.db.models import ProtectedError

from authentication.actions.policies import refuse_lock_out
from authentication.actions.provider_states import connection_state, details_state, removed_rows
from authentication.domains import enforced_domains
from authentication.guides import GUIDES
from authentication.models import EnvironmentProvider, IdentityProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import Environment
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError
from workspace.words import fields_in_words

Method = EnvironmentProvider.Method


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
    environment_provider = EnvironmentProvider(
        environment=environment,
        identity_provider=provider,
        enforcement=enforcement,
        domains=enforced_domains(enforcement, domains),
    )
    _save_unique(provider)
    environment_provider.save()
    record(
        by=by,
        action=Action.IDENTITY_PROVIDER_CREATED,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            "{by} created the identity provider {provider} in {environment}.",
            by=by,
            provider=provider,
            environment=environment,
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
) -> bool:
    """Set name and vendor, and the enforcement of this environment. Say whether anything changed."""
    row = locked(environment_provider)
    provider, before = row.identity_provider, details_state(row)
    if provider.groups_separator == _preset_separator(provider.vendor):
        provider.groups_separator = _preset_separator(vendor)
    provider.name, provider.vendor = _clean_name(name, provider.name), vendor
    row.enforcement, row.domains = enforcement, enforced_domains(enforcement, domains)
    after = details_state(row)
    if before == after:
        return False
    _save_unique(provider)
    row.save()
    environment_provider.identity_provider = provider
    environment_provider.enforcement, environment_provider.domains = row.enforcement, row.domains
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_UPDATED,
        subject=provider,
        environment=row.environment,
        sentence=Sentence(
            "{by} changed {what} of the identity provider {provider}.",
            by=by,
            what=fields_in_words(changed(after, before)),
            provider=provider,
        ),
        concerns=[row, row.environment],
        before=changed(before, after),
        after=changed(after, before),
    )
    if {"enforcement", "domains"} & event.after.keys():
        tell_owners(event, provider.workspace)
    return True


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
def enable_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> bool:
    """Let people of this environment sign in through the provider. Say whether anything changed."""
    return _switch(environment_provider, True, Action.IDENTITY_PROVIDER_ENABLED, by)


@atomic
def disable_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> bool:
    """Keep people of this environment from signing in through the provider. Say whether anything changed."""
    return _switch(environment_provider, False, Action.IDENTITY_PROVIDER_DISABLED, by)


@atomic
def remove_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> None:
    """End an environment's use of a provider. The last environment's removal deletes the provider."""
    refuse_managed_people(environment_provider)
    row = locked(environment_provider)
    provider, environment = row.identity_provider, row.environment
    is_last = not provider.environment_providers.exclude(pk=row.pk).exists()
    rows, people = removed_rows(row, is_last)
    before = details_state(row) | (connection_state(provider) if is_last else {})
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_REMOVED,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            "{by} removed the identity provider {provider} from {environment}.",
            by=by,
            provider=provider,
            environment=environment,
        ),
        concerns=[row, environment],
        people=people,
        before=before | {"rows": rows},
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


def refuse_managed_people(environment_provider: EnvironmentProvider) -> None:
    """Raise ActionError while the provider provisions people: what happens to them is decided with its method."""
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    if environment_provider.method == Method.SCIM:
        raise ActionError(
            "provider_provisions",
            f"{provider} provisions people in {environment} by SCIM. "
            "Change its provisioning method to Manual provisioning first: there you decide what happens to them.",
        )


def locked(environment_provider: EnvironmentProvider) -> EnvironmentProvider:
    """Return the row with its provider as they are now. Changes of either wait for each other."""
    rows = EnvironmentProvider.objects.select_for_update(of=("self", "identity_provider"))
    return rows.select_related("identity_provider__workspace", "environment__workspace").get(pk=environment_provider.pk)


def _switch(environment_provider: EnvironmentProvider, is_enabled: bool, action: Action, by: Actor) -> bool:
    row = locked(environment_provider)
    if row.is_enabled == is_enabled:
        return False
    row.is_enabled = is_enabled
    row.save()
    refuse_lock_out(row.environment)
    environment_provider.is_enabled = is_enabled
    event = record(
        by=by,
        action=action,
        subject=row.identity_provider,
        environment=row.environment,
        sentence=Sentence(
            "{by} turned {provider} {state} in {environment}.",
            by=by,
            provider=row.identity_provider,
            state="on" if is_enabled else "off",
            environment=row.environment,
        ),
        concerns=[row, row.environment],
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
    )
    tell_owners(event, row.environment.workspace)
    return True


def _save_unique(provider: IdentityProvider) -> None:
    message = f"This workspace already has an identity provider named {provider}. Choose another name."
    save_unique(provider, lambda constraint: ConflictError("provider_name_taken", message, field="name"))


def _preset_separator(vendor: str) -> str:
    """Return how groups arrive where the vendor's guide was followed."""
    return GUIDES[vendor].groups_separator if vendor in GUIDES else ""


def _clean_name(name: str, known: str) -> str:
    return clean_name(name, what="name", missing="Enter a name, for example Okta Dev.", most=100, known=known)
