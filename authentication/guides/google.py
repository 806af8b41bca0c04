"""Google Workspace: a custom SAML app. Google does not provision it."""

from authentication.guides.base import GROUPS_ATTRIBUTE, AttributeStatement, Guide, Screen

GOOGLE = Guide(
    key="google",
    label="Google Workspace",
    acs_url_field="ACS URL",
    entity_id_field="Entity ID",
    relay_state_field="Start URL (optional)",
    metadata="Google shows no metadata URL: choose Download metadata in the custom SAML app and upload the file.",
    steps=(
        "In the Google Admin console open Apps > Web and mobile apps and choose Add app > Add custom SAML app.",
        "Name the app, choose Continue, then Download metadata, and Continue again.",
        "Paste our Single sign-on URL into ACS URL and our Service provider (SP) entity ID into Entity ID.",
        "Leave Signed response clear, so that Google signs the assertion.",
        "Set Name ID format to EMAIL and Name ID to Basic Information > Primary email.",
        "On Attributes add the mappings below. Under Group membership choose the Google groups to send.",
        "Choose Finish, then turn the app on for people under User access; this can take a few hours.",
    ),
    screen=Screen(
        "Apps > Web and mobile apps > Add custom SAML app", "Service provider details", "ACS URL", "Entity ID"
    ),
    docs_url="https://support.google.com/a/answer/6087519",
    name_id="Name ID format EMAIL, Name ID Basic Information > Primary email",
    attributes=(
        AttributeStatement("firstName", "Basic Information > First name"),
        AttributeStatement("lastName", "Basic Information > Last name"),
        AttributeStatement(GROUPS_ATTRIBUTE, "Group membership: the Google groups that you select"),
    ),
    scim_note=(
        "Google Workspace provisions only applications of its own catalog, and only users, "
        "no groups. Choose JIT provisioning with Enable user groups syncing."
    ),
)
