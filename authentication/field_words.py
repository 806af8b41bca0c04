"""What events of this app keep, in words."""

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from authentication.models import EndUserSession, EnvironmentProvider, IdentityProvider
from workspace.field_words import name_fields
from workspace.words import together

# What the connection to an IdP consists of. Its changes are shown by these names before they are confirmed, too.
CONNECTION = {
    "issuer": _("Issuer (entity ID)"),
    "single_sign_on_url": _("Single sign-on URL"),
    "single_sign_on_binding": _("Binding"),
    "single_logout_url": _("Single logout URL"),
    "single_logout_binding": _("Binding of single logout"),
    "single_logout_response_url": _("Single logout URL for responses"),
    "wants_signed_requests": _("Wants signed AuthnRequests"),
}
_BINDINGS = {"redirect": "HTTP-Redirect", "post": "HTTP-POST"}
_ENFORCEMENTS = dict(EnvironmentProvider.Enforcement.choices)
# A provider, and whom it was enforced for.
ENFORCED = gettext_noop("%(provider)s for %(whom)s")


def _enforced(stored: str) -> str:
    provider, _for, whom = stored.rpartition(" for ")
    if not provider:
        return stored
    words = together(whom.replace(" and ", ", ").split(", "))
    return gettext(ENFORCED) % {"provider": provider, "whom": gettext(whom) if whom == "all domains" else words}


name_fields(
    {
        **CONNECTION,
        "allows_idp_initiated": _("IdP-initiated sign-in"),
        "allows_sha1": _("Accept SHA-1 signatures"),
        "certificates": _("Certificates"),
        "domains": _("Domains"),
        "email_attribute": _("Email attribute"),
        "enforcement": _("Enforcement"),
        "entity_id": _("Issuer (entity ID)"),
        "environmentprovider": _("Use of the identity provider"),
        "expiry_told": _("Notice of expiry"),
        "fingerprint": _("SHA-256 fingerprint"),
        "groups_attribute": _("Groups attribute"),
        "groups_separator": _("Separator of groups"),
        "held": _("Waits for confirmation"),
        "identity_provider_id": _("Identity provider"),
        "identityprovider": _("Identity provider"),
        "is_held": _("Waits for confirmation"),
        "is_method_chosen": _("Provisioning method chosen"),
        "is_password_enabled": _("Password authentication"),
        "is_saml_enabled": _("SAML-based SSO authentication"),
        "is_second": _("Second NameID"),
        "keys": _("Signing keys"),
        "metadata_fetched_at": _("Metadata fetched"),
        "metadata_source": _("Source of the metadata"),
        "metadata_url": _("Metadata URL"),
        "metadata_valid_until": _("Metadata valid until"),
        "method": _("Provisioning method"),
        "missing_groups": _("A sign-in without the group attribute"),
        "name_attribute": _("Name attribute"),
        "name_id": "NameID",
        "name_id_digest": _("Digest of the NameID"),
        "namespace": _("Namespace"),
        "not_after": _("Valid until"),
        "not_before": _("Valid from"),
        "pem": "PEM",
        "pending_metadata": _("Metadata that wait for confirmation"),
        "provider_deleted": _("Identity provider deleted"),
        "saml_identities": "NameIDs",
        "samlidentity": "NameIDs",
        "signingcertificate": _("Certificates"),
        "signs_requests": _("Sign AuthnRequests"),
        "slo_binding": _("Binding of single logout"),
        "slo_response_url": _("Single logout URL for responses"),
        "slo_url": _("Single logout URL"),
        "sso_binding": _("Binding"),
        "sso_url": _("Single sign-on URL"),
        "subject": _("Subject"),
        "syncs_groups": _("Enable user groups syncing"),
        "tested_at": _("Tested"),
        "tested_configuration": _("Digest of what was tested"),
        "valid_until": _("Metadata valid until"),
        "vendor": _("Vendor"),
        "wished_domains": _("Domains after a test sign-in"),
        "wished_enforcement": _("Enforcement after a test sign-in"),
    },
    {
        "enforcement": _ENFORCEMENTS,
        "keys": {"active": _("Active: signs and decrypts"), "next": _("Next: published"), "retired": _("Retired")},
        "metadata_source": dict(IdentityProvider.MetadataSource.choices),
        "method": dict(EnvironmentProvider.Method.choices),
        "missing_groups": dict(IdentityProvider.MissingGroups.choices),
        "reason": dict(EndUserSession.EndReason.choices),
        "single_logout_binding": _BINDINGS,
        "single_sign_on_binding": _BINDINGS,
        "slo_binding": _BINDINGS,
        "sso_binding": _BINDINGS,
        "vendor": dict(IdentityProvider.Vendor.choices),
        "wished_enforcement": _ENFORCEMENTS,
    },
    {"enforcement": _enforced},
)
