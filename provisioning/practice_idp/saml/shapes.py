"""Data that the SAML side passes around."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Release:
    """Which facts about a person the response contains."""

    email: bool = True
    name: bool = True
    groups: bool = True


RELEASE_ALL = Release()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person who is signed in at a service, as the response named them."""

    name_id: str
    name_id_format: str
    session_index: str


@dataclass(frozen=True, slots=True)
class RedirectMessage:
    """A SAML message, and the URL that takes it to the service by HTTP-Redirect."""

    xml: bytes
    url: str


@dataclass(frozen=True, slots=True)
class Service:
    """A service provider as its metadata describes it."""

    entity_id: str
    acs_url: str
    slo_url: str
