"""Brings the service in step with the directory, as an identity provider does."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from provisioning.practice_idp.scim.client import Refused
from provisioning.practice_idp.scim.dialect import Dialect
from provisioning.practice_idp.scim.directory import Directory, Group, Person
from provisioning.practice_idp.scim.known import Known, KnownGroup, KnownUser, forget_missing

Step = tuple[str, Callable[[], None]]


@dataclass(slots=True)
class Outcome:
    """How many changes of each kind were pushed, which ones failed, and how many requests it took."""

    done: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    request_count: int = 0


class Sync:
    """One push: sends what the service does not know yet, and notes what it was told."""

    def __init__(self, dialect: Dialect, known: Known) -> None:
        self._dialect, self._known = dialect, known
        self._outcome = Outcome()

    def push(self, directory: Directory) -> Outcome:
        """Push all changes of the directory: people, groups with their members, then removals."""
        return self._run(self._steps(directory))

    def deactivate(self, keys: Iterable[str]) -> Outcome:
        """Deactivate users, whatever the directory says."""
        users = self._known.users
        return self._run((users[key].email, partial(self._set_active, key, is_active=False)) for key in keys)

    def _run(self, steps: Iterable[Step]) -> Outcome:
        """Take one step after the other; a refused step does not stop the others unless they must fail too."""
        for name, step in steps:
            try:
                step()
            except Refused as error:
                self._outcome.problems.append(f"{name}: {error}")
                if error.ends_push:
                    self._outcome.problems.append("The push stopped there.")
                    break
        return self._outcome

    def _steps(self, directory: Directory) -> Iterator[Step]:
        """Yield each change with the name of the person or group; later steps depend on earlier ones."""
        known = self._known
        for person in directory.people.values():
            if known.is_user_changed(person):
                yield person.email, partial(self._push_person, person)
        for group in directory.groups.values():
            if known.is_group_changed(group):
                yield group.name, partial(self._push_group, group)
        for key in known.removed_users(directory):
            yield known.users[key].email, partial(self._remove_user, key)
        for key in known.removed_groups(directory):
            yield known.groups[key].name, partial(self._remove_group, key)

    def _push_person(self, person: Person) -> None:
        users = self._known.users
        if person.key not in users:
            users[person.key] = self._link_or_create_user(person)
        user = users[person.key]
        with forget_missing(users, person.key):
            if (user.email, user.name) != (person.email, person.name):
                self._dialect.update_user(user.id, person)
                user.email, user.name = person.email, person.name
                self._outcome.done["people updated"] += 1
        if user.is_active != person.is_active:
            self._set_active(person.key, is_active=person.is_active)

    def _link_or_create_user(self, person: Person) -> KnownUser:
        found = self._dialect.find_user(person)
        if found is not None:
            return KnownUser(found["id"], found.get("active", True))
        user = KnownUser(self._dialect.create_user(person), person.is_active, person.email, person.name)
        self._outcome.done["people created"] += 1
        return user

    def _set_active(self, key: str, *, is_active: bool) -> None:
        users = self._known.users
        with forget_missing(users, key):
            self._dialect.set_active(users[key].id, is_active)
        users[key].is_active = is_active
        self._outcome.done["people reactivated" if is_active else "people deactivated"] += 1

    def _remove_user(self, key: str) -> None:
        users = self._known.users
        with forget_missing(users, key):
            self._dialect.remove_user(users[key].id)
        del users[key]
        self._outcome.done["people deleted" if self._dialect.deletes_users else "people deactivated"] += 1

    def _push_group(self, group: Group) -> None:
        groups = self._known.groups
        if group.key not in groups:
            groups[group.key] = self._link_or_create_group(group)
        known = groups[group.key]
        with forget_missing(groups, group.key):
            if known.name != group.name:
                self._dialect.rename_group(known.id, group.name)
                known.name = group.name
                self._outcome.done["groups renamed"] += 1
            self._push_members(known, self._known.pushed_members(group))

    def _link_or_create_group(self, group: Group) -> KnownGroup:
        found = self._dialect.find_group(group)
        if found is not None:
            return KnownGroup(found["id"], found.get("displayName", ""))
        known = KnownGroup(self._dialect.create_group(group), group.name)
        self._outcome.done["groups created"] += 1
        return known

    def _push_members(self, group: KnownGroup, wanted: set[str]) -> None:
        before = group.members or set()
        added, removed = wanted - before, before - wanted
        if group.members is None:
            self._dialect.set_members(group.id, self._known.user_ids(wanted))
        elif added:
            self._dialect.add_members(group.id, self._known.user_ids(added))
        if removed:
            self._dialect.remove_members(group.id, self._known.user_ids(removed))
        group.members = wanted
        self._outcome.done["members added"] += len(added)
        self._outcome.done["members removed"] += len(removed)

    def _remove_group(self, key: str) -> None:
        groups = self._known.groups
        with forget_missing(groups, key):
            self._dialect.remove_group(groups[key].id)
        del groups[key]
        self._outcome.done["groups deleted"] += 1
