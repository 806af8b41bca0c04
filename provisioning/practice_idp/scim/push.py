"""Brings a service up to the directory as an identity provider does, or past it where that is asked for."""

from collections import Counter, deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from provisioning.practice_idp.scim.client import KEPT, Access, Client, Exchange, Refused
from provisioning.practice_idp.scim.dialects import Dialect
from provisioning.practice_idp.scim.directory import Directory, Group, Person

BURST, AT_ONCE = 200, 8
WRONG_TOKEN = "scim_wrongtoken_0000"
Step = tuple[str, Callable[[], None]]


@dataclass(slots=True)
class KnownPerson:
    """What the service was last told of somebody, and its id for them."""

    id: str
    is_active: bool
    email: str = ""
    name: str = ""


@dataclass(slots=True)
class KnownGroup:
    """The same of a group; members by their keys in the directory, none while nothing was said of them."""

    id: str
    name: str
    members: set[str] | None = None


@dataclass(slots=True)
class Outcome:
    """How it went: what was done, and why something was not."""

    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)


class Push:
    """One application in the IdP: a connection, a dialect, and what was pushed so far."""

    def __init__(self, console: str, access: Access, dialect: type[Dialect]) -> None:
        self.dialect = dialect
        self.access = access
        self.said: deque[Exchange] = deque(maxlen=KEPT)
        self._console = console
        self._people: dict[str, KnownPerson] = {}
        self._groups: dict[str, KnownGroup] = {}

    def waiting(self, directory: Directory) -> int:
        """How many people and groups the service does not know as they are."""
        changed = sum(self._differs(person) for person in directory.people.values())
        regrouped = sum(self._group_differs(group) for group in directory.groups.values())
        gone = len(self._people.keys() - directory.people.keys()) + len(self._groups.keys() - directory.groups.keys())
        return changed + regrouped + gone

    def test(self) -> None:
        """Try Base URL and token; raise Refused."""
        with self._client() as client:
            client.say("GET", self.dialect(client).test)

    def test_with_a_wrong_token(self) -> None:
        """The same with a token that nobody issued; raise Refused."""
        with self._client(WRONG_TOKEN) as client:
            client.say("GET", self.dialect(client).test)

    def everything(self, directory: Directory) -> Outcome:
        """Bring the service up to the directory: people, then groups with members, then who is gone."""
        outcome = Outcome()
        with self._client() as client:
            _walk(self._steps(self.dialect(client), directory, outcome.done), outcome)
        return outcome

    def drop(self) -> Outcome:
        """Act as if a filter let one in ten through: whoever else was pushed falls out of scope."""
        outcome, active = Outcome(), [(key, known.email) for key, known in self._people.items() if known.is_active]
        dropped = active[len(active) - len(active) * 9 // 10 :]
        with self._client() as client:
            off = partial(self._switch, self.dialect(client), is_active=False, done=outcome.done)
            _walk(((email, partial(off, key)) for key, email in dropped), outcome)
        return outcome

    def burst(self) -> Counter[int]:
        """Ask the same again and again, several at once; count the statuses and keep one answer of each."""
        said: deque[Exchange] = deque()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(self._ask_often, [said] * AT_ONCE))
        self.said.extendleft({exchange.status: exchange for exchange in said}.values())
        return Counter(exchange.status for exchange in said)

    def _ask_often(self, said: deque[Exchange]) -> None:
        with Client(self._console, self.access, said) as client:
            for _ in range(BURST // AT_ONCE):
                try:
                    client.say("GET", self.dialect(client).test)
                except Refused as refused:
                    if not refused.status:
                        return

    def _client(self, token: str = "") -> Client:
        access = Access(self.access.base_url, token) if token else self.access
        return Client(self._console, access, self.said)

    def _steps(self, idp: Dialect, directory: Directory, done: Counter[str]) -> Iterator[Step]:
        """Everything that is to be said, each with the name of whom it is about."""
        for person in directory.people.values():
            if self._differs(person):
                yield person.email, partial(self._person, idp, person, done)
        for group in directory.groups.values():
            if self._group_differs(group):
                yield group.name, partial(self._group, idp, group, done)
        for key in [key for key in self._people if key not in directory.people]:
            yield self._people[key].email, partial(self._remove_person, idp, key, done)
        for key in [key for key in self._groups if key not in directory.groups]:
            yield self._groups[key].name, partial(self._remove_group, idp, key, done)

    # People. ----------------------------------------------------------------------------------------------------------

    def _differs(self, person: Person) -> bool:
        known = self._people.get(person.key)
        if known is None:
            return person.is_active  # whoever is off is not introduced
        return (known.email, known.name, known.is_active) != (person.email, person.name, person.is_active)

    def _person(self, idp: Dialect, person: Person, done: Counter[str]) -> None:
        known = self._people.get(person.key)
        if known is None:
            found = idp.find_person(person)
            if found is None:
                id = idp.create_person(person)
                done["people created"] += 1
                self._people[person.key] = KnownPerson(id, person.is_active, person.email, person.name)
                return
            known = self._people[person.key] = KnownPerson(found["id"], found.get("active", True))
        with self._forgetting(self._people, person.key):
            if (known.email, known.name) != (person.email, person.name):
                idp.update_person(known.id, person)
                known.email, known.name = person.email, person.name
                done["people updated"] += 1
        if known.is_active != person.is_active:
            self._switch(idp, person.key, is_active=person.is_active, done=done)

    def _switch(self, idp: Dialect, key: str, *, is_active: bool, done: Counter[str]) -> None:
        with self._forgetting(self._people, key):
            idp.set_active(self._people[key].id, is_active)
        self._people[key].is_active = is_active
        done["people reactivated" if is_active else "people deactivated"] += 1

    def _remove_person(self, idp: Dialect, key: str, done: Counter[str]) -> None:
        with self._forgetting(self._people, key):
            idp.remove_person(self._people[key].id)
        del self._people[key]
        done["people deactivated" if idp.keeps_people else "people deleted"] += 1

    # Groups. ----------------------------------------------------------------------------------------------------------

    def _group_differs(self, group: Group) -> bool:
        known = self._groups.get(group.key)
        return known is None or (known.name, known.members) != (group.name, self._pushed(group))

    def _pushed(self, group: Group) -> set[str]:
        """Those members whom the service knows."""
        return group.members & self._people.keys()

    def _group(self, idp: Dialect, group: Group, done: Counter[str]) -> None:
        known = self._groups.get(group.key)
        if known is None:
            known = self._groups[group.key] = self._meet(idp, group, done)
        with self._forgetting(self._groups, group.key):
            if known.name != group.name:
                idp.rename_group(known.id, group.name)
                known.name = group.name
                done["groups renamed"] += 1
            self._members(idp, known, self._pushed(group), done)

    def _meet(self, idp: Dialect, group: Group, done: Counter[str]) -> KnownGroup:
        """Link the group to one that is there, or create it."""
        found = idp.find_group(group)
        if found is not None:
            return KnownGroup(found["id"], found.get("displayName", ""))
        done["groups created"] += 1
        return KnownGroup(idp.create_group(group), group.name)

    def _members(self, idp: Dialect, known: KnownGroup, wanted: set[str], done: Counter[str]) -> None:
        before = known.members
        if before is None:
            idp.set_members(known.id, self._ids(wanted))
        added, removed = wanted - (before or set()), (before or set()) - wanted
        if before is not None and added:
            idp.add_members(known.id, self._ids(added))
        if removed:
            idp.remove_members(known.id, self._ids(removed))
        known.members = wanted
        done["members added"] += len(added)
        done["members removed"] += len(removed)

    def _remove_group(self, idp: Dialect, key: str, done: Counter[str]) -> None:
        with self._forgetting(self._groups, key):
            idp.remove_group(self._groups[key].id)
        del self._groups[key]
        done["groups deleted"] += 1

    def _ids(self, keys: set[str]) -> list[str]:
        return [known.id for key, known in self._people.items() if key in keys]

    @contextmanager
    def _forgetting(self, known: "dict[str, Any]", key: str) -> Iterator[None]:
        """Forget what the service does not know any more: the next push looks for it again."""
        try:
            yield
        except Refused as refused:
            if refused.status == 404:
                del known[key]
            raise


def _walk(steps: Iterator[Step], outcome: Outcome) -> None:
    """Say one thing after the other, until something stops all of it."""
    for name, step in steps:
        try:
            step()
        except Refused as refused:
            outcome.problems.append(f"{name}: {refused}")
            if refused.stops:
                outcome.problems.append("The push stopped there.")
                return
