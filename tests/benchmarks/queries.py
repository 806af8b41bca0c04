"""Counts the queries of one request of each kind, in process: a Tenant as JSON on stdin, a JSON object on stdout.

The settings say whose: those of the application or of the baseline. BEGIN, COMMIT and savepoints are counted apart.
"""

import json
import re
import sys
from typing import Any

import django

from tests.benchmarks.works import Call, Tenant, goes, works

_TRANSACTION = re.compile(r"BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE")


def main(tenant: Tenant, names: list[str]) -> dict[str, tuple[int, int]]:
    """Count as a program of its own."""
    django.setup()
    from django.conf import settings

    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, "testserver"]
    return count(tenant, names)


def count(tenant: Tenant, names: list[str]) -> dict[str, tuple[int, int]]:
    """Queries, and statements that only begin or end something, of one request of each work."""
    from django.test import Client

    browser = Client()

    def send(call: Call) -> Any:
        response = browser.generic(
            call.method, tenant.base + call.path, "" if call.body is None else json.dumps(call.body),
            content_type="application/scim+json", headers={"Authorization": f"Bearer {tenant.token}"},
        )  # fmt: skip
        assert response.status_code == call.status, response.content
        return json.loads(response.content) if response.content else None

    counted = {}
    for name, work in works(tenant).items():
        if name in names and goes(work, tenant, 1):
            begun = work.begin(tenant, 0, 1, send)
            call = begun.calls.send(send(next(begun.calls)))  # the first one compiles what later ones use again
            counted[name] = _counted(send, call)
            for undo in begun.after:
                send(undo)
    return counted


def _counted(send: Any, call: Call) -> tuple[int, int]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        send(call)
    transaction = sum(bool(_TRANSACTION.match(query["sql"])) for query in captured)
    return len(captured) - transaction, transaction


if __name__ == "__main__":
    given = json.load(sys.stdin)
    print(json.dumps(main(Tenant(**given["tenant"]), given["works"])))
