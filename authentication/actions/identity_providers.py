"""Changes of identity providers and of each environment's use of them."""

from collections.abc import Mapping, Sequence
from typing import Any

import idna
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone
from django.utils.text import get_text_list

from authentication.actions.policies import refuse_lock_out
from authentication.actions.service_provider import signing_key
from authentication.models import EnvironmentProvider, IdentityProvider, SigningCertificate
from authentication.saml.certificates import Certificate
from authentication.saml.endpoints import SingleLogout
from authentication.saml.metadata import IdpMetadata
from workspace.action_names import Action
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import Environment
from workspace.refusals import ActionError

Enforcement = EnvironmentProvider.Enforcement
Method = EnvironmentProvider.Method
MetadataSource = IdentityProvider.MetadataSource


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
    """Make a provider that one environment uses; its URLs are final, the IdP's side is not known yet."""
    provider = IdentityProvider(workspace=environment.workspace, name=_name(name), vendor=vendor)
    environment_provider = EnvironmentProvider(environment=environment, identity_provider=provider)
    _enforce(environment_provider, enforcement, domains)
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
        after=_details(environment_provider),
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
    """Set name and vendor, and for this environment the enforcement; tells whether anything changed."""
    provider, before = environment_provider.identity_provider, _details(environment_provider)
    provider.name, provider.vendor = _name(name), vendor
    _enforce(environment_provider, enforcement, domains)
    after = _details(environment_provider)
    if before == after:
        return False
    # Only what is asked here: the connection or the method may be changing in another request.
    _save_unique(provider, update_fields=["name", "name_key", "vendor", "updated_at"])
    environment_provider.save(update_fields=["enforcement", "domains", "updated_at"])
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_UPDATED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} changed {what} of the identity provider {provider}.",
            by=by,
            what=listed(changed(after, before)),
            provider=provider,
        ),
        before=changed(before, after),
        after=changed(after, before),
    )
    if {"enforcement", "domains"} & event.after.keys():
        tell_owners(event, provider.workspace)
    return True


@atomic
def connect_provider(
    *,
    environment_provider: EnvironmentProvider,
    metadata: IdpMetadata,
    source: str,
    metadata_url: str = "",
    by: Actor,
) -> bool:
    """Take over the IdP's side, with exactly these certificates; tells whether anything changed."""
    provider = locked_provider(environment_provider)
    before, is_first = connection(provider), not provider.is_set_up
    provider.metadata_source, provider.metadata_url = source, metadata_url
    provider.metadata_fetched_at = timezone.now() if source == MetadataSource.URL else None
    take_over(provider, metadata, by=by)
    environment_provider.identity_provider = provider
    after = connection(provider)
    if before == after:
        return False
    did = "set up the identity provider" if is_first else f"changed {listed(changed(after, before))} of"
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_CONNECTED if is_first else Action.IDENTITY_PROVIDER_CONNECTION_CHANGED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(f"{{by}} {did} {{provider}}.", by=by, provider=provider),
        before=changed(before, after),
        after=changed(after, before),
    )
    tell_owners(event, provider.workspace)
    return True


@atomic
def use_provider(*, provider: IdentityProvider, environment: Environment, by: Actor) -> EnvironmentProvider:
    """Let another environment use a provider that is set up; nobody has to sign in through it there yet."""
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
        after=_details(environment_provider),
    )
    tell_owners(event, environment.workspace)
    return environment_provider


@atomic
def enable_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> bool:
    """Let people of this environment sign in through the provider; tells whether it changed."""
    return _switch(environment_provider, True, by)


@atomic
def disable_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> bool:
    """Keep people of this environment from signing in through the provider; tells whether it changed."""
    return _switch(environment_provider, False, by)


@atomic
def remove_provider(*, environment_provider: EnvironmentProvider, by: Actor) -> None:
    """End an environment's use of a provider; with the last use goes the provider."""
    refuse_managed_people(environment_provider)
    environment = environment_provider.environment
    provider = locked_provider(environment_provider)
    is_last = not provider.environment_providers.exclude(pk=environment_provider.pk).exists()
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
        before=_details(environment_provider) | (connection(provider) if is_last else {}),
        after={"provider_deleted": is_last},
    )
    tell_owners(event, environment.workspace)
    _delete(environment_provider)
    if is_last:
        provider.delete()
    refuse_lock_out(environment)


def _delete(environment_provider: EnvironmentProvider) -> None:
    """Delete the row; the app above protects what a provider was left with when its method changed."""
    try:
        environment_provider.delete()
    except ProtectedError:
        raise ActionError(
            "people_pending",
            f"Some end users of {environment_provider} are still pending. "
            "Decide under End user & group provisioning what happens to them first.",
        ) from None


def refuse_managed_people(environment_provider: EnvironmentProvider) -> None:
    """Raise while the provider decides over people: what happens to them is asked where the method changes."""
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    if environment_provider.method == Method.SCIM:
        raise ActionError(
            "provider_provisions",
            f"{provider} provisions people in {environment} by SCIM. Change its provisioning method to Manual first: "
            "there you decide what happens to these people.",
        )


def normalise_domains(domains: Sequence[str]) -> list[str]:
    """The domains in the form that is compared (lower case, ASCII), each once; raises with the first wrong one."""
    return list(dict.fromkeys(_domain(domain) for domain in domains if domain.strip()))


def _domain(text: str) -> str:
    try:
        domain = idna.encode(text.strip().removeprefix("@").rstrip("."), uts46=True).decode("ascii")
    except idna.IDNAError:
        domain = ""
    if "." not in domain:
        raise ActionError(
            "invalid_domain",
            f"“{text.strip()[:100]}” is not a whole domain. Enter domains like acme.com, separated by commas.",
            field="domains",
        )
    return domain


def _enforce(environment_provider: EnvironmentProvider, enforcement: str, domains: Sequence[str]) -> None:
    is_selective = enforcement == Enforcement.SELECTED_DOMAINS
    environment_provider.enforcement, environment_provider.domains = (
        enforcement,
        normalise_domains(domains) if is_selective else [],
    )
    if is_selective and not environment_provider.domains:
        raise ActionError("missing_domain", "Enter at least one domain, for example acme.com.", field="domains")


def _switch(environment_provider: EnvironmentProvider, is_enabled: bool, by: Actor) -> bool:
    if environment_provider.is_enabled == is_enabled:
        return False
    environment_provider.is_enabled = is_enabled
    environment_provider.save(update_fields=["is_enabled", "updated_at"])
    refuse_lock_out(environment_provider.environment)
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_ENABLED if is_enabled else Action.IDENTITY_PROVIDER_DISABLED,
        subject=environment_provider.identity_provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} turned {provider} {state} in {environment}.",
            by=by,
            provider=environment_provider.identity_provider,
            state="on" if is_enabled else "off",
            environment=environment_provider.environment,
        ),
        before={"is_enabled": not is_enabled},
        after={"is_enabled": is_enabled},
    )
    tell_owners(event, environment_provider.environment.workspace)
    return True


def locked_provider(environment_provider: EnvironmentProvider) -> IdentityProvider:
    """The provider as it is now; changes of it wait for each other."""
    return IdentityProvider.objects.select_for_update().get(pk=environment_provider.identity_provider_id)


def take_over(provider: IdentityProvider, metadata: IdpMetadata, *, by: Actor) -> None:
    """Save the IdP's side, with exactly these certificates; whatever was held for confirmation is settled by that."""
    provider.entity_id = metadata.entity_id
    provider.sso_url, provider.sso_binding = metadata.sso_url, metadata.sso_binding
    provider.slo = metadata.slo
    provider.wants_signed_requests = metadata.wants_authn_requests_signed
    provider.metadata_valid_until = metadata.valid_until
    provider.pending_metadata = None
    provider.save()
    _replace_certificates(provider, metadata.certificates)
    if provider.wants_signed_requests or provider.has_single_logout:
        signing_key(provider.workspace, by=by)  # so that its certificate can be carried to the IdP now


def _replace_certificates(provider: IdentityProvider, certificates: Sequence[Certificate]) -> None:
    """Make the set exactly this one; a certificate that stays keeps its row."""
    wanted = {certificate.fingerprint: certificate for certificate in certificates}
    provider.certificates.exclude(fingerprint__in=wanted).delete()
    held = set(provider.certificates.values_list("fingerprint", flat=True))
    SigningCertificate.objects.bulk_create(
        SigningCertificate(
            identity_provider=provider,
            pem=certificate.pem,
            fingerprint=fingerprint,
            subject=certificate.subject[:500],
            not_before=certificate.not_before,
            not_after=certificate.not_after,
        )
        for fingerprint, certificate in wanted.items()
        if fingerprint not in held
    )


def _save_unique(provider: IdentityProvider, update_fields: Sequence[str] | None = None) -> None:
    try:
        with transaction.atomic():
            provider.save(update_fields=update_fields)
    except IntegrityError:
        raise ActionError(
            "provider_name_taken",
            f"This workspace already has an identity provider named {provider.name}. Choose another name.",
            field="name",
        ) from None


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ActionError("missing_name", "Enter a name, for example Okta Dev.", field="name")
    if len(name) > 100 or len(canonical(name)) > 500:
        raise ActionError("name_too_long", "Shorten the name to at most 100 characters.", field="name")
    return name


def _details(environment_provider: EnvironmentProvider) -> dict[str, Any]:
    """What step 1 of the wizard asks, as a change event keeps it."""
    provider = environment_provider.identity_provider
    return {
        "name": provider.name,
        "vendor": str(provider.vendor),
        "enforcement": str(environment_provider.enforcement),
        "domains": environment_provider.domains,
    }


def connection(provider: IdentityProvider) -> dict[str, Any]:
    """What step 2 of the wizard asks, as a change event keeps it: certificates by fingerprint."""
    return {
        "metadata_source": str(provider.metadata_source),
        "metadata_url": provider.metadata_url,
        "issuer": provider.entity_id,
        "single_sign_on_url": provider.sso_url,
        "single_sign_on_binding": provider.sso_binding,
        **single_logout(provider.slo),
        "wants_signed_requests": provider.wants_signed_requests,
        "certificates": sorted(provider.certificates.values_list("fingerprint", flat=True)),
    }


def single_logout(slo: SingleLogout) -> dict[str, str]:
    """The part of `connection` about single logout."""
    return {
        "single_logout_url": slo.url,
        "single_logout_binding": slo.binding,
        "single_logout_response_url": slo.response_url,
    }


def changed(these: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """The entries that the others do not have like this."""
    return {key: value for key, value in these.items() if others.get(key) != value}


def listed(keys: dict[str, Any]) -> str:
    """The keys in a sentence."""
    return get_text_list([key.replace("_", " ") for key in keys], "and")
