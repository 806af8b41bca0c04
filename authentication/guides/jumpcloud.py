"""JumpCloud: a custom application with SSO and identity management."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

JUMPCLOUD = Guide(
    key="jumpcloud",
    label="JumpCloud",
    acs_url_field="ACS URL",
    entity_id_field="SP Entity ID",
    relay_state_field="Default RelayState",
    metadata=_("On the application's SSO tab choose Copy Metadata URL, or Export Metadata and upload the file."),
    steps=(
        _("In the JumpCloud Admin Portal open SSO Applications, choose Add New Application, then Custom Application."),
        _("Select SSO with SAML and, for SCIM, also Export users to this app (Identity Management)."),
        _("Name the application, save it, choose Configure Application and open the SSO tab."),
        _("Enter an IdP Entity ID of your choice that no other application has."),
        _("Paste our Service provider (SP) entity ID into SP Entity ID and our Single sign-on URL into ACS URL."),
        _("Set SAMLSubject NameID to email, sign the assertion, and choose RSA-SHA256 as Signature Algorithm."),
        _("Select Declare Redirect Endpoint, so that the metadata has a sign-in URL for us."),
        _("Add the attributes below; for groups select include group attribute and enter its name."),
        _("Save, and give access on the User Groups tab."),
    ),
    screen=Screen(
        "SSO Applications > SSO", "Single sign-on configuration", "ACS URL", "SP Entity ID", is_entity_id_first=True
    ),
    docs_url="https://jumpcloud.com/support/sso-using-custom-saml-application-connectors",
    name_id=_("SAMLSubject NameID email, with the format emailAddress"),
    attributes=(
        AttributeStatement("firstName", "firstname"),
        AttributeStatement("lastName", "lastname"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Group attribute: include group attribute"),
    ),
    scim=ScimGuide(
        base_url_field="Base URL",
        token_field="Token Key",
        steps=(
            _("Open the Identity Management tab of the application and choose SCIM 2.0 as SCIM Version."),
            _("Paste our Base URL into Base URL and our SCIM token into Token Key."),
            _("Enter the address of somebody in JumpCloud as Test User Email."),
            _("Select Enable management of User Groups and Group Membership, to sync groups too."),
            _("Choose Test Connection, then Activate, then Save."),
            _("Choose the groups to sync on the User Groups tab and save."),
        ),
    ),
)
