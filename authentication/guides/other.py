"""Any other identity provider, with the terms of the standards."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

OTHER = Guide(
    key="other",
    label=_("Another identity provider"),
    acs_url_field=_("Assertion consumer service (ACS) URL"),
    entity_id_field=_("SP entity ID, often called audience"),
    metadata=_("Look for IdP metadata or federation metadata. It is a URL, or an XML file to download."),
    steps=(
        _("Create an application for SAML 2.0, initiated by the service provider."),
        _("Import our SP metadata, or follow the next two steps."),
        _("Paste our Single sign-on URL as ACS URL, also called reply URL or recipient. Its binding is HTTP-POST."),
        _("Paste our Service provider (SP) entity ID as entity ID, also called audience or identifier."),
        _("Send the email address as NameID, and add the attributes below."),
        _("Sign the assertion with SHA-256 and a key of RSA 2048 or more, or EC P-256 or more."),
        _("Give people access to the application."),
    ),
    screen=Screen(
        _("Applications > New SAML application"),
        _("Service provider"),
        _("Assertion consumer service (ACS) URL"),
        _("SP entity ID, often called audience"),
    ),
    name_id=_("NameID in the format emailAddress, with the person's email address"),
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, _("the person's full name")),
        AttributeStatement(GROUPS_ATTRIBUTE, _("the names of the person's groups, one value each")),
    ),
    scim=ScimGuide(
        base_url_field=_("SCIM base URL, also called tenant URL or endpoint"),
        token_field=_("Bearer token, also called API token or secret token"),
        steps=(
            _("Switch on provisioning with SCIM 2.0 in the application."),
            _("Paste our Base URL as SCIM base URL, with nothing after it."),
            _("Choose a bearer token as authentication and paste our SCIM token."),
            _("Use userName, with the email address, as the unique attribute of a user."),
            _("Switch on creating, updating and deactivating users, and pushing groups if it is offered."),
            _("Assign people and groups, and start provisioning."),
        ),
    ),
)
