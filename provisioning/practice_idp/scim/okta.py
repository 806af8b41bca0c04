"""How Okta provisions."""

import secrets
from collections.abc import Sequence

from provisioning.practice_idp.demo import Json
from provisioning.practice_idp.scim.bodies import okta_group, okta_profile, okta_user
from provisioning.practice_idp.scim.dialect import Dialect, Found, batches, equals
from provisioning.practice_idp.scim.directory import Group, Person


class Okta(Dialect):
    """Updates users by GET and PUT, patches without a path, and never deletes a user."""

    name = "Okta"
    deletes_users = False

    def test_path(self) -> str:
        return "/Users?startIndex=1&count=2"

    def find_user(self, person: Person) -> Found:
        return self._first(f"/Users?filter={equals('userName', person.email)}&startIndex=1&count=100")

    def create_user(self, person: Person) -> str:
        return self._create("/Users", okta_user(person) | {"password": secrets.token_urlsafe(8)})

    def update_user(self, id: str, person: Person) -> None:
        self._sender.send("PUT", f"/Users/{id}", self._sender.send("GET", f"/Users/{id}") | okta_profile(person))

    def set_active(self, id: str, is_active: bool) -> None:
        self._patch(f"/Users/{id}", {"op": "replace", "value": {"active": is_active}})

    def remove_user(self, id: str) -> None:
        self.set_active(id, False)

    def find_group(self, group: Group) -> Found:
        return self._first(f"/Groups?filter={equals('displayName', group.name)}&startIndex=1&count=100")

    def create_group(self, group: Group) -> str:
        return self._create("/Groups", okta_group(group.name))

    def rename_group(self, id: str, name: str) -> None:
        self._patch(f"/Groups/{id}", {"op": "replace", "value": {"id": id, "displayName": name}})

    def set_members(self, id: str, users: Sequence[str]) -> None:
        self._patch(f"/Groups/{id}", _members("replace", users))

    def add_members(self, id: str, users: Sequence[str]) -> None:
        self._patch(f"/Groups/{id}", _members("add", users))

    def remove_members(self, id: str, users: Sequence[str]) -> None:
        for batch in batches(users):
            operations = ({"op": "remove", "path": f'members[value eq "{user}"]'} for user in batch)
            self._patch(f"/Groups/{id}", *operations)


def _members(op: str, users: Sequence[str]) -> Json:
    return {"op": op, "path": "members", "value": [{"value": user} for user in users]}
