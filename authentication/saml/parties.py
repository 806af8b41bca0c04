"""The two sides of a sign-in, as they are stored here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """The IdP: its entity ID, its pinned signing certificates (PEM), and whether it may sign with SHA-1.

    Its clock may differ from ours by skew.
    """

    entity_id: str
    certificates: tuple[str, ...]
    allow_sha1: bool
    skew: timedelta


@dataclass(frozen=True, slots=True)
class SpFacts:
    """Our side of one provider.

    decryption_keys returns private RSA keys (PEM), several during a rollover. It is called only if something is
    encrypted.
    """

    entity_id: str
    acs_url: str
    decryption_keys: Callable[[], tuple[str, ...]] = tuple
