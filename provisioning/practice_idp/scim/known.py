"""What the service was last told about people and groups, by their keys in the directory."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from provisioning.practice_idp.scim.client import Refused
from provisioning.practice_idp.scim.directory import Directory, Group, Person


@dataclass(slots=True)
class KnownUser:
    """A user of the service. Email and name are empty until they are pushed."""

    id: str
    is_active: bool
    email: str = ""
    name: str = ""


@dataclass(slots=True)
class KnownGroup:
    """A group of the service; members are keys of people, None until they are pushed."""

    id: str
    name: str
    members: set[str] | None = None


@dataclass(slots=True)
class Known:
    """Everything that was pushed over one connection."""

    users: dict[str, KnownUser] = field(default_factory=dict)
    groups: dict[str, KnownGroup] = field(default_factory=dict)

    def count_changes(self, directory: Directory) -> int:
        """Return how many people and groups differ from what the service knows."""
        people = sum(self.is_user_changed(person) for person in directory.people.values())
        groups = sum(self.is_group_changed(group) for group in directory.groups.values())
        return people + groups + len(self.removed_users(directory)) + len(self.removed_groups(directory))

    def is_user_changed(self, person: Person) -> bool:
        user = self.users.get(person.key)
        if user is None:
            return person.is_active  # IdPs do not create users for deactivated people
        return (user.email, user.name, user.is_active) != (person.email, person.name, person.is_active)

    def is_group_changed(self, group: Group) -> bool:
        known = self.groups.get(group.key)
        return known is None or (known.name, known.members) != (group.name, self.pushed_members(group))

    def pushed_members(self, group: Group) -> set[str]:
        """Return the keys of those members whom the service knows."""
        return group.members & self.users.keys()

    def removed_users(self, directory: Directory) -> list[str]:
        return [key for key in self.users if key not in directory.people]

    def removed_groups(self, directory: Directory) -> list[str]:
        return [key for key in self.groups if key not in directory.groups]

    def user_ids(self, keys: Collection[str]) -> list[str]:
        return [user.id for key, user in self.users.items() if key in keys]


@contextmanager
def forget_missing(known: dict[str, KnownUser] | dict[str, KnownGroup], key: str) -> Iterator[None]:
    """Forget what the service no longer has (404), so that the next push looks for it again; raise Refused."""
    try:
        yield
    except Refused as error:
        if error.status == 404:
            del known[key]
        raise
