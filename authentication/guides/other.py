"""Any other identity provider, with the terms of the standards."""

from authentication.guides.base import GROUPS_ATTRIBUTE, NAME_ATTRIBUTE, AttributeStatement, Guide, ScimGuide, Screen

OTHER = Guide(
    key="other",
    label="Another identity provider",
    acs_url_field="Assertion consumer service (ACS) URL",
    entity_id_field="SP entity ID, often called audience",
    metadata="Look for IdP metadata or federation metadata. It is a URL, or an XML file to download.",
    steps=(
        "Create an application for SAML 2.0, initiated by the service provider.",
        "Import our SP metadata, or follow the next two steps.",
        "Paste our Single sign-on URL as ACS URL, also called reply URL or recipient. Its binding is HTTP-POST.",
        "Paste our Service provider (SP) entity ID as entity ID, also called audience or identifier.",
        "Send the email address as NameID, and add the attributes below.",
        "Sign the assertion with SHA-256 and a key of RSA 2048 or more, or EC P-256 or more.",
        "Give people access to the application.",
    ),
    screen=Screen(
        "Applications > New SAML application",
        "Service provider",
        "Assertion consumer service (ACS) URL",
        "SP entity ID, often called audience",
    ),
    name_id="NameID in the format emailAddress, with the person's email address",
    attributes=(
        AttributeStatement(NAME_ATTRIBUTE, "the person's full name"),
        AttributeStatement(GROUPS_ATTRIBUTE, "the names of the person's groups, one value each"),
    ),
    scim=ScimGuide(
        base_url_field="SCIM base URL, also called tenant URL or endpoint",
        token_field="Bearer token, also called API token or secret token",
        steps=(
            "Switch on provisioning with SCIM 2.0 in the application.",
            "Paste our Base URL as SCIM base URL, with nothing after it.",
            "Choose a bearer token as authentication and paste our SCIM token.",
            "Use userName, with the email address, as the unique attribute of a user.",
            "Switch on creating, updating and deactivating users, and pushing groups if it is offered.",
            "Assign people and groups, and start provisioning.",
        ),
    ),
)
