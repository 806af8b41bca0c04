"""Bearer tokens of SCIM connections: drawn and found."""

from django.utils import timezone

from provisioning.models import ProvisioningConnection, ScimToken
from workspace.db.prepared import Remembering
from workspace.models import Workspace
from workspace.tokens import is_proved, new_bearer_token, prefix_of

_PROVIDER = "connection__environment_provider__"
# Every request reads these columns: without most dates, sealed copies and metadata.
_READ = {
    "": "connection digest expires_at revoked_at last_used_at replaces",
    "connection__": " ".join(("environment_provider", "updated_at", *ProvisioningConnection.SETTINGS)),
    _PROVIDER: "environment identity_provider is_enabled enforcement domains",
    f"{_PROVIDER}environment__": "workspace name slug kind",
    f"{_PROVIDER}environment__workspace__": "name slug removed_at",
    f"{_PROVIDER}identity_provider__": "workspace name",
}
_with_connection = Remembering(
    lambda prefix: (
        ScimToken.objects.filter(prefix=prefix)
        .select_related(f"{_PROVIDER}environment__workspace", f"{_PROVIDER}identity_provider")
        .only(*(f"{path}{name}" for path, names in _READ.items() for name in names.split()))
    ),
    (ScimToken, "prefix"),
)


def draw(connection: ProvisioningConnection) -> tuple[ScimToken, str]:
    """Return a new token, not saved, and its clear text."""
    drawn = new_bearer_token("scim")
    token = ScimToken(connection=connection, prefix=drawn.prefix, digest=drawn.digest, last_four=drawn.last_four)
    return token, drawn.clear


def find(clear: str) -> ScimToken | None:
    """Return the live token with this clear text, with its connection and everything above it, by one query.

    Other requests get the same objects. Who changes one takes a copy.
    """
    prefix = prefix_of(clear)
    # PostgreSQL refuses to compare a text with NUL in it.
    token = next(iter(_with_connection.shared(prefix)), None) if len(prefix) <= 16 and "\0" not in prefix else None
    # Compared also when no token has the prefix, so that an unknown one takes the same time.
    if not is_proved(clear, token.digest if token else None):
        return None
    return token if token and token.is_live(timezone.now()) and not _workspace_of(token).removed_at else None


def _workspace_of(token: ScimToken) -> Workspace:
    return token.connection.environment_provider.environment.workspace
