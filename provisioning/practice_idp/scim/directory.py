"""The directory that the practice IdP pushes from: people, groups and memberships, in memory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import uuid4

from provisioning.practice_idp.demo import DemoPerson
from provisioning.practice_idp.errors import InvalidInput

MAX_ENTRIES = 1_000
_GIVEN = ("Aiko", "Brigid", "Cem", "Delphine", "Enzo", "Freya", "Goran", "Hilal", "Ivo", "Jelena")
_FAMILY = ("Abara", "Brandt", "Castillo", "Dubois", "Eriksen", "Fontana", "Grieg", "Hassan", "Ito", "Jansen")


@dataclass(slots=True)
class Person:
    """A person; the key is the directory's own and never changes."""

    key: str
    email: str
    name: str
    is_active: bool = True


@dataclass(slots=True)
class Group:
    """A group, with the keys of its members."""

    key: str
    name: str
    members: set[str] = field(default_factory=set)


class Directory:
    """People and groups by their keys, in the order in which they were added."""

    def __init__(self) -> None:
        self.people: dict[str, Person] = {}
        self.groups: dict[str, Group] = {}

    def save_person(self, key: str, *, email: str, name: str, is_active: bool = True) -> Person:
        """Change the person with that key, or add one if there is none; raise InvalidInput."""
        email, name = email.strip(), name.strip()
        if "@" not in email:
            raise InvalidInput("Enter an email address.")
        if any(each.key != key and each.email.lower() == email.lower() for each in self.people.values()):
            raise InvalidInput(f"{email} is already in the directory.")
        if key not in self.people:
            key = self._new_key()
        name = name or email.partition("@")[0].replace(".", " ").title()
        self.people[key] = Person(key, email, name, is_active)
        return self.people[key]

    def remove_person(self, key: str) -> None:
        self.people.pop(key, None)
        for group in self.groups.values():
            group.members.discard(key)

    def save_group(self, key: str, *, name: str, members: Iterable[str]) -> Group:
        """Change the group with that key, or add one if there is none; raise InvalidInput."""
        name = name.strip()
        if not name:
            raise InvalidInput("Enter a name for the group.")
        if any(each.key != key and each.name.lower() == name.lower() for each in self.groups.values()):
            raise InvalidInput(f"The group {name} is already in the directory.")
        if key not in self.groups:
            key = self._new_key()
        self.groups[key] = Group(key, name, set(members) & self.people.keys())
        return self.groups[key]

    def remove_group(self, key: str) -> None:
        self.groups.pop(key, None)

    def add_demo(self, people: Iterable[DemoPerson]) -> int:
        """Add people of the demo and their groups; return how many people were new."""
        return sum(self._add(each.email, each.name, each.groups) for each in people)

    def add_examples(self, domain: str) -> int:
        """Add 100 invented people, all in one group and half of them in a second; return how many were new."""
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
        """Add a person with groups unless the address is taken; say whether the person is new."""
        if any(each.email.lower() == email.lower() for each in self.people.values()):
            return False
        person = self.save_person("", email=email, name=name)
        for group in groups:
            found = next((each for each in self.groups.values() if each.name.lower() == group.lower()), None)
            (found or self.save_group("", name=group, members=())).members.add(person.key)
        return True

    def _new_key(self) -> str:
        if len(self.people) + len(self.groups) >= MAX_ENTRIES:
            raise InvalidInput(f"The directory holds at most {MAX_ENTRIES:,} people and groups.")
        return str(uuid4())
