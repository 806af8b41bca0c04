"""Active Directory Federation Services: a relying party trust. It does not provision."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, Screen

ADFS = Guide(
    key="adfs",
    label="AD FS",
    acs_url_field="Relying party SAML 2.0 SSO service URL",
    entity_id_field="Relying party trust identifier",
    metadata=_(
        "Use https://<your AD FS host>/FederationMetadata/2007-06/FederationMetadata.xml; if only "
        "your own network reaches it, save the file and upload it."
    ),
    steps=(
        _("In AD FS Management open Relying Party Trusts and choose Add Relying Party Trust, then Claims aware."),
        _(
            "Import our SP metadata, or choose Enter data about the relying party manually and follow "
            "the next two steps."
        ),
        _(
            "Select Enable support for the SAML 2.0 WebSSO protocol and paste our Single sign-on URL "
            "as the service URL."
        ),
        _("Paste our Service provider (SP) entity ID as relying party trust identifier and choose Add."),
        _("Choose who may sign in as access control policy, and finish."),
        _(
            "Choose Edit Claim Issuance Policy and add the rule Send LDAP Attributes as Claims for "
            "Active Directory: E-Mail-Addresses as E-Mail Address, and the attributes below."
        ),
        _("Add the rule Transform an Incoming Claim: from E-Mail Address to Name ID, outgoing format Email."),
        _("In the trust's Properties, tab Advanced, keep SHA-256 as secure hash algorithm."),
    ),
    screen=Screen(
        "AD FS Management > Relying Party Trusts",
        "Add Relying Party Trust Wizard",
        "Relying party SAML 2.0 SSO service URL",
        "Relying party trust identifier",
    ),
    docs_url="https://learn.microsoft.com/en-us/windows-server/identity/ad-fs/operations/create-a-relying-party-trust",
    name_id=_("Transform an Incoming Claim: E-Mail Address to Name ID, format Email"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "Display-Name"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Token-Groups - Unqualified Names"),
    ),
    scim_note=_(
        "AD FS does not push SCIM. Choose JIT provisioning with Enable user groups syncing, or "
        "provision from Microsoft Entra ID if it has the same people."
    ),
)
