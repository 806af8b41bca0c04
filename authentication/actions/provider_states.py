"""Identity providers as change events keep them: values in words, and the rows that a change replaces or deletes."""

import hashlib
import json

from authentication.models import EnvironmentProvider, IdentityProvider, SamlIdentity
from authentication.saml.endpoints import SingleLogout
from workspace.rows import kept_rows, row_state

State = dict[str, object]
# Whole rows by the name of their model.
Rows = dict[str, list[State]]


def details_state(environment_provider: EnvironmentProvider) -> State:
    """Return what step 1 of the wizard asks."""
    provider = environment_provider.identity_provider
    return {
        "name": provider.name,
        "vendor": str(provider.vendor),
        "enforcement": str(environment_provider.enforcement),
        "domains": environment_provider.domains,
        **wish_state(environment_provider),
    }


def wish_state(environment_provider: EnvironmentProvider) -> State:
    """Return the enforcement that waits for a test; empty if there is none."""
    if not environment_provider.wished_enforcement:
        return {}
    return {
        "wished_enforcement": str(environment_provider.wished_enforcement),
        "wished_domains": environment_provider.wished_domains,
    }


def configuration(environment_provider: EnvironmentProvider) -> str:
    """Return the digest of all that a test sign-in proves: environment, connection, settings, enforcement with domains.

    The wished enforcement counts where there is one, because the test is made as if it were in force.
    """
    provider, wished = environment_provider.identity_provider, environment_provider.as_wished()
    proved = connection_state(provider) | {
        "environment": str(environment_provider.environment_id),
        "enforcement": str(wished.enforcement),
        "domains": sorted(wished.domains),
        "signs_requests": provider.must_sign_requests,
        "allows_sha1": provider.allows_sha1,
        "email_attribute": provider.email_attribute,
    }
    # Where the same values came from makes no difference to a sign-in.
    proved = {key: value for key, value in proved.items() if not key.startswith("metadata_")}
    return hashlib.sha256(json.dumps(proved, sort_keys=True).encode()).hexdigest()


def connection_state(provider: IdentityProvider) -> State:
    """Return what step 2 of the wizard asks, certificates by fingerprint."""
    return {
        "metadata_source": str(provider.metadata_source),
        "metadata_url": provider.metadata_url,
        "issuer": provider.entity_id,
        "single_sign_on_url": provider.sso_url,
        "single_sign_on_binding": provider.sso_binding,
        **single_logout_state(provider.slo),
        "wants_signed_requests": provider.wants_signed_requests,
        "certificates": sorted(provider.certificates.values_list("fingerprint", flat=True)),
    }


def single_logout_state(slo: SingleLogout) -> State:
    """Return the part of `connection_state` about single logout."""
    return {
        "single_logout_url": slo.url,
        "single_logout_binding": slo.binding,
        "single_logout_response_url": slo.response_url,
    }


def connection_rows(provider: IdentityProvider) -> Rows:
    """Return the rows that a change of the connection replaces: the provider with its certificates."""
    certificates = provider.certificates.order_by("pk")
    return {
        "identityprovider": [row_state(provider)],
        "signingcertificate": [row_state(certificate) for certificate in certificates],
    }


def removed_rows(environment_provider: EnvironmentProvider, is_last: bool) -> tuple[Rows, list[str]]:
    """Return the rows that a removal deletes, and the ids of people whose NameIDs are forgotten with the provider."""
    rows: Rows = {"environmentprovider": [row_state(environment_provider)], **kept_rows(environment_provider)}
    if not is_last:
        return rows, []
    provider = environment_provider.identity_provider
    identities = SamlIdentity.objects.filter(identity_provider=provider).order_by("pk")
    rows |= connection_rows(provider) | {"samlidentity": [row_state(identity) for identity in identities]}
    return rows, [str(identity.end_user_id) for identity in identities]
