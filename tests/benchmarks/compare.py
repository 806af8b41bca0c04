"""Two revisions that do the same works in turns, so that what slows the machine down slows both."""

import argparse
import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.driver import CLIENTS
from tests.benchmarks.installing import OURS, in_turns, installed, ordered
from tests.benchmarks.turns import Report
from tests.server import PROJECT, running

THIS = "this tree"


def main(options: argparse.Namespace) -> None:
    """Print how this tree relates to the revision."""
    with checkout(options.compare) as other, installed(OURS, other) as old, installed(OURS) as new:
        sides = [(server, ordered(who, server, OURS, options)) for who, server in ((THIS, new), (options.compare, old))]
        with running(old), running(new):
            report = in_turns(sides, options.turns)
    show(report, THIS, options.compare, sides[0][1].works)


def show(report: Report, who: str, other: str, works: list[str]) -> None:
    """Print for each work how one relates to the other; below 1 it takes less."""
    headings = "".join(f"{clients}: {'p50':>7}{'CPU':>8}{'+ db':>8}{'both':>8}  " for clients in CLIENTS)
    print(f"{who + ' / ' + other:<26}{headings}")
    for work in works:
        print(f"{work:<26}" + "  ".join(_ratios(report, who, other, work, clients) for clients in CLIENTS))


def _ratios(report: Report, who: str, other: str, work: str, clients: int) -> str:
    found = (report.ratio(column, who, other, work, clients) for column in ("p50", "server", "database", "cpu"))
    widths = 10, 8, 8, 8
    return "".join(
        f"{'–' if ratio is None else f'{ratio:.2f}':>{width}}" for ratio, width in zip(found, widths, strict=True)
    )


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
