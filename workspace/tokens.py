"""Random tokens, of which only digests are stored."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass

# Without letters and digits that look alike.
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
_PUBLIC = 10


@dataclass(frozen=True)
class BearerToken:
    """A token for programs, `<kind>_<public part>_<256 random bits>`: found by its prefix, proved by its digest."""

    prefix: str
    clear: str

    @property
    def digest(self) -> str:
        return digest_of(self.clear)

    @property
    def last_four(self) -> str:
        return self.clear[-4:]


def new_token() -> str:
    """Return 256 random bits as text that fits a cookie and a link."""
    return secrets.token_urlsafe(32)


def new_recovery_code() -> str:
    """Return a code to write down, `abcd-efgh-jkmn-pqrs`, of 80 random bits: its digest is never found by guessing."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def new_bearer_token(kind: str) -> BearerToken:
    """Return a new token; its clear text is known only now."""
    prefix = f"{kind}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_PUBLIC))
    return BearerToken(prefix, f"{prefix}_{new_token()}")


def prefix_of(clear: str) -> str:
    """Return the public prefix of a bearer token; it finds the row."""
    return "_".join(clear.split("_", 2)[:2])


def digest_of(token: str) -> str:
    """Return the SHA-256 of a token in hexadecimal. It needs no key: 256 random bits cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def is_proved(token: str, digest: str | None) -> bool:
    """Say whether a token has this digest. The time is the same for every answer, and without a digest."""
    return hmac.compare_digest(digest or _NO_DIGEST, digest_of(token)) and digest is not None


_NO_DIGEST = digest_of("")
