"""Base URL and token of a SCIM connection."""

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from provisioning.practice_idp.errors import InvalidInput

MASK = "••••••"
_PATH = re.compile(r"/scim/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2")
_TOKEN = re.compile(r"[\x21-\x7e]{1,500}")


@dataclass(frozen=True, slots=True)
class Access:
    """Where a connection is, and the token that opens it."""

    base_url: str
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.base_url).path

    @property
    def masked_token(self) -> str:
        return f"scim_{MASK}" if self.token.startswith("scim_") else MASK


def parse_access(base_url: str, token: str, *, console: str) -> Access:
    """Return the access that a form names, if it is a connection of this console; raise InvalidInput."""
    base_url, token = base_url.strip().rstrip("/"), token.strip()
    path = base_url.removeprefix(console)
    if path == base_url or not _PATH.fullmatch(path):
        raise InvalidInput(f"Paste a Base URL of this console. It looks like this: {console}/scim/…/v2")
    if not _TOKEN.fullmatch(token):
        raise InvalidInput("Paste the SCIM token of the same connection.")
    return Access(base_url, token)
