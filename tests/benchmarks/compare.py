"""Two revisions that do the same works in turns, so that what slows the machine down slows both."""

import argparse
import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median

from tests.benchmarks.driver import CLIENTS, Measured, Order
from tests.benchmarks.installing import OURS, installed, ordered, part, say
from tests.benchmarks.processes import databases
from tests.server import PROJECT, Server, running, workers

ROUNDS = 5


def main(options: argparse.Namespace) -> None:
    """Print for each work how this tree relates to the revision; below 1 it takes less."""
    options.requests *= ROUNDS  # seeds people for all rounds
    with checkout(options.compare) as other, installed(OURS, other) as old, installed(OURS) as new:
        turns = [(server, ordered(server, OURS, options)) for server in (old, new)]
        print(
            f"{'this tree / ' + options.compare:<26}{'p50':>8}{'CPU':>8}{'+ db':>8}{'8: p50':>10}{'CPU':>8}{'+ db':>8}"
        )
        with running(old), running(new):
            for work in turns[0][1].works:
                measured = [run(*turn, work) for _ in range(ROUNDS) for turn in turns]
                print(f"{work:<26}{ratios(measured)}", flush=True)


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[Path]:
    """A working tree of the revision."""
    with tempfile.TemporaryDirectory(prefix="workspace-compare-") as directory:
        place = Path(directory) / "tree"
        git = ["git", "-C", str(PROJECT), "worktree"]
        subprocess.run([*git, "add", "--quiet", "--detach", str(place), revision], check=True)
        try:
            yield place
        finally:
            subprocess.run([*git, "remove", "--force", str(place)], check=True)


def run(server: Server, order: Order, work: str) -> list[Measured]:
    """Measure one work with each number of clients."""
    pids = workers(server.environment["PORT"])
    wanted = replace(
        order, works=[work], requests=order.requests // ROUNDS, seconds=order.seconds / ROUNDS, sync=0,
        server=pids, database=databases(server.environment),
    )  # fmt: skip
    report = part("tests.benchmarks.driver", [], server, asdict(wanted))
    for line in report["failed"]:
        say(f"FAILED: {line}")
    return [Measured(**each) for each in report["measured"]]


def ratios(measured: list[list[Measured]]) -> str:
    """The medians of the rounds' ratios. `measured` has the revision and this tree in turns."""
    cells = ""
    for place in range(len(CLIENTS)):
        pairs = [(old[place], new[place]) for old, new in zip(measured[::2], measured[1::2], strict=True)]
        for column in ("p50", "server", "database"):
            found = [getattr(new, column) / before for old, new in pairs if (before := getattr(old, column))]
            width = 10 if column == "p50" and place else 8
            cells += f"{median(found) if found else 0:>{width}.2f}"
    return cells
