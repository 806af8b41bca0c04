"""How long administrators wait for lists: python -m tests.benchmarks.pages [--users 100000] [--page end-users]

In process, with all middleware and the database: SQLite, or PostgreSQL with `python -m tests.postgres` before it.
Milliseconds of each page, median and 95 %: on the clock and on a processor (of this thread, and of the database's
processes), and what of it is SQL. Target: 100 ms (median) on the clock with 100,000 end users.
"""

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

import tests.conftest  # noqa: F401 -- an installation of its own, and django.setup()
from tests import factories
from tests.benchmarks.installing import say
from tests.benchmarks.pages_more import api_lists, further_pages, operator_pages
from tests.benchmarks.pages_seed import Crowded, crowded
from tests.benchmarks.processes import Processors, databases
from tests.management_api.operations import client, token
from workspace.console.navigation import page_url

TARGET = 100
WARM_UP = 2


@dataclass
class Measured:
    """Seconds of each request of a page; queries and kilobytes of one."""

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    sql: list[float] = field(default_factory=list)
    database: float = 0
    queries: int = 0
    kilobytes: float = 0


def main(options: argparse.Namespace) -> None:
    """Fill the database, measure each page, print a table."""
    say(f"Seeding {options.users:,} end users…")
    there = crowded(options.users)
    settings.ALLOWED_HOSTS = ["testserver"]
    owner = factories.sign_in(Client(), factories.administrator(there.environment.workspace))
    print(f"{connection.vendor}, {options.users:,} end users, load {os.getloadavg()[0]:.1f}")
    print(f"{'page':<40}{'p50':>8}{'p95':>8}{'CPU':>8}{'+ db':>8}{'SQL':>8}{'queries':>9}{'kB':>7}")
    program = client(token(there.environment.workspace)[1])
    asked = [
        (owner, pages(there) | further_pages(there)),
        (factories.as_operator(Client()), operator_pages(there)),
        (program, api_lists(there)),
    ]
    for who, paths in asked:
        for name, path in paths.items():
            if not options.page or any(text in name for text in options.page):
                print(_line(name, measure(who, path, options.times)), flush=True)


def pages(there: Crowded) -> dict[str, str]:
    """Return the paths of the pages by name."""
    last, middle = there.people[-1], there.people[len(there.people) // 2]
    half, team = there.half.pk, there.team.pk
    everyone = there.environment.groups.get(is_everyone=True).pk
    # A page in the middle.
    far = f"{len(there.people) // 100}.after.{middle}"

    def url(route: str, query: str = "", **kwargs: Any) -> str:
        return page_url(route, there.environment, **kwargs) + query

    return {
        "end-users": url("workspace:end-users"),
        "end-users far": url("workspace:end-users", f"?page={far}"),
        "end-users far, back": url("workspace:end-users", f"?page={far.replace('after', 'before')}"),
        "end-users by groups, far": url("workspace:end-users", f"?sort=groups&page={far}"),
        "end-users by access, far": url("workspace:end-users", f"?sort=-access&page={far}"),
        "end-users far by number": url("workspace:end-users", "?page=1000"),
        "end-users past the end": url("workspace:end-users", "?page=100000"),
        "end-users without access": url("workspace:end-users", "?access=none"),
        "end-users any access": url("workspace:end-users", "?access=any"),
        "end-users any access far": url("workspace:end-users", f"?access=any&page={far}"),
        "end-users search few": url("workspace:end-users", "?q=ada+winter"),
        "end-users search address": url("workspace:end-users", "?q=bo.winter.1%40example.com"),
        "end-users search many": url("workspace:end-users", "?q=example"),
        "end-users search none": url("workspace:end-users", "?q=nobody-has-this"),
        "end-users search any access": url("workspace:end-users", "?q=winter&access=any"),
        "end-users deactivated": url("workspace:end-users", "?status=deactivated"),
        "end-users by address": url("workspace:end-users", "?sort=email"),
        "end-users by address, down": url("workspace:end-users", "?sort=-email"),
        "end-users by name, down": url("workspace:end-users", "?sort=-name"),
        "end-users by access": url("workspace:end-users", "?sort=access"),
        "end-users by access, down": url("workspace:end-users", "?sort=-access"),
        "end-users by groups": url("workspace:end-users", "?sort=groups"),
        "end-users by groups, down": url("workspace:end-users", "?sort=-groups"),
        "end-users by provider": url("workspace:end-users", "?sort=provider"),
        "end-users by last sign-in": url("workspace:end-users", "?sort=-sign-in"),
        "end-users by status": url("workspace:end-users", "?sort=status"),
        "end-users of a large group": url("workspace:end-users", f"?group={half}"),
        "end-users of a method none uses": url("workspace:end-users", "?method=jit"),
        "end-users inactive": url("workspace:end-users", "?sign_in=90"),
        "end-user": url("workspace:end-user", end_user=last),
        "end-user sign-in": url("authentication:end-user", end_user=middle),
        "end-user provisioning": url("provisioning:end-user", end_user=middle),
        "end-user edit": url("workspace:end-user-edit", end_user=middle),
        "end-user add": url("workspace:end-user-add"),
        "end-user deactivate": url("workspace:end-user-deactivate", end_user=middle),
        "groups": url("workspace:groups"),
        "groups far": url("workspace:groups", "?page=20"),
        "groups search": url("workspace:groups", "?q=team+09"),
        "group large": url("workspace:group", group=half),
        "group large far": url("workspace:group", f"?page={far}", group=half),
        "group large search": url("workspace:group", "?q=winter", group=half),
        "group large search none": url("workspace:group", "?q=nobody-has-this", group=half),
        "group Everyone": url("workspace:group", group=everyone),
        "group Everyone search": url("workspace:group", "?q=winter", group=everyone),
        "group small": url("workspace:group", group=team),
        "members add to small": url("workspace:group-members-add", group=team),
        "members add to small, search": url("workspace:group-members-add", "?q=winter", group=team),
        "members add to large": url("workspace:group-members-add", group=half),
        "group delete large": url("workspace:group-delete", group=half),
        "attempts": url("authentication:attempts"),
        "attempts far": url("authentication:attempts", f"?before={middle}"),
        "attempts refused": url("authentication:attempts", "?outcome=refused"),
        "attempts refused, by provider": url("authentication:attempts", f"?outcome=refused&provider={there.provider}"),
        "attempts of password": url("authentication:attempts", "?provider=password"),
        "attempts of an address": url("authentication:attempts", "?q=person.7%40example.com"),
        "activity": url("provisioning:activity"),
        "activity groups": url("provisioning:activity", "?kind=group"),
        "activity search": url("provisioning:activity", "?q=title"),
        "activity search none": url("provisioning:activity", "?q=nobody-has-this"),
        "requests": url("provisioning:requests"),
        "requests failed": url("provisioning:requests", "?result=failed"),
        "requests of a method none uses": url("provisioning:requests", "?method=DELETE"),
        "authentication": url("authentication:environment"),
        "provider overview": url("provisioning:overview", provider=there.provider),
        "provider set-up": url("provisioning:setup", provider=there.provider),
        "provider people": url("provisioning:setup-people", provider=there.provider),
        "mappings": url("provisioning:mappings", provider=there.provider),
    }  # fmt: skip


def measure(who: Client, path: str, times: int) -> Measured:
    """Get the page so many times."""
    measured = Measured()
    with CaptureQueriesContext(connection) as queries:
        measured.kilobytes = _get(who, path) / 1000
    measured.queries = len(queries)
    for _ in range(WARM_UP):
        _get(who, path)
    processors = Processors(databases(dict(os.environ)))
    for _ in range(times):
        _time(lambda: _get(who, path), measured)
    measured.database = processors.spent() / times
    return measured


def _get(who: Client, path: str) -> int:
    """Get a page, or the first part of a file, and return its length."""
    response: Any = who.get(path)
    assert response.status_code == 200, f"{path} was answered {response.status_code}"
    if not response.streaming:
        return len(response.content)
    first = next(iter(response.streaming_content))
    response.close()
    return len(first)


def _time(get: Callable[[], Any], measured: Measured) -> None:
    sql = 0.0

    def wrap(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal sql
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            sql += time.perf_counter() - began

    with connection.execute_wrapper(wrap):
        clock, processor = time.perf_counter(), time.thread_time()
        get()
        measured.clock.append(time.perf_counter() - clock)
        measured.processor.append(time.thread_time() - processor)
    measured.sql.append(sql)


def _line(name: str, measured: Measured) -> str:
    numbers = [
        median(measured.clock),
        quantiles(measured.clock, n=20)[18],
        median(measured.processor),
        measured.database,
        median(measured.sql),
    ]
    mark = " !" if numbers[0] * 1000 > TARGET else ""
    cells = "".join(f"{seconds * 1000:>8.1f}" for seconds in numbers)
    return f"{name:<40}{cells}{measured.queries:>9}{measured.kilobytes:>7.0f}{mark}"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.pages", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=100_000, help="how many end users (100000)")
    parser.add_argument("--page", type=lambda text: text.split(","), help="only pages whose name contains one of these")
    parser.add_argument("--times", type=int, default=10, help="requests of each page (10)")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())
