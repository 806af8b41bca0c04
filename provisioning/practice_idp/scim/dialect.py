"""What every dialect of SCIM can say."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from urllib.parse import quote_plus

from provisioning.practice_idp.demo import Json
from provisioning.practice_idp.scim.bodies import patch
from provisioning.practice_idp.scim.client import Refused, Sender
from provisioning.practice_idp.scim.directory import Group, Person

MEMBERS_PER_REQUEST = 100

Found = Json | None


class Dialect(ABC):
    """The requests that one vendor's IdP sends. Ids are the service's own."""

    name: str
    deletes_users: bool  # if not, removed people are deactivated

    def __init__(self, sender: Sender) -> None:
        self._sender = sender

    def test(self) -> None:
        """Try Base URL and token; raise Refused."""
        self._sender.send("GET", self.test_path())

    @abstractmethod
    def test_path(self) -> str: ...

    @abstractmethod
    def find_user(self, person: Person) -> Found: ...

    @abstractmethod
    def create_user(self, person: Person) -> str: ...

    @abstractmethod
    def update_user(self, id: str, person: Person) -> None: ...

    @abstractmethod
    def set_active(self, id: str, is_active: bool) -> None: ...

    @abstractmethod
    def remove_user(self, id: str) -> None: ...

    @abstractmethod
    def find_group(self, group: Group) -> Found: ...

    @abstractmethod
    def create_group(self, group: Group) -> str: ...

    @abstractmethod
    def rename_group(self, id: str, name: str) -> None: ...

    @abstractmethod
    def set_members(self, id: str, users: Sequence[str]) -> None:
        """Name the members of a group that was just created or found."""

    @abstractmethod
    def add_members(self, id: str, users: Sequence[str]) -> None: ...

    @abstractmethod
    def remove_members(self, id: str, users: Sequence[str]) -> None: ...

    def remove_group(self, id: str) -> None:
        self._sender.send("DELETE", f"/Groups/{id}")

    def _first(self, path: str) -> Found:
        return next(iter(self._sender.send("GET", path).get("Resources", [])), None)

    def _create(self, path: str, body: Json) -> str:
        created = self._sender.send("POST", path, body)
        if not created.get("id"):
            raise Refused(502, "The service created the resource, but its response has no id.")
        return created["id"]

    def _patch(self, path: str, *operations: Json) -> None:
        self._sender.send("PATCH", path, patch(*operations))


def equals(attribute: str, value: str) -> str:
    """Return a filter, quoted for a URL."""
    return quote_plus(f"{attribute} eq {json.dumps(value, ensure_ascii=False)}")


def batches(users: Sequence[str]) -> Iterator[Sequence[str]]:
    """Split ids into as many as one request names."""
    return (users[start : start + MEMBERS_PER_REQUEST] for start in range(0, len(users), MEMBERS_PER_REQUEST))
