"""How Okta and Microsoft Entra ID say it: their requests and bodies, as recorded of the real ones.

No SCIM client library: these two dialects are what such a library would not send.
"""

import json
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote_plus
from uuid import uuid4

from provisioning.practice_idp.scim.client import Client, Refused
from provisioning.practice_idp.scim.directory import Group, Person

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
AD_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
PER_REQUEST = 100

Found = dict[str, Any] | None


class Dialect(ABC):
    """What an IdP says for each change; an id is the service's own."""

    name: str
    keeps_people: bool  # whether somebody who is removed is only switched off

    def __init__(self, client: Client) -> None:
        self._client = client

    @property
    @abstractmethod
    def test(self) -> str:
        """What it asks to try Base URL and token."""

    @abstractmethod
    def find_person(self, person: Person) -> Found: ...

    @abstractmethod
    def create_person(self, person: Person) -> str: ...

    @abstractmethod
    def update_person(self, id: str, person: Person) -> None: ...

    @abstractmethod
    def set_active(self, id: str, is_active: bool) -> None: ...

    @abstractmethod
    def remove_person(self, id: str) -> None: ...

    @abstractmethod
    def find_group(self, group: Group) -> Found: ...

    @abstractmethod
    def create_group(self, group: Group) -> str: ...

    @abstractmethod
    def rename_group(self, id: str, name: str) -> None: ...

    @abstractmethod
    def set_members(self, id: str, people: Sequence[str]) -> None:
        """Say who is in a group that was just created or found."""

    @abstractmethod
    def add_members(self, id: str, people: Sequence[str]) -> None: ...

    @abstractmethod
    def remove_members(self, id: str, people: Sequence[str]) -> None: ...

    def remove_group(self, id: str) -> None:
        self._client.say("DELETE", f"/Groups/{id}")

    def _first(self, path: str) -> Found:
        return next(iter(self._client.say("GET", path).get("Resources", [])), None)

    def _create(self, path: str, body: dict[str, Any]) -> str:
        created = self._client.say("POST", path, body)
        if not created.get("id"):
            raise Refused(502, "The service created it, but did not say its id.")
        return created["id"]

    def _patch(self, path: str, *operations: dict[str, Any]) -> None:
        self._client.say("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)})


class Okta(Dialect):
    """Reads before it puts, patches without a path, and never deletes anybody."""

    name = "Okta"
    keeps_people = True
    test = "/Users?startIndex=1&count=2"

    def find_person(self, person: Person) -> Found:
        return self._first(f"/Users?filter={_equals('userName', person.email)}&startIndex=1&count=100")

    def create_person(self, person: Person) -> str:
        body = {
            "schemas": [USER],
            **_okta_profile(person),
            "locale": "en-US",
            "groups": [],
            "password": secrets.token_urlsafe(8),
            "active": True,
        }
        return self._create("/Users", body)

    def update_person(self, id: str, person: Person) -> None:
        merged = self._client.say("GET", f"/Users/{id}") | _okta_profile(person)
        self._client.say("PUT", f"/Users/{id}", merged)

    def set_active(self, id: str, is_active: bool) -> None:
        self._patch(f"/Users/{id}", {"op": "replace", "value": {"active": is_active}})

    def remove_person(self, id: str) -> None:
        self.set_active(id, False)

    def find_group(self, group: Group) -> Found:
        return self._first(f"/Groups?filter={_equals('displayName', group.name)}&startIndex=1&count=100")

    def create_group(self, group: Group) -> str:
        return self._create("/Groups", {"schemas": [GROUP], "displayName": group.name, "members": []})

    def rename_group(self, id: str, name: str) -> None:
        self._patch(f"/Groups/{id}", {"op": "replace", "value": {"id": id, "displayName": name}})

    def set_members(self, id: str, people: Sequence[str]) -> None:
        self._patch(f"/Groups/{id}", {"op": "replace", "path": "members", "value": _members(people)})

    def add_members(self, id: str, people: Sequence[str]) -> None:
        self._patch(f"/Groups/{id}", {"op": "add", "path": "members", "value": _members(people)})

    def remove_members(self, id: str, people: Sequence[str]) -> None:
        for some in _chunks(people):
            operations = ({"op": "remove", "path": f'members[value eq "{one}"]'} for one in some)
            self._patch(f"/Groups/{id}", *operations)


class Entra(Dialect):
    """Patches attribute by attribute with capital letters, says `active` in text, and names members without reading."""

    name = "Microsoft Entra ID"
    keeps_people = False

    @property
    def test(self) -> str:
        return f"/Users?filter={_equals('userName', str(uuid4()))}"

    def find_person(self, person: Person) -> Found:
        return self._first(f"/Users?filter={_equals('userName', person.email)}")

    def create_person(self, person: Person) -> str:
        given, family = _names(person)
        body = {
            "schemas": [USER, ENTERPRISE],
            "externalId": person.key,
            "userName": person.email,
            "active": "True",
            "displayName": person.name,
            "emails": [{"primary": True, "type": "work", "value": person.email}],
            "meta": {"resourceType": "User"},
            "name": {"formatted": person.name, "familyName": family, "givenName": given},
            "roles": [],
        }
        return self._create("/Users", body)

    def update_person(self, id: str, person: Person) -> None:
        given, family = _names(person)
        values = {
            "userName": person.email,
            'emails[type eq "work"].value': person.email,
            "displayName": person.name,
            "name.formatted": person.name,
            "name.givenName": given,
            "name.familyName": family,
            "externalId": person.key,
        }
        self._patch(
            f"/Users/{id}", *({"op": "Replace", "path": path, "value": value} for path, value in values.items())
        )

    def set_active(self, id: str, is_active: bool) -> None:
        self._patch(f"/Users/{id}", {"op": "Replace", "path": "active", "value": str(is_active)})

    def remove_person(self, id: str) -> None:
        self._client.say("DELETE", f"/Users/{id}")

    def find_group(self, group: Group) -> Found:
        return self._first(f"/Groups?excludedAttributes=members&filter={_equals('displayName', group.name)}")

    def create_group(self, group: Group) -> str:
        body = {
            "schemas": [GROUP, AD_GROUP],
            "externalId": group.key,
            "displayName": group.name,
            "meta": {"resourceType": "Group"},
        }
        return self._create("/Groups", body)

    def rename_group(self, id: str, name: str) -> None:
        self._patch(f"/Groups/{id}", {"op": "Replace", "path": "displayName", "value": name})

    def set_members(self, id: str, people: Sequence[str]) -> None:
        self.add_members(id, people)

    def add_members(self, id: str, people: Sequence[str]) -> None:
        self._change_members("Add", id, people)

    def remove_members(self, id: str, people: Sequence[str]) -> None:
        self._change_members("Remove", id, people)

    def _change_members(self, op: str, id: str, people: Sequence[str]) -> None:
        for some in _chunks(people):
            value = [{"$ref": None, "value": one} for one in some]
            self._patch(f"/Groups/{id}", {"op": op, "path": "members", "value": value})


DIALECTS: dict[str, type[Dialect]] = {"okta": Okta, "entra": Entra}


def _okta_profile(person: Person) -> dict[str, Any]:
    given, family = _names(person)
    return {
        "userName": person.email,
        "name": {"givenName": given, "familyName": family},
        "emails": [{"primary": True, "value": person.email, "type": "work"}],
        "displayName": person.name,
        "externalId": f"00u{person.key.replace('-', '')[:17]}",
    }


def _names(person: Person) -> tuple[str, str]:
    given, _, family = person.name.partition(" ")
    return given, family


def _members(people: Sequence[str]) -> list[dict[str, str]]:
    return [{"value": one} for one in people]


def _equals(attribute: str, value: str) -> str:
    return quote_plus(f"{attribute} eq {json.dumps(value, ensure_ascii=False)}")


def _chunks(people: Sequence[str]) -> Iterator[Sequence[str]]:
    return (people[start : start + PER_REQUEST] for start in range(0, len(people), PER_REQUEST))
