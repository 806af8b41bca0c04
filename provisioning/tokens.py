"""Bearer tokens of SCIM connections: `scim_<public part>_<256 random bits>`. Only the digest of one is needed here."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from provisioning.models import ProvisioningConnection, ScimToken
from workspace.db.prepared import Prepared

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_USED_EVERY = timedelta(minutes=1)
# Compared against when no token has the prefix, so that an unknown one takes the same time.
_NO_DIGEST = hashlib.sha256(b"").hexdigest()

_PROVIDER = "connection__environment_provider__"
# Every request reads this: what requests need, without dates, sealed copies and metadata.
_READ = {
    "": "connection digest expires_at revoked_at last_used_at",
    "connection__": " ".join(("environment_provider", *ProvisioningConnection.SETTINGS)),
    _PROVIDER: "environment identity_provider is_enabled enforcement domains",
    f"{_PROVIDER}environment__": "workspace name slug kind",
    f"{_PROVIDER}environment__workspace__": "name slug",
    f"{_PROVIDER}identity_provider__": "workspace name",
}
_with_connection = Prepared(
    lambda prefix: (
        ScimToken.objects.filter(prefix=prefix)
        .select_related(f"{_PROVIDER}environment__workspace", f"{_PROVIDER}identity_provider")
        .only(*(f"{path}{name}" for path, names in _READ.items() for name in names.split()))
    ),
    (ScimToken, "prefix"),
)


def draw(connection: ProvisioningConnection) -> tuple[ScimToken, str]:
    """A new token, not saved, and its clear text: the only time that this is known."""
    prefix = "scim_" + "".join(secrets.choice(_ALPHABET) for _ in range(10))
    clear = f"{prefix}_{secrets.token_urlsafe(32)}"
    return ScimToken(connection=connection, prefix=prefix, digest=_digest(clear), last_four=clear[-4:]), clear


def find(clear: str) -> ScimToken | None:
    """The live token with this clear text, with its connection and everything above it: one query."""
    prefix = "_".join(clear.split("_", 2)[:2])
    token = _with_connection.first(prefix) if len(prefix) <= 16 else None
    is_proved = hmac.compare_digest(token.digest if token else _NO_DIGEST, _digest(clear))
    return token if token and is_proved and _is_live(token) else None


def mark_used(token: ScimToken, address: str | None) -> None:
    """Remember when and from where it was last used; once a minute is enough."""
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USED_EVERY)
    if token.last_used_at is None or token.last_used_at < now - _USED_EVERY:
        ScimToken.objects.filter(stale, pk=token.pk).update(last_used_at=now, last_used_from=address)


def _is_live(token: ScimToken) -> bool:
    return token.revoked_at is None and (token.expires_at is None or token.expires_at > timezone.now())


def _digest(clear: str) -> str:
    return hashlib.sha256(clear.encode("utf-8", "replace")).hexdigest()
