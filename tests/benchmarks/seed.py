"""Fills the fresh database of a benchmark: python -m tests.benchmarks.seed USERS SPARE prints the tenant as JSON.

One user and the groups are pushed through the application; the other users are copies of every row that this wrote.
"""

import json
import os
import re
import sys
from dataclasses import asdict
from typing import Any

import django

from tests.benchmarks.rows import PLACE, Database, Family, Template
from tests.benchmarks.works import GROUP_SIZES, Tenant, user

_BATCH, SAMPLE = 50_000, 2_000
_PERSON = "provisioning_provisioneduser"
# The activity log, which does not grow with the users: it is trimmed.
_LOG = "provisioning_scimrequest"


def main(users: int, spare: int) -> Tenant:
    """A tenant with so many users, further ones who are in no group, and a group of each size."""
    django.setup()
    from django.conf import settings
    from django.db import connection

    from tests.scim import Scim, make_connection

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    scim, other = Scim(make_connection()), Scim(make_connection("globex"))
    database = Database(address(settings.DATABASES["default"]))
    pushed, tables = push(scim)
    templates = [Template.of(database, table) for table in tables]
    groups = {str(size): scim.group(f"Group of {size}", [pushed]) for size in group_sizes(users)}
    has_cursors = bool(scim.get("/ServiceProviderConfig").body.get("pagination", {}).get("cursor"))
    connection.close()
    for size, pk in groups.items():
        templates += membership(database, pk, int(size) - 1)
    database.hurry()
    ids = fill(Family(database, templates), range(users + spare))
    database.vacuum()
    return Tenant(
        base=scim.base, token=scim.token, count=users, users=ids[: users : max(users // SAMPLE, 1)], spare=ids[users:],
        groups=groups, has_cursors=has_cursors, sync_base=other.base, sync_token=other.token,
    )  # fmt: skip


def address(settings: dict[str, Any]) -> str:
    """Where the driver finds the database of these settings."""
    return os.environ.get("DATABASE_URL") or str(settings["NAME"])


def push(scim: Any) -> tuple[str, list[str]]:
    """Push the user that is copied; its id, and the tables that got rows of it, in the order of their references."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        answer = scim.post("/Users", user(PLACE))
    assert answer.status == 201, answer.body
    written = re.findall(r'INSERT (?:OR IGNORE )?INTO "(\w+)"', "\n".join(query["sql"] for query in captured))
    return answer.body["id"], [table for table in dict.fromkeys(written) if table != _LOG]


def fill(family: Family, numbers: range) -> list[str]:
    """Make the copies of these numbers; the ids of their SCIM users."""
    ids: list[str] = []
    for start in range(0, len(numbers), _BATCH):
        copies = [family.marks(number) for number in numbers[start : start + _BATCH]]
        family.copy(copies)
        ids += [marks[_PERSON] for marks in copies]
    return ids


def group_sizes(users: int) -> list[int]:
    """The sizes of the groups, as far as there are people for them."""
    return sorted({min(size, users) for size in GROUP_SIZES})


def membership(database: Database, group: str, copies: int) -> list[Template]:
    """What makes the pushed user a member: the group has that one member already."""
    told = Template.of(database, "provisioning_provisionedmembership", f"group_id = '{database.id(group)}'")
    granted = Template.of(database, "workspace_groupmembership", f"source_id = '{group}'")
    return [told.of_first(copies), granted.of_first(copies)]


if __name__ == "__main__":
    print(json.dumps(asdict(main(int(sys.argv[1]), int(sys.argv[2])))))
