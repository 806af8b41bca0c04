"""Random tokens that prove something to us: we keep their digests only."""

import hashlib
import secrets


def new_token() -> str:
    """Return 256 random bits as text that fits a cookie and a link."""
    return secrets.token_urlsafe(32)


def digest_of(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal: it cannot be turned back, and it needs no key."""
    return hashlib.sha256(token.encode()).hexdigest()
