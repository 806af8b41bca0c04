"""PingOne: a SAML application and a provisioning connection."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

PING = Guide(
    key="ping",
    label="PingOne",
    acs_url_field="ACS URLs",
    entity_id_field="Entity ID",
    relay_state_field="Target Application URL",
    metadata=_("On the application's Configuration or Overview tab copy IDP Metadata URL, or Download Metadata."),
    steps=(
        _("In the PingOne console open Applications > Applications and choose + to add one."),
        _("Name the application, select SAML Application and choose Configure."),
        _("Choose Import From URL with our SP metadata URL, or Manually Enter."),
        _("Paste our Single sign-on URL into ACS URLs and our Service provider (SP) entity ID into Entity ID."),
        _("On the Configuration tab sign the assertion, with RSA_SHA256 as signing algorithm."),
        _("On the Attribute Mappings tab set saml_subject to Email Address and add the mappings below."),
        _("Give groups access on the Access tab and switch the application on."),
    ),
    screen=Screen("Applications > Applications", "SAML Configuration", "ACS URLs", "Entity ID"),
    docs_url="https://docs.pingidentity.com/r/en-us/pingone/pingone_p1tutorial_add_a_saml_app",
    name_id=_("saml_subject: Email Address, with emailAddress as Subject NameID format"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "Formatted (name)"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Group Names"),
    ),
    scim=ScimGuide(
        base_url_field="SCIM Base URL",
        token_field="OAuth Access Token",
        steps=(
            _("Open Integrations > Provisioning, choose + and New connection."),
            _("Beside Identity Store choose Select, then SCIM Outbound, and name the connection."),
            _("Paste our Base URL into SCIM Base URL; keep /Users, /Groups and SCIM version 2.0."),
            _(
                "Set Authentication method to OAuth 2 Bearer Token, paste our SCIM token into OAuth Access "
                "Token, and choose Bearer as Auth Type Header."
            ),
            _("Choose Test Connection, continue and save, then switch the connection on."),
            _("Choose + and New rule, with PingOne as source and this connection as target."),
            _("Set the rule's User Filter, Attribute Mapping and, to sync groups, Group Provisioning."),
            _("Switch the rule on."),
        ),
    ),
)
