"""Okta: a SAML 2.0 app integration with SCIM provisioning."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

OKTA = Guide(
    key="okta",
    label="Okta",
    acs_url_field="Single sign-on URL",
    entity_id_field="Audience URI (SP Entity ID)",
    relay_state_field="Default RelayState",
    metadata=_("Open the application's Sign On tab and copy its Metadata URL."),
    steps=(
        _("In the Okta Admin Console open Applications > Applications and choose Create App Integration."),
        _("Select SAML 2.0, choose Next, name the application and choose Next again."),
        _(
            "Paste our Single sign-on URL into Single sign-on URL and keep Use this for Recipient URL "
            "and Destination URL selected."
        ),
        _("Paste our Service provider (SP) entity ID into Audience URI (SP Entity ID)."),
        _("Set Name ID format to EmailAddress and Application username to Email."),
        _("Add the attribute below under Attribute Statements, and the groups under Group Attribute Statements."),
        _("Choose Next, then Finish, and give people access on the Assignments tab."),
    ),
    screen=Screen(
        "Applications > Create App Integration", "Configure SAML", "Single sign-on URL", "Audience URI (SP Entity ID)"
    ),
    docs_url="https://help.okta.com/en-us/Content/Topics/Apps/Apps_App_Integration_Wizard_SAML.htm",
    name_id=_("Name ID format EmailAddress, Application username Email"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "user.displayName"),
        AttributeStatement(GROUPS_ATTRIBUTE, _("Filter: Matches regex .* (or a narrower filter)")),
    ),
    scim=ScimGuide(
        base_url_field="SCIM connector base URL",
        token_field="Authorization (HTTP Header)",
        steps=(
            _("On the application's General tab choose Edit, set Provisioning to SCIM and choose Save."),
            _("On the Provisioning tab open Integration and choose Edit."),
            _("Paste our Base URL into SCIM connector base URL."),
            _("Enter userName as Unique identifier field for users."),
            _("Select Push New Users, Push Profile Updates and Push Groups."),
            _("Set Authentication Mode to HTTP Header and paste our SCIM token as the Bearer token of Authorization."),
            _("Choose Test Connector Configuration, then Save."),
            _("Under To App choose Edit, enable Create Users, Update User Attributes and Deactivate Users, and save."),
            _("Assign people on the Assignments tab, and choose the groups to sync on the Push Groups tab."),
            _("In a catalog application with SCIM the two fields are called Base URL and API Token."),
        ),
    ),
)
