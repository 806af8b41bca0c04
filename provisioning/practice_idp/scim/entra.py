"""How Microsoft Entra ID provisions."""

from collections.abc import Sequence
from uuid import uuid4

from provisioning.practice_idp.scim.bodies import entra_group, entra_user, given_and_family
from provisioning.practice_idp.scim.dialect import Dialect, Found, batches, equals
from provisioning.practice_idp.scim.directory import Group, Person


class Entra(Dialect):
    """Patches one attribute an operation, writes `op` with a capital letter and `active` as text, and deletes users."""

    name = "Microsoft Entra ID"
    deletes_users = True

    def test_path(self) -> str:
        return f"/Users?filter={equals('userName', str(uuid4()))}"

    def find_user(self, person: Person) -> Found:
        return self._first(f"/Users?filter={equals('userName', person.email)}")

    def create_user(self, person: Person) -> str:
        return self._create("/Users", entra_user(person))

    def update_user(self, id: str, person: Person) -> None:
        given, family = given_and_family(person)
        values = {
            "userName": person.email,
            'emails[type eq "work"].value': person.email,
            "displayName": person.name,
            "name.formatted": person.name,
            "name.givenName": given,
            "name.familyName": family,
            "externalId": person.key,
        }
        operations = ({"op": "Replace", "path": path, "value": value} for path, value in values.items())
        self._patch(f"/Users/{id}", *operations)

    def set_active(self, id: str, is_active: bool) -> None:
        self._patch(f"/Users/{id}", {"op": "Replace", "path": "active", "value": str(is_active)})

    def remove_user(self, id: str) -> None:
        self._sender.send("DELETE", f"/Users/{id}")

    def find_group(self, group: Group) -> Found:
        return self._first(f"/Groups?excludedAttributes=members&filter={equals('displayName', group.name)}")

    def create_group(self, group: Group) -> str:
        return self._create("/Groups", entra_group(group))

    def rename_group(self, id: str, name: str) -> None:
        self._patch(f"/Groups/{id}", {"op": "Replace", "path": "displayName", "value": name})

    def set_members(self, id: str, users: Sequence[str]) -> None:
        self.add_members(id, users)

    def add_members(self, id: str, users: Sequence[str]) -> None:
        self._change_members("Add", id, users)

    def remove_members(self, id: str, users: Sequence[str]) -> None:
        self._change_members("Remove", id, users)

    def _change_members(self, op: str, id: str, users: Sequence[str]) -> None:
        for batch in batches(users):
            value = [{"$ref": None, "value": user} for user in batch]
            self._patch(f"/Groups/{id}", {"op": op, "path": "members", "value": value})
