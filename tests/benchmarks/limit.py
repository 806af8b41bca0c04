"""What the bare SQL of the same rows costs, by one connection without the application.

Each kind of work reads and writes the rows that its request must, the change event and the row of the activity log
among them, in the same transaction. What a request needs besides (token, checks, locks) is left out.
"""

# ruff: noqa: S311, S608 -- it draws what to read next; what is put into SQL are our own names and ids

import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count, cycle
from random import choice, randrange
from typing import Any
from uuid import UUID

from tests.benchmarks.driver import Measured, Order
from tests.benchmarks.processes import Processors
from tests.benchmarks.rows import PLACE, Database, Family, Template
from tests.benchmarks.works import BARE, MANY, Tenant, deep_start, last_start
from workspace.db.keys import new_id

Step = Callable[[], Any]
_USERS, _GROUPS = "provisioning_provisioneduser", "provisioning_provisionedgroup"
_TOLD, _EMAILS, _LOG = "provisioning_provisionedmembership", "provisioning_provisionedemail", "provisioning_scimrequest"
_PEOPLE, _PLACES = "workspace_enduser", "workspace_endusergroup"
_ACCESS, _GRANTED, _EVENTS = "workspace_environmentaccess", "workspace_groupmembership", "workspace_changeevent"
_SUBJECTS = "workspace_changesubject"
_ALL_USERS = f"SELECT * FROM {_USERS} WHERE connection_id = %s"


def measure(order: Order, work: str) -> Measured:
    """Do one kind of work so often, for so long at most."""
    database = Database(order.address)
    with closing(database.connection):
        step = Limit(database, order.tenant).works()[work]()
        times: list[float] = []
        processors = Processors(order.database)
        own, its = time.process_time(), 0.0
        while len(times) < order.requests and sum(times) < order.seconds:
            began = time.perf_counter()
            undo = step()
            times.append(time.perf_counter() - began)
            if undo:
                before = time.process_time(), processors.spent()
                undo()
                own += time.process_time() - before[0]
                its += processors.spent() - before[1]
        own, its = time.process_time() - own, processors.spent() - its
    return Measured.of(order.who, work, 1, times, sum(times), own, its)


class Limit:
    """The statements of each kind of work. What is inserted are copies of rows that the application wrote."""

    def __init__(self, database: Database, tenant: Tenant) -> None:
        self.database, self.tenant = database, tenant
        self.connection = database.id(UUID(tenant.base.split("/")[2]))
        self.numbers = count((1 + randrange(10**8)) * 1000 + 10**8)  # others insert too

    def works(self) -> dict[str, Callable[[], Step]]:
        return {
            "create": self.create,
            "look-up": self.look_up,
            "get": self.get,
            "page": lambda: self.page(1),
            "page-deep": lambda: self.page(deep_start(self.tenant.count)),
            "page-last": lambda: self.page(last_start(self.tenant.count)),
            "page-cursor": self.cursor,
            "active": self.active,
            **{f"add-1-to-{size}": partial(self.add_one, group) for size, group in self.tenant.groups.items()},
            f"add-{MANY}": self.add_many,
            "group-read": self.group_read,
        }  # fmt: skip

    def create(self) -> Step:
        address = f"person.{PLACE}@example.com"
        user = Template.of(self.database, _USERS, f"user_name = '{address}'")
        person = Template.of(self.database, _PEOPLE, f"email = '{address}'")
        event = Template.of(self.database, _EVENTS, f"subject_id = '{UUID(person.id)}'")
        family = Family(
            self.database,
            [
                person,
                Template.of(self.database, _ACCESS, f"end_user_id = '{person.id}'"),
                event,
                Template.of(self.database, _SUBJECTS, f"event_id = '{event.id}'"),
                user,
                Template.of(self.database, _EMAILS, f"user_id = '{user.id}'"),
            ],
        )

        def write() -> None:
            number = next(self.numbers)
            marks = family.marks(number, f"limit.{number}")
            for template in family.templates:
                self.database.run(template.insertion, *template.filled(marks))

        return self._writing("method = 'POST' AND path LIKE '%/Users'", write)

    def look_up(self) -> Step:
        def read() -> None:
            name = f"person.{randrange(self.tenant.count):07d}@example.com"
            self._with_groups(self.database.run(f"{_ALL_USERS} AND user_name_key = %s", self.connection, name))

        return self._reading("query LIKE 'filter=%'", read)

    def get(self) -> Step:
        def read() -> None:
            pk = self.database.id(choice(self.tenant.users))
            self._with_groups(self.database.run(f"{_ALL_USERS} AND id = %s", self.connection, pk))

        return self._reading("method = 'GET' AND path LIKE '%/Users/%'", read)

    def page(self, start: int) -> Step:
        def read() -> None:
            page = f"{_ALL_USERS} ORDER BY id LIMIT 100 OFFSET {start - 1}"
            self._with_groups(self.database.run(page, self.connection))
            counted = "SELECT total FROM provisioning_resourcecount WHERE connection_id = %s AND kind = 'User'"
            self.database.run(counted, self.connection).fetchall()

        return self._reading(f"query LIKE 'startIndex={start}&%'", read)

    def cursor(self) -> Step:
        last = [self.database.id(UUID(int=0))]

        def read() -> None:
            page = f"{_ALL_USERS} AND id > %s ORDER BY id LIMIT 100"
            found = self._with_groups(self.database.run(page, self.connection, last[0]))
            last[0] = found[-1] if found else self.database.id(UUID(int=0))

        return self._reading("query LIKE 'cursor=%'", read)

    def active(self) -> Step:
        pk = self.database.id(choice(self.tenant.spare[-BARE:]))
        person = self._person(pk)
        access = Template.of(self.database, _ACCESS, f"source_id = '{UUID(self.connection)}'")
        insert_event = self._event("action = 'end_user.access_ended'")
        turns = cycle([(False, "deactivated"), (True, "active")])

        def write() -> None:
            is_active, status = next(turns)
            changed = "is_active = %s, document = document, folded = folded, version = version + 1"
            self.database.run(f"UPDATE {_USERS} SET {changed} WHERE id = %s", is_active, pk)
            self.database.run(f"UPDATE {_PEOPLE} SET status = %s WHERE id = %s", status, person)
            if is_active:
                self._insert(access, end_user_id=person)
            else:
                self.database.run(f"DELETE FROM {_ACCESS} WHERE end_user_id = %s", person)
            insert_event()

        return self._writing("method = 'PATCH' AND path LIKE '%/Users/%'", write)

    def add_one(self, group: str) -> Step:
        told, granted = self._membership(group)
        insert_event = self._event("action = 'group.members_changed'", "id")
        spare = iter(self.tenant.spare)

        def write() -> Step:
            user = self.database.id(next(spare))
            person = self._person(user)
            self._insert(told, user_id=user)
            self._insert(granted, end_user_id=person)
            self._touch(group)
            insert_event()
            return lambda: self._forget(group, f"user_id = '{user}'", f"end_user_id = '{person}'")

        return self._writing(
            f"method = 'PATCH' AND path LIKE '%/Groups/{group}' AND length(request_body) < 1000", write
        )

    def add_many(self) -> Step:
        """Into a new group, which is emptied again."""
        some = next(iter(self.tenant.groups.values()))
        row = Template.of(self.database, _GROUPS, f"id = '{self.database.id(some)}'")
        names = [name.format(next(iter(self.tenant.groups))) for name in ("Group of {}", "group of {}")]
        place = Template.of(self.database, _PLACES, f"name = '{names[0]}'")
        family = Family(
            self.database,
            [
                each.marked(names[0], "number").marked(names[1], "number")
                for each in (place, row, *self._membership(some))
            ],
        )
        marks = family.marks(next(self.numbers))
        for template in family.templates[:2]:
            self.database.run(template.insertion, *template.filled(marks))
        group = marks[_GROUPS]
        users = [self.database.id(pk) for pk in self.tenant.users[:MANY]]
        people = [self._person(pk) for pk in users]
        insert_event = self._event(order="length(CAST(after AS text)) DESC")
        told, granted = family.templates[2:]

        def write() -> Step:
            self._insert_all(told, [told.filled(marks, user_id=pk) for pk in users])
            self._insert_all(granted, [granted.filled(marks, end_user_id=pk) for pk in people])
            self._touch(group)
            insert_event()
            return lambda: self._forget(group)

        return self._writing("method = 'PATCH' AND path LIKE '%/Groups/%' AND length(request_body) > 1000", write)

    def group_read(self) -> Step:
        largest = self.tenant.groups[max(self.tenant.groups, key=int)]
        pk = self.database.id(largest)

        def read() -> None:
            self.database.run(f"SELECT * FROM {_GROUPS} WHERE id = %s", pk).fetchone()

        return self._reading("method = 'GET' AND path LIKE '%/Groups/%'", read)

    def _reading(self, logged: str, read: Step) -> Step:
        """A read, and its row in the log."""
        log = Template.of(self.database, _LOG, logged)

        def step() -> None:
            read()
            self.database.commit()
            self.database.begin()
            self._insert(log)
            self.database.commit()

        return step

    def _writing(self, logged: str, write: Step) -> Step:
        """A transaction with its row in the log."""
        log = Template.of(self.database, _LOG, logged)

        def step() -> Any:
            self.database.begin()
            undo = write()
            self._insert(log)
            self.database.commit()
            return undo

        return step

    def _event(self, condition: str = "1 = 1", order: str = "") -> Callable[[], None]:
        """A copy of such an event, with what it concerns."""
        event = Template.of(self.database, _EVENTS, condition, order)
        found = self.database.run(f"SELECT kind, subject_id FROM {_SUBJECTS} WHERE event_id = %s", event.id).fetchall()
        rows = ", ".join(["(%s, %s, %s)"] * len(found))

        def insert() -> None:
            pk = self.database.id(new_id())
            self.database.run(event.insertion, *event.filled(self._marks(), id=pk))
            values = [value for kind, subject in found for value in (pk, kind, subject)]
            self.database.run(f"INSERT INTO {_SUBJECTS} (event_id, kind, subject_id) VALUES {rows}", *values)

        return insert

    def _insert(self, template: Template, **changes: Any) -> None:
        """A copy with an id of its own."""
        if template.id:
            changes["id"] = self.database.id(new_id())
        self.database.run(template.insertion, *template.filled(self._marks(), **changes))

    def _insert_all(self, template: Template, rows: list[list[Any]]) -> None:
        """By one statement."""
        row = f"({', '.join(['%s'] * len(template.columns))})"
        values = ", ".join([row] * len(rows))
        self.database.run(
            f"INSERT INTO {template.table} ({template.names}) VALUES {values}",
            *(value for row in rows for value in row),
        )

    def _marks(self) -> dict[str, Any]:
        number = next(self.numbers)
        return {"number": number, "at": self.database.time(number)}

    def _with_groups(self, users: Any) -> list[Any]:
        """The ids of the users that a cursor reads; their groups are read too."""
        ids = [row[0] for row in users.fetchall()]
        if ids:
            marks = ", ".join(["%s"] * len(ids))
            join = f"JOIN {_GROUPS} g ON g.id = m.group_id"
            found = f"SELECT m.user_id, m.group_id, g.display_name FROM {_TOLD} m {join} WHERE m.user_id IN ({marks})"
            self.database.run(found, *ids).fetchall()
        return ids

    def _person(self, user: str) -> str:
        return self.database.run(f"SELECT end_user_id FROM {_USERS} WHERE id = %s", user).fetchone()[0]

    def _membership(self, group: str) -> list[Template]:
        """What the IdP told of a member, and what that grants."""
        return [
            Template.of(self.database, _TOLD, f"group_id = '{self.database.id(group)}'"),
            Template.of(self.database, _GRANTED, f"source_id = '{group}'"),
        ]

    def _touch(self, group: str) -> None:
        self.database.run(f"UPDATE {_GROUPS} SET version = version + 1 WHERE id = %s", self.database.id(group))

    def _forget(self, group: str, user: str = "1 = 1", person: str = "1 = 1") -> None:
        """Take memberships back that were only measured."""
        self.database.begin()
        self.database.run(f"DELETE FROM {_TOLD} WHERE group_id = '{self.database.id(group)}' AND {user}")
        self.database.run(f"DELETE FROM {_GRANTED} WHERE source_id = '{group}' AND {person}")
        self.database.commit()
