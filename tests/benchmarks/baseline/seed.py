"""Fills the baseline's fresh database: python -m tests.benchmarks.baseline.seed USERS SPARE, which prints JSON."""

import json
import sys
from dataclasses import asdict, replace
from typing import Any

import django

from tests.benchmarks.baseline.views import TOKEN
from tests.benchmarks.rows import PLACE, Database, Template
from tests.benchmarks.seed import SAMPLE, address, group_sizes
from tests.benchmarks.works import Tenant, group, user

BASE = "/scim/v2"
_USERS, _MEMBERS = "baseline_user", "baseline_user_scim_groups"


def main(users: int, spare: int) -> Tenant:
    """The same people and groups as in the other database; ids are whole numbers here."""
    django.setup()
    from django.conf import settings
    from django.db import connection

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    first = int(_post("/Users", user(PLACE))) + 1
    groups = {str(size): _post("/Groups", group(f"Group of {size}")) for size in group_sizes(users)}
    connection.close()
    database = Database(address(settings.DATABASES["default"]))
    numbers = range(users + spare)
    database.begin()
    database.insert(*_people(database, first, numbers))
    for size, pk in groups.items():
        database.insert(*_members(pk, range(first, first + int(size))))
    if database.is_postgresql:
        database.run("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", _USERS, first + len(numbers))
    database.commit()
    database.vacuum()
    ids = [str(first + number) for number in numbers]
    return Tenant(
        base=BASE, token=TOKEN, count=users, users=ids[: users : max(users // SAMPLE, 1)], spare=ids[users:],
        groups=groups, is_baseline=True, sync_base=BASE, sync_token=TOKEN,
    )  # fmt: skip


def _post(path: str, body: dict[str, Any]) -> str:
    """Push something through the stock views; its id."""
    from django.test import Client

    response = Client().post(
        BASE + path, body, content_type="application/json", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    assert response.status_code == 201, response.content
    return response.json()["id"]


def _people(database: Database, first: int, numbers: range) -> tuple[Template, Any]:
    template = Template.of(database, _USERS)
    place = template.columns.index("scim_id")
    template = replace(
        template,
        columns=["id", *template.columns],
        values=["%(id)s", *template.values[:place], "%(id)s", *template.values[place + 1 :]],
    )
    marks = ({"id": first + number, "number": f"{number:07d}"} for number in numbers)
    return template, map(template.filled, marks)


def _members(group: str, users: range) -> tuple[Template, Any]:
    template = Template(_MEMBERS, ["user_id", "group_id"], [])
    return template, ([pk, int(group)] for pk in users)


if __name__ == "__main__":
    print(json.dumps(asdict(main(int(sys.argv[1]), int(sys.argv[2])))))
