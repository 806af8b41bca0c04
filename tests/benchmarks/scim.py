"""What SCIM requests cost: python -m tests.benchmarks.scim [--users 10000] [--work create,look-up] [--baseline]

Seeds a fresh database, serves it as `make serve` does, drives it from another process, and prints a table. Beside the
server stand, from the same run, the floor (the same SQL in a Django view without middleware), the bare SQL of the same
rows, and with --baseline the stock views of django-scim2.
On SQLite, or on PostgreSQL with `python -m tests.postgres` before it.
"""

import argparse
import json
import os
import platform
import sqlite3
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks import compare
from tests.benchmarks.driver import CLIENTS, Measured, Order, Sync
from tests.benchmarks.installing import BASELINE, FLOOR, OURS, installed, ordered, part, say
from tests.benchmarks.processes import databases, megabytes
from tests.server import Server, running, workers

# Who answered, as the table names them.
SERVER, LOWEST, STOCK, SQL = "the server", "the floor", "django-scim2", "bare SQL"
# The works of the floor: others need to undo what they did.
REPEATED = {"create", "look-up", "get", "page", "page-deep", "page-cursor", "active", "group-read"}


@dataclass
class Findings:
    """What the table shows: by work, who and number of clients; queries by work and who; lines below the table."""

    measured: dict[tuple[str, str, int], Measured] = field(default_factory=dict)
    queries: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def add(self, who: str, measured: list[dict[str, Any]]) -> None:
        self.measured |= {(each["work"], who, each["clients"]): Measured(**each) for each in measured}

    def count(self, who: str, queries: dict[str, list[int]]) -> None:
        self.queries |= {(work, who): numbers for work, numbers in queries.items()}


def main(options: argparse.Namespace) -> None:
    """Measure ours, then the baseline if it is asked for; print what was found."""
    if options.compare:
        print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
        compare.main(options)
        return
    if options.profile:
        with installed(OURS) as server:
            print(part("tests.benchmarks.phases", [], server, asdict(ordered(server, OURS, options))))
        return
    found = Findings()
    print(f"{database()}, {options.users:,} users; {machine()}", flush=True)
    try:
        _measure(options, found)
    finally:
        _print(found)  # also what there is before a failure


def _measure(options: argparse.Namespace, found: Findings) -> None:
    with installed(OURS) as server:
        order = ordered(server, OURS, options)
        recorded = _serve(server, SERVER, order, found)
        _serve_floor(
            server, replace(order, recorded={name: recorded[name] for name in REPEATED & set(recorded)}), found
        )
        found.count(SERVER, part("tests.benchmarks.queries", [], server, asdict(order)))
        found.add(SQL, part("tests.benchmarks.limit", [_address(server)], server, asdict(order)))
    if options.baseline:
        with installed(BASELINE) as server:
            order = ordered(server, BASELINE, options)
            _serve(server, STOCK, order, found)
            found.count(STOCK, part("tests.benchmarks.queries", [], server, asdict(order)))


def _serve_floor(server: Server, order: Order, found: Findings) -> None:
    """Drive a server that knows only the statements and the answers."""
    (Path(server.environment["DATA_DIR"]) / "floor.json").write_text(
        json.dumps({"tenant": asdict(order.tenant), "answers": order.recorded})
    )
    lowest = replace(server, environment=server.environment | {"DJANGO_SETTINGS_MODULE": FLOOR})
    _serve(lowest, LOWEST, replace(order, works=list(order.recorded), sync=0), found)


def _serve(server: Server, who: str, order: Order, found: Findings) -> dict[str, Any]:
    """Drive the running server, and look at the memory of its workers. Return an exchange of each work."""
    say(f"Driving {who}…")
    with running(server):
        pids = workers(server.environment["PORT"])
        before = megabytes(pids, "VmRSS")
        order = replace(order, server=pids, database=databases(server.environment))
        report = part("tests.benchmarks.driver", [], server, asdict(order))
        after, most = megabytes(pids, "VmRSS"), megabytes(pids, "VmHWM")
    found.add(who, report["measured"])
    found.lines += [f"FAILED for {who}: {line}" for line in report["failed"]]
    found.lines.append(f"Memory of the workers, {who}: {before} at start, {after} at the end, {most} at most")
    if report["sync"]:
        sync = Sync(**report["sync"])
        found.lines.append(
            f"First sync, {who}: {sync.users:,} users and {sync.memberships:,} memberships, 5 at once, in "
            f"{sync.seconds:.1f} s; users a second: {sync.first:.0f} in the first tenth, {sync.last:.0f} in the last; "
            f"on a processor for each: {sync.cpu[0]:.2f} ms in the first tenth, {sync.cpu[1]:.2f} in the last"
        )
    recorded: dict[str, Any] = report["recorded"]
    return recorded


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


def _print(found: Findings) -> None:
    """A line for each work and who answered it: milliseconds, and requests a second."""
    columns = "".join(f"{heading:>10}{'p95':>9}{'/s':>8}{'CPU':>7}{'+ db':>7}" for heading in ("1: p50", "8: p50"))
    print(f"\n{'work':<16}{'by':<17}{columns}{'queries':>10}")
    last = ""
    for work, who in _rows(found):
        cells = "".join(_cells(found.measured.get((work, who, clients))) for clients in CLIENTS)
        print(
            f"{work if work != last else '':<16}{who:<17}{cells}{_queries(found.queries.get((work, who))):>10}".rstrip()
        )
        last = work
    print(
        "\nMilliseconds, one client and eight at once; CPU: on a processor for each request, of the server and of the "
        "database.\nQueries + statements that begin or end transactions."
    )
    print("\n".join(found.lines))


def _rows(found: Findings) -> list[tuple[str, str]]:
    """Works in their order, each with those who did it in theirs."""
    done = list(dict.fromkeys((work, who) for work, who, _ in found.measured))
    order = list(dict.fromkeys(work for work, _ in done))
    ranks = [SERVER, LOWEST, STOCK, SQL]
    return sorted(done, key=lambda row: (order.index(row[0]), ranks.index(row[1])))


def _cells(measured: Measured | None) -> str:
    if measured is None:
        return f"{'–':>10}{'–':>9}{'–':>8}{'–':>7}{'–':>7}"
    times = f"{measured.p50:>10.1f}{measured.p95:>9.1f}{measured.rate:>8.0f}"
    return f"{times}{measured.server:>7.2f}{measured.database:>7.2f}"


def _queries(counted: list[int] | None) -> str:
    return f"{counted[0]} + {counted[1]}" if counted else ""


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks.scim", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--users", type=int, default=10_000, help="how many the tenant has (10000)")
    parser.add_argument("--work", type=lambda text: text.split(","), help="only these rows of the table, by comma")
    parser.add_argument("--requests", type=int, default=500, help="of each work at most (500)")
    parser.add_argument("--seconds", type=float, default=20, help="for each work at most (20)")
    parser.add_argument("--sync", type=int, default=200, help="users of the first sync (200); 0 leaves it out")
    parser.add_argument("--baseline", action="store_true", help="django-scim2's stock views too")
    parser.add_argument("--profile", action="store_true", help="microseconds of one request by phase, and nothing else")
    parser.add_argument(
        "--compare", metavar="REV", help="this tree and a revision in turns, as ratios, and nothing else"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())
