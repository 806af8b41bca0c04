"""Fresh installations for benchmarks, each filled with a tenant, and the parts of a benchmark as processes."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from tests.benchmarks.driver import CLIENTS, Order
from tests.benchmarks.processes import databases
from tests.benchmarks.turns import Plan, Report
from tests.benchmarks.works import BARE, WARM_UP, Tenant, works
from tests.commands import PROJECT, commands, outer_environment
from tests.databases import fresh_database
from tests.server import Server, free_port, workers

OURS, FLOOR = "workspace.settings", "tests.benchmarks.floor.settings"
BASELINE = "tests.benchmarks.baseline.settings"
_SEEDS = {OURS: "tests.benchmarks.seed", BASELINE: "tests.benchmarks.baseline.seed"}


@contextlib.contextmanager
def installed(settings: str, project: Path = PROJECT) -> Iterator[Server]:
    """A fresh installation with these settings, migrated; it goes afterwards."""
    with fresh_database() as database, tempfile.TemporaryDirectory(prefix="workspace-benchmark-") as directory:
        port = str(free_port())
        environment = outer_environment() | database | {
            "DATA_DIR": directory, "ORIGIN": f"http://127.0.0.1:{port}", "PORT": port,
            "DJANGO_SETTINGS_MODULE": settings,
            "SCIM_REQUESTS_PER_SECOND": "1000000",  # what is measured is not how it is limited
        }  # fmt: skip
        (Path(directory) / "static").mkdir()
        with commands(environment, project) as manage:
            manage.run("migrate", "--run-syncdb", "--verbosity", "0")
            server = Server(environment["ORIGIN"], environment, Path(directory) / "log", manage, project)
            yield server if settings == OURS else replace(server, makefile=_of_baseline(Path(directory)))


def _of_baseline(directory: Path) -> str:
    """Write a Makefile that serves the baseline as ours serves the application. Return where it is."""
    makefile = directory / "Makefile"
    makefile.write_text((PROJECT / "Makefile").read_text().replace("workspace.wsgi", "tests.benchmarks.baseline.wsgi"))
    return str(makefile)


def ordered(who: str, server: Server, settings: str, options: argparse.Namespace) -> Order:
    """Seed the tenant, and say what is asked of it."""
    say(f"Seeding {options.users:,} users for {settings}…")
    spare = options.requests + 2 * max(CLIENTS) * (WARM_UP + 1) + BARE
    tenant = Tenant(
        **part(
            _SEEDS[settings], [str(options.users), str(spare)], server, None, 300 + options.users / 500, server.project
        )
    )
    offered = works(tenant)
    if settings == OURS and (unknown := set(options.work or []) - set(offered)):
        raise SystemExit(f"There is no work {', '.join(sorted(unknown))}. Choose from {', '.join(offered)}.")
    names = [name for name in offered if not options.work or name in options.work]
    exchanges = Path(server.environment["DATA_DIR"]) / "exchanges"
    exchanges.mkdir()
    return Order(who, server.origin, tenant, names, options.requests, options.seconds, exchanges=str(exchanges))


def in_turns(sides: list[tuple[Server, Order]], turns: int, sync: int = 0) -> Report:
    """Let running servers take turns, and the bare SQL of those whose order says so."""
    orders = [
        replace(order, server=workers(server.environment["PORT"]), database=databases(server.environment))
        for server, order in sides
    ]
    report = Report.of(part("tests.benchmarks.turns", [], sides[0][0], asdict(Plan(orders, turns, sync))))
    for line in report.failed:
        say(f"FAILED: {line}")
    return report


def part(
    module: str, arguments: list[str], server: Server, given: Any, seconds: float = 7200, project: Path = PROJECT
) -> Any:
    """What a module of this benchmark prints, in a process of its own that ends in any case."""
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments], cwd=project, env={"LOG_LEVEL": "WARNING"} | server.environment,
        input=json.dumps(given), stdout=subprocess.PIPE, text=True, check=False, timeout=seconds,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit(f"{module} failed; see above. The server's log:\n{_log(server)}")
    return json.loads(done.stdout)


def _log(server: Server) -> str:
    return server.log.read_text()[-3000:] if server.log.exists() else "(none)"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
