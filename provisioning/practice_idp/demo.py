"""What the practice IdP knows: the JSON that `manage.py demo --json` prints."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Unusable(Exception):
    """Says why the practice IdP cannot run here, and what to do."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the directory of the practice IdP."""

    email: str
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """One identity provider that the practice IdP plays, and the service provider that asks it."""

    id: str
    name: str
    workspace: str
    environment: str
    state: str
    entity_id: str
    sso_url: str
    acs_url: str
    sp_entity_id: str
    sp_slo_url: str

    @property
    def slo_url(self) -> str:
        return f"{self.entity_id}/slo"


@dataclass(frozen=True, slots=True)
class Target:
    """A provider of the demo whose people and groups are pushed by SCIM."""

    id: str
    name: str
    workspace: str
    environment: str
    base_url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment of the demo, with those of its providers that lead here."""

    workspace: str
    name: str
    sign_in_url: str
    providers: tuple[Provider, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """All of it."""

    console: str
    origin: str
    key: str
    environments: tuple[Environment, ...]
    people: dict[str, tuple[Person, ...]]
    targets: tuple[Target, ...]

    @property
    def port(self) -> int:
        return urlsplit(self.origin).port or 80

    @property
    def providers(self) -> Iterator[Provider]:
        return (provider for environment in self.environments for provider in environment.providers)


def read(path: Path) -> Demo:
    """Read the file once: it may be a pipe, so that the demo's secrets lie nowhere; raise Unusable."""
    try:
        return parse(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        raise Unusable(f"{path} is not what `manage.py demo --json` prints.") from None


def parse(data: dict[str, Any]) -> Demo:
    """Take what is needed, and only where the console stands on this machine; raise Unusable."""
    practice = data["practice_idp"]
    if practice is None or not is_loopback(data["origin"]) or not is_loopback(practice["origin"]):
        raise Unusable(
            f"The practice IdP signs in anybody, so it runs on one's own machine only, not for {data['origin']}."
        )
    return Demo(
        console=data["origin"],
        origin=practice["origin"],
        key=Path(practice["key_file"]).read_text(),
        environments=tuple(_environment(each, practice["origin"]) for each in data["environments"]),
        people=_people(data["people"]),
        targets=tuple(_targets(data["environments"])),
    )


def is_loopback(origin: str) -> bool:
    """Tell whether an address is plain HTTP on this machine."""
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _environment(data: dict[str, Any], origin: str) -> Environment:
    ours = [each for each in data["providers"] if each["entity_id"].startswith(f"{origin}/")]
    where = {"workspace": data["workspace"], "environment": data["slug"]}
    providers = tuple(_provider(each | where) for each in ours)
    return Environment(data["workspace"], data["slug"].upper(), data["sign_in_url"], providers)


def _provider(data: dict[str, Any]) -> Provider:
    return Provider(**{field: data[field] for field in Provider.__slots__})


def _targets(environments: list[dict[str, Any]]) -> Iterator[Target]:
    for place in environments:
        for each in place["providers"]:
            if access := each.get("scim"):
                names = (each["id"], each["name"], place["workspace"], place["slug"].upper())
                yield Target(*names, access["base_url"], access["token"])


def _people(data: list[dict[str, Any]]) -> dict[str, tuple[Person, ...]]:
    people: dict[str, tuple[Person, ...]] = {}
    for each in data:
        person = Person(each["email"], each["name"], tuple(each["groups"]))
        people[each["workspace"]] = (*people.get(each["workspace"], ()), person)
    return people
