"""Google Workspace: a custom SAML app. Google does not provision it."""

from django.utils.translation import gettext_noop as _

from authentication.guides.base import GROUPS_ATTRIBUTE, AttributeStatement, Guide, Screen

GOOGLE = Guide(
    key="google",
    label="Google Workspace",
    acs_url_field="ACS URL",
    entity_id_field="Entity ID",
    relay_state_field="Start URL (optional)",
    metadata=_("Google shows no metadata URL: choose Download metadata in the custom SAML app and upload the file."),
    steps=(
        _("In the Google Admin console open Apps > Web and mobile apps and choose Add app > Add custom SAML app."),
        _("Name the app, choose Continue, then Download metadata, and Continue again."),
        _("Paste our Single sign-on URL into ACS URL and our Service provider (SP) entity ID into Entity ID."),
        _("Leave Signed response clear, so that Google signs the assertion."),
        _("Set Name ID format to EMAIL and Name ID to Basic Information > Primary email."),
        _("On Attributes add the mappings below. Under Group membership choose the Google groups to send."),
        _("Choose Finish, then turn the app on for people under User access; this can take a few hours."),
    ),
    screen=Screen(
        "Apps > Web and mobile apps > Add custom SAML app", "Service provider details", "ACS URL", "Entity ID"
    ),
    docs_url="https://support.google.com/a/answer/6087519",
    name_id=_("Name ID format EMAIL, Name ID Basic Information > Primary email"),
    attributes=(
        AttributeStatement("firstName", _("Basic Information > First name")),
        AttributeStatement("lastName", _("Basic Information > Last name")),
        AttributeStatement(GROUPS_ATTRIBUTE, _("Group membership: the Google groups that you select")),
    ),
    scim_note=_(
        "Google Workspace provisions only applications of its own catalog, and only users, no "
        "groups. Choose JIT provisioning with Enable user groups syncing."
    ),
)
