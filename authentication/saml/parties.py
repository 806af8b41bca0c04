"""The two sides of a sign-in, as they are pinned here."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """The IdP as pinned: its issuer, its signing certificates as PEM, and whether SHA-1 is allowed for it."""

    entity_id: str
    certificates: tuple[str, ...]
    allow_sha1: bool


@dataclass(frozen=True, slots=True)
class SpFacts:
    """Our side of one provider; the decryption keys are PEM private RSA keys, several during a rollover.

    They are asked for only when something is encrypted.
    """

    entity_id: str
    acs_url: str
    decryption_keys: Callable[[], tuple[str, ...]] = tuple
