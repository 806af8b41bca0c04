"""OneLogin: the SCIM provisioner application, which also supports SAML."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

ONELOGIN = Guide(
    key="onelogin",
    label="OneLogin",
    acs_url_field=_("ACS (Consumer) URL (in the SCIM application: SAML Consumer URL)"),
    entity_id_field=_("Audience (EntityID) (in the SCIM application: SAML Audience URL)"),
    metadata=_("Copy Issuer URL on the application's SSO tab, or download More Actions > SAML Metadata."),
    steps=(
        _("In OneLogin open Applications and choose Add App."),
        _(
            "Choose SCIM Provisioner with SAML (SCIM v2 Enterprise) if OneLogin will also provision "
            "people; otherwise SAML Custom Connector (Advanced). You cannot change this later."
        ),
        _("Name the application, save it and open its Configuration tab."),
        _("Paste our Service provider (SP) entity ID into Audience (EntityID) or SAML Audience URL."),
        _(
            "Paste our Single sign-on URL into ACS (Consumer) URL or SAML Consumer URL, and into "
            "Recipient and ACS (Consumer) URL Validator where they are shown."
        ),
        _("On the SSO tab set SAML Signature Algorithm to SHA-256. SHA-1 is refused."),
        _("On the Parameters tab add the parameters below, each with Include in SAML assertion selected."),
        _("Save, and give people access under Users or Access."),
    ),
    screen=Screen(
        "Applications > Configuration",
        "Application details",
        "ACS (Consumer) URL",
        "Audience (EntityID)",
        is_entity_id_first=True,
    ),
    docs_url="https://developers.onelogin.com/saml",
    name_id=_("SAML nameID format Email, NameID value Email"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "Macro: {firstname} {lastname}"),
        AttributeStatement(GROUPS_ATTRIBUTE, _("User Roles; one value, in which semicolons separate the roles")),
    ),
    groups_separator=";",
    scim=ScimGuide(
        base_url_field="SCIM Base URL",
        token_field="SCIM Bearer Token",
        steps=(
            _("Open the Configuration tab of the SCIM Provisioner with SAML application."),
            _("Paste our Base URL into SCIM Base URL and our SCIM token into SCIM Bearer Token."),
            _("Check that the SCIM JSON Template fills userName, name and emails."),
            _("Choose Enable under API Connection."),
            _("On the Parameters tab set scimusername to Email."),
            _(
                "On the Provisioning tab select Enable provisioning, and clear the approvals that you do not "
                "want to give one by one."
            ),
            _("For groups select Include in User Provisioning for the Groups parameter, and add rules that set them."),
            _("Give people access under Access or Users, and save."),
        ),
    ),
)
