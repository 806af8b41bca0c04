"""Changes of identity providers: name, vendor, enforcement. Who uses them is in provider_use.py."""

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from authentication.actions.enforcement import choose_enforcement, enforced_for
from authentication.actions.provider_connection import locked
from authentication.actions.provider_states import State, details_state, wish_state
from authentication.domains import enforced_domains
from authentication.guides import GUIDES
from authentication.models import EnvironmentProvider, IdentityProvider
from workspace.action_names import Action
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent, Environment
from workspace.names import clean_name
from workspace.refusals import ConflictError
from workspace.words import fields_in_words

# Sentences of events, each with the one that also says that enforcement waits.
_CREATED = (
    _("{by} created the identity provider {provider} in {environment}."),
    _(
        "{by} created the identity provider {provider} in {environment}. "
        "Enforcement for {whom} starts after a test sign-in."
    ),
)
_CHANGED = (
    _("{by} changed {what} of the identity provider {provider}."),
    _("{by} changed {what} of the identity provider {provider}. Enforcement for {whom} starts after a test sign-in."),
)
UNDONE = (
    _("{by} undid a change of {what} of the identity provider {provider}."),
    _(
        "{by} undid a change of {what} of the identity provider {provider}. "
        "Enforcement for {whom} starts after a test sign-in."
    ),
)


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
            _CREATED[bool(environment_provider.wished_enforcement)],
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
    return save_details(row, before, _CHANGED, by, environment_provider)


def save_details(
    row: EnvironmentProvider,
    before: State,
    templates: tuple[str, str],
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
    is_waiting = bool(new.keys() & wish_state(row).keys())
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_ENFORCEMENT_WISHED if is_waiting else Action.IDENTITY_PROVIDER_UPDATED,
        subject=provider,
        environment=row.environment,
        sentence=Sentence(
            templates[is_waiting],
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


def _wished_for(row: EnvironmentProvider) -> str | Promise:
    wished = row.as_wished()
    return enforced_for(wished.enforcement, wished.domain_names)


def _save_unique(provider: IdentityProvider) -> None:
    message = gettext("This workspace already has an identity provider named %(provider)s. Choose another name.")
    message %= {"provider": provider}
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
    missing = gettext("Enter a name, for example Okta Dev.")
    return clean_name(name, what=gettext("name"), missing=missing, most=100, known=known)
