"""The directory that the practice IdP pushes from: people, groups and who is in which, in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from provisioning.practice_idp.demo import Person as DemoPerson

MOST = 1_000
_GIVEN = ("Aiko", "Brigid", "Cem", "Delphine", "Enzo", "Freya", "Goran", "Hilal", "Ivo", "Jelena")
_FAMILY = ("Abara", "Brandt", "Castillo", "Dubois", "Eriksen", "Fontana", "Grieg", "Hassan", "Ito", "Jansen")


class Unfit(Exception):
    """What was entered does not fit; says why."""


@dataclass(slots=True)
class Person:
    """Somebody; the key is the directory's own and stays when everything else changes."""

    key: str
    email: str
    name: str
    is_active: bool = True


@dataclass(slots=True)
class Group:
    """A group, and the keys of its members."""

    key: str
    name: str
    members: set[str] = field(default_factory=set)


class Directory:
    """Everybody and every group, in the order in which they came."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}

    def save_person(self, key: str, *, email: str, name: str, is_active: bool = True) -> Person:
        """Change the person of that key, or add one; raise Unfit."""
        email, name = email.strip(), name.strip()
        if "@" not in email:
            raise Unfit("Enter an email address.")
        if any(each.key != key and each.email.lower() == email.lower() for each in self.people.values()):
            raise Unfit(f"{email} is in the directory already.")
        if key not in self.people:
            self._check_room()
            key = str(uuid4())
        name = name or email.partition("@")[0].replace(".", " ").title()
        self.people[key] = Person(key, email, name, is_active)
        return self.people[key]

    def remove_person(self, key: str) -> None:
        self.people.pop(key, None)
        for group in self.groups.values():
            group.members.discard(key)

    def save_group(self, key: str, *, name: str, members: Iterable[str]) -> Group:
        """Change the group of that key, or add one; raise Unfit."""
        name = name.strip()
        if not name:
            raise Unfit("Enter a name for the group.")
        if any(each.key != key and each.name.lower() == name.lower() for each in self.groups.values()):
            raise Unfit(f"The group {name} is in the directory already.")
        if key not in self.groups:
            self._check_room()
            key = str(uuid4())
        self.groups[key] = Group(key, name, set(members) & self.people.keys())
        return self.groups[key]

    def remove_group(self, key: str) -> None:
        self.groups.pop(key, None)

    def add_demo(self, people: Iterable[DemoPerson]) -> int:
        """Add the demo's people with their groups; tell how many were new."""
        return sum(self._add(each.email, each.name, each.groups) for each in people)

    def add_examples(self, domain: str) -> int:
        """Add a hundred made-up people: everybody in one group, every other one in a second."""
        names = [f"{given} {family}" for given in _GIVEN for family in _FAMILY]
        return sum(
            self._add(
                f"{name.lower().replace(' ', '.')}@{domain}",
                name,
                ("Example Staff", "Example Engineers") if number % 2 else ("Example Staff",),
            )
            for number, name in enumerate(names)
        )

    def _add(self, email: str, name: str, groups: Iterable[str]) -> bool:
        """Add somebody who is not there yet."""
        if any(each.email.lower() == email.lower() for each in self.people.values()):
            return False
        person = self.save_person("", email=email, name=name)
        for group in groups:
            found = next((each for each in self.groups.values() if each.name.lower() == group.lower()), None)
            (found or self.save_group("", name=group, members=())).members.add(person.key)
        return True

    def _check_room(self) -> None:
        if len(self.people) + len(self.groups) >= MOST:
            raise Unfit(f"The directory holds {MOST:,} people and groups, to stay quick.")
