"""What SCIM requests cost: python -m tests.benchmarks.scim [--users 10000] [--work create,look-up] [--baseline]

Seeds a fresh database, serves it as `make serve` does, drives it from another process, and prints a table. Beside the
server stand the floor (the same SQL in a Django view without middleware), the bare SQL of the same rows, and with
--baseline the stock views of django-scim2. They take short turns, so that what slows the machine down slows all.
`x floor` is the median of the turns' ratios: it is what to compare between machines and evenings.

Databases:
- SQLite: as it stands above. It writes to the disk as in production.
- PostgreSQL: `python -m tests.postgres python -m tests.benchmarks.scim`. It does not wait for the disk.
- PostgreSQL that waits for the disk, as in production: the same with DURABLE=1 before it.

Further: `--sync 10000` is a first sync of 10,000 users and 100,000 memberships. `--compare REV` measures a revision
beside this tree. `--against 1000000` measures a tenant of a million beside one of `--users`: it shows what grows with
their number.
"""

import argparse
import contextlib
import json
import os
import platform
import sqlite3
from dataclasses import asdict, replace
from pathlib import Path

import psycopg

from tests.benchmarks import compare, growth
from tests.benchmarks.driver import CLIENTS, Order, Sync
from tests.benchmarks.installing import BASELINE, FLOOR, OURS, in_turns, installed, ordered, part
from tests.benchmarks.processes import megabytes, together
from tests.benchmarks.turns import Report
from tests.server import Server, free_port, running, workers

# Who answered, as the table names them.
SERVER, LOWEST, STOCK, SQL = "the server", "the floor", "django-scim2", "bare SQL"
# The works of the floor: others need to undo what they did.
REPEATED = {"create", "look-up", "get", "page", "page-deep", "page-last", "page-cursor", "active", "group-read"}


def main(options: argparse.Namespace) -> None:
    """Measure ours, then the baseline if it is asked for; print what was found."""
    if options.compare or options.against:
        print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
        (compare if options.compare else growth).main(options)
        return
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(installed(OURS))
        order = ordered(SERVER, server, OURS, options)
        if options.profile:
            print(part("tests.benchmarks.phases", [], server, asdict(order)))
            return
        print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
        sides = [(server, order), floor_of(server, order)]
        if options.baseline:
            stock = stack.enter_context(installed(BASELINE))
            sides.append((stock, ordered(STOCK, stock, BASELINE, options)))
        bare = server, replace(order, who=SQL, address=_address(server))
        report, memory = _measure(sides, bare, options)
        queries = {
            order.who: part("tests.benchmarks.queries", [], server, asdict(order))
            for server, order in sides
            if not order.is_floor
        }
    _print(report, queries)
    print("\n".join([*memory, *(f"FAILED: {line}" for line in report.failed)]))
    if report.sync:
        _print_sync(report.sync)


def floor_of(server: Server, order: Order) -> tuple[Server, Order]:
    """Return the floor of a server, at another port, and what it is asked: what the server was asked and answered."""
    (Path(order.exchanges) / "tenant.json").write_text(json.dumps(asdict(order.tenant)))
    port = str(free_port())
    origin = f"http://127.0.0.1:{port}"
    environment = server.environment | {"ORIGIN": origin, "PORT": port, "DJANGO_SETTINGS_MODULE": FLOOR}
    works = [work for work in order.works if work in REPEATED]
    floor = replace(server, origin=origin, environment=environment, log=server.log.with_name("floor.log"))
    return floor, replace(order, who=LOWEST, origin=origin, works=works, is_floor=True)


def _measure(
    sides: list[tuple[Server, Order]], bare: tuple[Server, Order], options: argparse.Namespace
) -> tuple[Report, list[str]]:
    """Let all take turns. Return what was measured, and lines of the memory of their workers."""
    with contextlib.ExitStack() as stack:
        for server, _ in sides:
            stack.enter_context(running(server))
        pids = {order.who: workers(server.environment["PORT"]) for server, order in sides}
        before = {who: together(each) for who, each in pids.items()}
        report = in_turns([*sides, bare], options.turns, options.sync)
        memory = [
            f"MB of {who}, parent + workers (shared pages once): {before[who]} at start, {together(each)} at the end; "
            f"workers at most {megabytes(each, 'VmHWM')}"
            for who, each in pids.items()
        ]
    return report, memory


def _address(server: Server) -> str:
    return server.environment.get("DATABASE_URL") or str(Path(server.environment["DATA_DIR"]) / "db.sqlite3")


def database() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return f"SQLite {sqlite3.sqlite_version}"
    with psycopg.connect(url) as connection:
        return f"PostgreSQL {connection.info.server_version // 10_000}"


def machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _print(report: Report, queries: dict[str, dict[str, list[int]]]) -> None:
    """Print a line for each work and who did it."""
    columns = "".join(
        f"{heading:>10}{'p95':>8}{'/s':>7}{'CPU':>7}{'+ db':>7}{'x floor':>9}{'p50 x':>7}"
        for heading in (f"{clients}: p50" for clients in CLIENTS)
    )
    print(f"\n{'work':<16}{'by':<17}{columns}{'queries':>10}")
    last = ""
    for work, who in _rows(report):
        cells = "".join(_cells(report, who, work, clients) for clients in CLIENTS)
        counted = queries.get(who, {}).get(work)
        shown = f"{counted[0]} + {counted[1]}" if counted else ""
        print(f"{work if work != last else '':<16}{who:<17}{cells}{shown:>10}".rstrip())
        last = work
    print(
        "\nMedians of the turns. Milliseconds, one client and eight at once; CPU: on a processor for each request, of "
        "the server and of the\ndatabase. x floor: CPU of both, and p50, beside the floor's in the same turns. "
        "Queries + statements that begin or end transactions."
    )


def _rows(report: Report) -> list[tuple[str, str]]:
    """Return works in their order, each with those who did it in theirs."""
    done = list(dict.fromkeys((each.work, each.who) for each in report.measured))
    order = list(dict.fromkeys(work for work, _ in done))
    ranks = [SERVER, LOWEST, STOCK, SQL]
    return sorted(done, key=lambda row: (order.index(row[0]), ranks.index(row[1])))


def _cells(report: Report, who: str, work: str, clients: int) -> str:
    columns = [("p50", 10, 2), ("p95", 8, 2), ("rate", 7, 0), ("server", 7, 2), ("database", 7, 2)]
    ratios = [("cpu", 9, 2), ("p50", 7, 2)] if who != LOWEST else []
    numbers = [(report.median(column, who, work, clients), *shown) for column, *shown in columns]
    numbers += [(report.ratio(column, who, LOWEST, work, clients), *shown) for column, *shown in ratios]
    return "".join(
        f"{'–' if number is None else f'{number:.{digits}f}':>{width}}" for number, width, digits in numbers
    ).ljust(55)


def _print_sync(sync: Sync) -> None:
    print(
        f"First sync: {sync.users:,} users and {sync.memberships:,} memberships, 5 at once, in {sync.seconds:.1f} s; "
        f"users a second: {sync.first:.0f} in the first tenth, {sync.last:.0f} in the last; on a processor for each: "
        f"{sync.cpu[0]:.2f} ms in the first tenth, {sync.cpu[1]:.2f} in the last"
    )


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scim", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=10_000, help="how many the tenant has (10000)")
    parser.add_argument("--work", type=lambda text: text.split(","), help="only these rows of the table, by comma")
    parser.add_argument("--turns", type=int, default=8, help="of each work (8)")
    parser.add_argument("--requests", type=int, default=500, help="of a turn at most (500)")
    parser.add_argument("--seconds", type=float, default=0.5, help="of a turn at most (0.5)")
    parser.add_argument("--sync", type=int, default=0, help="users of a first sync after all (0)")
    parser.add_argument("--baseline", action="store_true", help="django-scim2's stock views too")
    parser.add_argument("--profile", action="store_true", help="microseconds of one request by phase, and nothing else")
    parser.add_argument(
        "--compare", metavar="REV", help="this tree and a revision in turns, as ratios, and nothing else"
    )
    parser.add_argument("--against", metavar="USERS", type=int, help="a tenant of so many in the same way")
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())
