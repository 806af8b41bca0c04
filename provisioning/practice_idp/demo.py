"""What the practice IdP knows of the demo: the JSON that `manage.py demo --json` prints."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from provisioning.practice_idp.errors import CannotStart

LOOPBACK = {"127.0.0.1", "localhost", "::1"}

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """An end user of the demo, with the names of their groups."""

    email: str
    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Provider:
    """An identity provider that the practice IdP plays, and the service provider that it answers."""

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
    """A provider of the demo that accepts people and groups by SCIM."""

    id: str
    name: str
    workspace: str
    environment: str
    base_url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment of the demo, with those of its providers that the practice IdP plays."""

    workspace: str
    name: str
    sign_in_url: str
    providers: tuple[Provider, ...]


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo; `key` is the PEM of the signing key, `people` are grouped by the slug of their workspace."""

    console: str
    origin: str
    key: str
    environments: tuple[Environment, ...]
    people: dict[str, tuple[DemoPerson, ...]]
    targets: tuple[Target, ...]

    @property
    def port(self) -> int:
        return urlsplit(self.origin).port or 80

    @property
    def providers(self) -> Iterator[Provider]:
        return (provider for environment in self.environments for provider in environment.providers)


def read(path: Path) -> Demo:
    """Read the file once, so that it may be a pipe and no secrets are left on disk; raise CannotStart."""
    try:
        return parse(json.loads(path.read_text()))
    except (OSError, ValueError, KeyError, TypeError):
        raise CannotStart(f"{path} is not what `manage.py demo --json` prints.") from None


def parse(data: Json) -> Demo:
    """Return the demo if its console runs on this machine; raise CannotStart otherwise."""
    practice = data["practice_idp"]
    if practice is None or not is_loopback(data["origin"]) or not is_loopback(practice["origin"]):
        raise CannotStart(f"It signs in anyone, so it serves only a console on your own machine, not {data['origin']}.")
    return Demo(
        console=data["origin"],
        origin=practice["origin"],
        key=Path(practice["key_file"]).read_text(),
        environments=tuple(_environment(each, practice["origin"]) for each in data["environments"]),
        people=_people(data["people"]),
        targets=tuple(_targets(data["environments"])),
    )


def is_loopback(origin: str) -> bool:
    """Say whether an address is plain HTTP on this machine."""
    parts = urlsplit(origin)
    return parts.scheme == "http" and parts.hostname in LOOPBACK


def _environment(data: Json, origin: str) -> Environment:
    place = {"workspace": data["workspace"], "environment": data["slug"]}
    providers = tuple(
        Provider(**{name: (each | place)[name] for name in Provider.__slots__})
        for each in data["providers"]
        if each["entity_id"] == f"{origin}/idp/{each['id']}"
    )
    return Environment(data["workspace"], data["slug"].upper(), data["sign_in_url"], providers)


def _targets(environments: list[Json]) -> Iterator[Target]:
    for environment in environments:
        for provider in environment["providers"]:
            if access := provider.get("scim"):
                yield Target(
                    id=provider["id"],
                    name=provider["name"],
                    workspace=environment["workspace"],
                    environment=environment["slug"].upper(),
                    base_url=access["base_url"],
                    token=access["token"],
                )


def _people(data: list[Json]) -> dict[str, tuple[DemoPerson, ...]]:
    people: dict[str, tuple[DemoPerson, ...]] = {}
    for each in data:
        person = DemoPerson(each["email"], each["name"], tuple(each["groups"]))
        people[each["workspace"]] = (*people.get(each["workspace"], ()), person)
    return people
