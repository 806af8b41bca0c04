"""What SCIM requests cost: python -m tests.benchmarks.scim [--users 10000] [--work create,look-up] [--baseline]

Seeds a fresh database, serves it as `make serve` does, drives it from another process, and prints a table. Beside the
server stand, from the same run, the bare SQL of the same rows, and with --baseline the stock views of django-scim2.
On SQLite, or on PostgreSQL with `python -m tests.postgres` before it.
"""

import argparse
import contextlib
import json
import os
import platform
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.benchmarks.driver import CLIENTS, Measured, Order
from tests.benchmarks.works import WARM_UP, Tenant, works
from tests.commands import commands
from tests.server import PROJECT, Server, free_port, fresh_database, outer_environment, running

OURS, BASELINE = "workspace.settings", "tests.benchmarks.baseline.settings"
SEEDS = {OURS: "tests.benchmarks.seed", BASELINE: "tests.benchmarks.baseline.seed"}
# Who answered, as the table names them.
SERVER, STOCK, SQL = "the server", "django-scim2", "bare SQL"


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
    found = Findings()
    print(f"{_database()}, {options.users:,} users; {_machine()}", flush=True)
    try:
        _measure(options, found)
    finally:
        _print(found)  # also what there is before a failure


def _measure(options: argparse.Namespace, found: Findings) -> None:
    with _installed(OURS) as server:
        order = _ordered(server, OURS, options)
        _serve(server, SERVER, order, found)
        found.count(SERVER, _part("tests.benchmarks.queries", [], server, asdict(order)))
        found.add(SQL, _part("tests.benchmarks.limit", [_address(server)], server, asdict(order)))
    if options.baseline:
        with _installed(BASELINE) as server:
            order = _ordered(server, BASELINE, options)
            _serve(server, STOCK, order, found)
            found.count(STOCK, _part("tests.benchmarks.queries", [], server, asdict(order)))


@contextlib.contextmanager
def _installed(settings: str) -> Iterator[Server]:
    """A fresh installation with these settings, migrated; it goes afterwards."""
    with fresh_database() as database, tempfile.TemporaryDirectory(prefix="workspace-benchmark-") as directory:
        port = str(free_port())
        environment = outer_environment() | database | {
            "DATA_DIR": directory, "ORIGIN": f"http://127.0.0.1:{port}", "PORT": port,
            "DJANGO_SETTINGS_MODULE": settings,
            "SCIM_REQUESTS_PER_SECOND": "1000000",  # what is measured is not how it is limited
        }  # fmt: skip
        (Path(directory) / "static").mkdir()
        with commands(environment) as manage:
            manage.run("migrate", "--run-syncdb", "--verbosity", "0")
            yield Server(environment["ORIGIN"], environment, Path(directory) / "log", manage)


def _ordered(server: Server, settings: str, options: argparse.Namespace) -> Order:
    """Seed the tenant, and say what is asked of it."""
    _say(f"Seeding {options.users:,} users for {settings}…")
    spare = options.requests + 2 * max(CLIENTS) * (WARM_UP + 1)
    tenant = Tenant(**_part(SEEDS[settings], [str(options.users), str(spare)], server, None, 300 + options.users / 500))
    offered = works(tenant)
    if settings == OURS and (unknown := set(options.work or []) - set(offered)):
        raise SystemExit(f"There is no work {', '.join(sorted(unknown))}. Choose from {', '.join(offered)}.")
    names = [name for name in offered if not options.work or name in options.work]
    return Order(server.origin, tenant, names, options.requests, options.seconds, options.sync)


def _serve(server: Server, who: str, order: Order, found: Findings) -> None:
    """Drive the running server, and look at the memory of its workers before and afterwards."""
    _say(f"Driving {who}…")
    with running(server):
        before = _memory("VmRSS")
        report = _part("tests.benchmarks.driver", [], server, asdict(order))
        after, most = _memory("VmRSS"), _memory("VmHWM")
    found.add(who, report["measured"])
    found.lines += [f"FAILED for {who}: {line}" for line in report["failed"]]
    found.lines.append(f"Memory of the workers, {who}: {before} at start, {after} at the end, {most} at most")
    if report["sync"]:
        users, memberships, seconds = report["sync"]
        found.lines.append(
            f"First sync, {who}: {users:,} users and {memberships:,} memberships, 5 at once, in {seconds:.1f} s: "
            f"{users / seconds:.0f} users a second"
        )


def _part(module: str, arguments: list[str], server: Server, given: Any, seconds: float = 0) -> Any:
    """What a module of this benchmark prints, in a process of its own that ends in any case."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=PROJECT, env={"LOG_LEVEL": "WARNING"} | server.environment,
        input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=False, timeout=seconds or _longest(given),
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{module} failed; see above. The server's log:\n{_log(server)}")
    return json.loads(done.stdout)


def _longest(order: dict[str, Any]) -> float:
    """Seconds after which something hangs: each work at its longest, with its slowest answers around it."""
    return 600 + len(order["works"]) * len(CLIENTS) * (order["seconds"] + 240) + order["sync"]


def _log(server: Server) -> str:
    return server.log.read_text()[-3000:] if server.log.exists() else "(none)"


def _address(server: Server) -> str:
    return server.environment.get("DATABASE_URL") or str(Path(server.environment["DATA_DIR"]) / "db.sqlite3")


def _memory(what: str) -> str:
    """Megabytes of each worker process, which are the children of the server among our descendants."""
    parents, commands = {}, {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[place.name] = (place / "stat").read_text().rpartition(")")[2].split()[1]
            commands[place.name] = (place / "cmdline").read_bytes()
    workers = [
        pid for pid, parent in parents.items()
        if _is_granian(commands.get(parent, b"")) and b"resource_tracker" not in commands[pid]
        and _is_ours(pid, parents)
    ]  # fmt: skip
    return " + ".join(f"{_kilobytes(pid, what) / 1024:.0f}" for pid in sorted(workers)) + " MB"


def _is_granian(command: bytes) -> bool:
    """The program itself, not the shell whose script names it."""
    return any(word.endswith(b"/granian") for word in command.split(b"\0"))


def _is_ours(pid: str, parents: dict[str, str]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == str(os.getpid()):
            return True
    return False


def _kilobytes(pid: str, what: str) -> int:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return int(lines[what].split()[0])


def _database() -> str:
    url = os.environ.get("DATABASE_URL")
    if not url:
        return f"SQLite {sqlite3.sqlite_version}"
    with psycopg.connect(url) as connection:
        return f"PostgreSQL {connection.info.server_version // 10_000}"


def _machine() -> str:
    return f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"


def _print(found: Findings) -> None:
    """A line for each work and who answered it: milliseconds, and requests a second."""
    columns = "".join(f"{heading:>10}{'p95':>9}{'/s':>8}" for heading in ("1: p50", "8: p50"))
    print(f"\n{'work':<16}{'by':<17}{columns}{'queries':>10}")
    last = ""
    for work, who in _rows(found):
        cells = "".join(_cells(found.measured.get((work, who, clients))) for clients in CLIENTS)
        print(
            f"{work if work != last else '':<16}{who:<17}{cells}{_queries(found.queries.get((work, who))):>10}".rstrip()
        )
        last = work
    print("\nMilliseconds, one client and eight at once. Queries + statements that begin or end transactions.")
    print("\n".join(found.lines))


def _rows(found: Findings) -> list[tuple[str, str]]:
    """Works in their order, each with those who did it in theirs."""
    done = list(dict.fromkeys((work, who) for work, who, _ in found.measured))
    order = list(dict.fromkeys(work for work, _ in done))
    ranks = [SERVER, STOCK, SQL]
    return sorted(done, key=lambda row: (order.index(row[0]), ranks.index(row[1])))


def _cells(measured: Measured | None) -> str:
    if measured is None:
        return f"{'–':>10}{'–':>9}{'–':>8}"
    return f"{measured.p50:>10.1f}{measured.p95:>9.1f}{measured.rate:>8.0f}"


def _queries(counted: list[int] | None) -> str:
    return f"{counted[0]} + {counted[1]}" if counted else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


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
    return parser.parse_args()


if __name__ == "__main__":
    main(_options())
