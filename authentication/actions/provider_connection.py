"""Changes of a provider's connection: where its IdP is, and which certificates prove its signatures."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_noop

from authentication.actions.provider_states import connection_rows, connection_state
from authentication.actions.service_provider import ensure_signing_key
from authentication.models import EnvironmentProvider, IdentityProvider, SigningCertificate
from authentication.saml.certificates import Certificate
from authentication.saml.metadata import IdpMetadata
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.words import fields_in_words

MetadataSource = IdentityProvider.MetadataSource


@atomic
def connect_provider(
    *,
    environment_provider: EnvironmentProvider,
    metadata: IdpMetadata,
    source: str,
    metadata_url: str = "",
    by: Actor,
    now: datetime,
) -> bool:
    """Set the IdP's side, with exactly these certificates. Say whether anything changed."""
    provider = locked_provider(environment_provider)
    before, rows, is_first = connection_state(provider), connection_rows(provider), not provider.is_set_up
    provider.metadata_source, provider.metadata_url = source, metadata_url
    provider.metadata_fetched_at = now if source == MetadataSource.URL else None
    apply_metadata(provider, metadata, by=by, now=now)
    environment_provider.identity_provider = provider
    after = connection_state(provider)
    if before == after:
        return False
    event = record(
        by=by,
        action=Action.IDENTITY_PROVIDER_CONNECTED if is_first else Action.IDENTITY_PROVIDER_CONNECTION_CHANGED,
        subject=provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            gettext_noop("{by} set up the identity provider {provider}.")
            if is_first
            else gettext_noop("{by} changed {what} of {provider}."),
            by=by,
            what=fields_in_words(changed(after, before)),
            provider=provider,
        ),
        concerns=[environment_provider, environment_provider.environment],
        before=changed(before, after) | {"rows": rows},
        after=changed(after, before),
    )
    tell_owners(event, provider.workspace)
    return True


def locked(environment_provider: EnvironmentProvider) -> EnvironmentProvider:
    """Return the row with its provider as they are now. Changes of either wait for each other."""
    rows = EnvironmentProvider.objects.select_for_update(of=("self", "identity_provider"))
    return rows.select_related("identity_provider__workspace", "environment__workspace").get(pk=environment_provider.pk)


def locked_provider(environment_provider: EnvironmentProvider) -> IdentityProvider:
    """Return the provider as it is now. Changes of it wait for each other."""
    return IdentityProvider.objects.select_for_update().get(pk=environment_provider.identity_provider_id)


def apply_metadata(provider: IdentityProvider, metadata: IdpMetadata, *, by: Actor, now: datetime) -> None:
    """Save the IdP's side, with exactly these certificates; this settles metadata held for confirmation."""
    provider.entity_id = metadata.entity_id
    provider.sso_url, provider.sso_binding = metadata.sso_url, metadata.sso_binding
    provider.slo = metadata.slo
    provider.wants_signed_requests = metadata.wants_authn_requests_signed
    provider.metadata_valid_until = metadata.valid_until
    provider.pending_metadata = None
    provider.save()
    _replace_certificates(provider, metadata.certificates)
    if provider.wants_signed_requests or provider.has_single_logout:
        # The key is created now, so that its certificate can be given to the IdP.
        ensure_signing_key(provider.workspace, by=by, now=now)


def _replace_certificates(provider: IdentityProvider, certificates: Sequence[Certificate]) -> None:
    """Make the set exactly this one; a certificate that stays keeps its row."""
    wanted = {certificate.fingerprint: certificate for certificate in certificates}
    provider.certificates.exclude(fingerprint__in=wanted).delete()
    kept = set(provider.certificates.values_list("fingerprint", flat=True))
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
        if fingerprint not in kept
    )
