"""The processes that a benchmark measures: their processor time and their memory."""

import contextlib
import subprocess
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import unquote, urlsplit


def databases(environment: dict[str, str]) -> list[int]:
    """Return the main process of the PostgreSQL server in DATABASE_URL; none for SQLite."""
    url = environment.get("DATABASE_URL")
    if not url:
        return []
    home = unquote(urlsplit(url).netloc.rpartition("@")[2])
    found = subprocess.run(["pgrep", "-f", f"postgres -D {home}"], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]


class Processors:
    """What processes and their children spend on processors from now on.

    What PostgreSQL's autovacuum spends is left out: it cleans up after earlier work.
    """

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = list(pids)
        self._before = self._seconds()

    def spent(self) -> float:
        """Return the seconds that those who are still there have run on a processor."""
        return sum(after - self._before.get(pid, 0) for pid, after in self._seconds().items())

    def _seconds(self) -> dict[int, float]:
        return {pid: _seconds(pid) for each in self._pids for pid in (each, *_children(each))}


def _seconds(pid: int) -> float:
    """Return the seconds that all threads of a process have run on a processor."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with contextlib.suppress(OSError):
            total += int(thread.read_text().split()[0])
    return total / 1e9


def _children(pid: int) -> list[int]:
    """Return the children as of now: PostgreSQL starts one for each connection."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for place in found for child in place.read_text().split() if not _is_autovacuum(child)]


def _is_autovacuum(pid: str) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"postgres: autovacuum")
    return True  # it has ended


def megabytes(pids: Iterable[int], what: str) -> str:
    """Return the memory of each process in MB: `VmRSS` is what it has, `VmHWM` the most that it had."""
    return " + ".join(f"{_kilobytes(pid, what) / 1024:.0f}" for pid in sorted(pids))


def together(pids: Iterable[int]) -> str:
    """Return the memory of processes and their parent: what each has, its sum, and the sum with shared pages once."""
    workers = sorted(pids)
    parent = int(Path(f"/proc/{workers[0]}/stat").read_text().rpartition(")")[2].split()[1])
    shared_once = sum(_kilobytes(pid, "Pss", "smaps_rollup") for pid in (parent, *workers)) / 1024
    total = sum(_kilobytes(pid, "VmRSS") for pid in (parent, *workers)) / 1024
    return f"{megabytes([parent], 'VmRSS')} + {megabytes(workers, 'VmRSS')} = {total:.0f} ({shared_once:.0f})"


def _kilobytes(pid: int, what: str, table: str = "status") -> int:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/{table}").read_text().splitlines() if ":" in line)
    return int(lines[what].split()[0])
