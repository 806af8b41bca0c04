"""Microsoft Entra ID: an enterprise application with SAML and automatic provisioning."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

ENTRA = Guide(
    key="entra",
    label="Microsoft Entra ID",
    acs_url_field="Reply URL (Assertion Consumer Service URL)",
    entity_id_field="Identifier (Entity ID)",
    relay_state_field="Relay State (Optional)",
    metadata=_("Under Single sign-on, section SAML Certificates, copy App Federation Metadata Url."),
    steps=(
        _("In the Microsoft Entra admin center open Enterprise applications and choose New application."),
        _(
            "Choose Create your own application, name it and keep the option for an application that is "
            "not in the gallery."
        ),
        _("Open Single sign-on in the new application and select SAML."),
        _("Edit Basic SAML Configuration: paste our Service provider (SP) entity ID into Identifier (Entity ID)."),
        _("Paste our Single sign-on URL into Reply URL (Assertion Consumer Service URL) and save."),
        _(
            "Edit Attributes & Claims: set Unique User Identifier (Name ID) to the email address, and "
            "add the claim below with its Namespace left empty."
        ),
        _("Choose Add a group claim, and under Advanced options customize the name of the claim as below."),
        _("Give people access under Users and groups."),
    ),
    screen=Screen(
        "Enterprise applications > Single sign-on",
        "Basic SAML Configuration",
        "Reply URL (Assertion Consumer Service URL)",
        "Identifier (Entity ID)",
        is_entity_id_first=True,
    ),
    docs_url="https://learn.microsoft.com/en-us/entra/identity/enterprise-apps/add-application-portal-setup-sso",
    name_id=_("Unique User Identifier (Name ID): format Email address, source user.mail"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "user.displayname"),
        AttributeStatement(
            GROUPS_ATTRIBUTE,
            _("Group claim: groups assigned to the application, as names; with object IDs, map those IDs to groups"),
        ),
    ),
    scim=ScimGuide(
        base_url_field="Tenant URL",
        token_field="Secret Token",
        steps=(
            _("In the enterprise application open Provisioning and start a new configuration (mode Automatic)."),
            _("Paste our Base URL into Tenant URL and our SCIM token into Secret Token."),
            _("Choose Test Connection, then save."),
            _("Under Mappings check that userName and the work email carry the person's email address."),
            _("Map objectId to externalId, so that a renamed person stays the same person."),
            _("Under Users and groups assign the people and groups to sync; members of nested groups are not synced."),
            _("Start provisioning. A cycle runs about every 40 minutes; Provision on demand syncs one person at once."),
        ),
    ),
)
