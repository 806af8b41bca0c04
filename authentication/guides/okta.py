"""Okta: a SAML 2.0 app integration with SCIM provisioning."""

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

OKTA = Guide(
    key="okta",
    label="Okta",
    acs_url_field="Single sign-on URL",
    entity_id_field="Audience URI (SP Entity ID)",
    relay_state_field="Default RelayState",
    metadata="Open the application's Sign On tab and copy its Metadata URL.",
    steps=(
        "In the Okta Admin Console open Applications > Applications and choose Create App Integration.",
        "Select SAML 2.0, choose Next, name the application and choose Next again.",
        (
            "Paste our Single sign-on URL into Single sign-on URL and keep Use this for Recipient "
            "URL and Destination URL selected."
        ),
        "Paste our Service provider (SP) entity ID into Audience URI (SP Entity ID).",
        "Set Name ID format to EmailAddress and Application username to Email.",
        "Add the attribute below under Attribute Statements, and the groups under Group Attribute Statements.",
        "Choose Next, then Finish, and give people access on the Assignments tab.",
    ),
    screen=Screen(
        "Applications > Create App Integration", "Configure SAML", "Single sign-on URL", "Audience URI (SP Entity ID)"
    ),
    docs_url="https://help.okta.com/en-us/Content/Topics/Apps/Apps_App_Integration_Wizard_SAML.htm",
    name_id="Name ID format EmailAddress, Application username Email",
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "user.displayName"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Filter: Matches regex .* (or a narrower filter)"),
    ),
    scim=ScimGuide(
        base_url_field="SCIM connector base URL",
        token_field="Authorization (HTTP Header)",
        steps=(
            "On the application's General tab choose Edit, set Provisioning to SCIM and choose Save.",
            "On the Provisioning tab open Integration and choose Edit.",
            "Paste our Base URL into SCIM connector base URL.",
            "Enter userName as Unique identifier field for users.",
            "Select Push New Users, Push Profile Updates and Push Groups.",
            "Set Authentication Mode to HTTP Header and paste our SCIM token as the Bearer token of Authorization.",
            "Choose Test Connector Configuration, then Save.",
            "Under To App choose Edit, enable Create Users, Update User Attributes and Deactivate Users, and save.",
            "Assign people on the Assignments tab, and choose the groups to sync on the Push Groups tab.",
            "In a catalog application with SCIM the two fields are called Base URL and API Token.",
        ),
    ),
)
