"""Keycloak: a SAML client of a realm. Provisioning needs an extension."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, AttributeStatement, Guide, Screen

KEYCLOAK = Guide(
    key="keycloak",
    label="Keycloak",
    acs_url_field="Assertion Consumer Service POST Binding URL",
    entity_id_field="Client ID",
    relay_state_field="IDP Initiated SSO Relay State",
    metadata=_(
        "In Realm settings, beside Endpoints, copy the address of SAML 2.0 Identity Provider "
        "Metadata (…/realms/<realm>/protocol/saml/descriptor)."
    ),
    steps=(
        (
            _(
                "In the Admin Console choose the realm, open Clients and choose Import client with our "
                "SP metadata file; or Create client with Client type SAML."
            )
        ),
        _("Check that Client ID is our Service provider (SP) entity ID."),
        (
            _(
                "Check that our Single sign-on URL is a Valid redirect URI, and on the Advanced tab the "
                "Assertion Consumer Service POST Binding URL."
            )
        ),
        _(
            "Set Name ID format to email, and switch Force name ID format, Sign documents and Sign "
            "assertions on, with RSA_SHA256 as signature algorithm."
        ),
        _("On the Keys tab switch Client signature required off."),
        _(
            "On the Client scopes tab open the dedicated scope, choose Add mapper > By configuration, "
            "and add the attributes below."
        ),
        _("In the Group list mapper switch Single Group Attribute on and Full group path off."),
    ),
    screen=Screen(
        "Clients > Create client",
        "Client details",
        "Assertion Consumer Service POST Binding URL",
        "Client ID",
        is_entity_id_first=True,
    ),
    docs_url="https://www.keycloak.org/docs/latest/server_admin/",
    name_id=_("Name ID format email, Force name ID format on"),
    attributes=(
        AttributeStatement("firstName", "Mapper type User Property, property firstName"),
        AttributeStatement("lastName", "Mapper type User Property, property lastName"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Mapper type Group list"),
    ),
    scim_note=_(
        "Keycloak does not push SCIM by itself. If you have an extension that does, give it our Base "
        "URL and SCIM token. Otherwise choose JIT provisioning with Enable user groups syncing."
    ),
)
