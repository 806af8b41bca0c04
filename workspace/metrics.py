"""What requests and sign-ins are counted for Prometheus. Without METRICS_PORT nothing is.

Each process counts in memory. Within a second after a count it writes all of its counts to a file of its own in
METRICS; `manage.py metrics` adds the files up. A process that is killed loses what it counted in that second.
"""

import atexit
import fcntl
import json
import logging
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, Timer
from typing import TypeAlias

from django.conf import settings

logger = logging.getLogger(__name__)

# Counts by what is counted and its labels.
Counts: TypeAlias = dict[tuple[str | int, ...], float]

METRICS = settings.DATA_DIR / "metrics"
WRITTEN_AFTER = 1.0
# The upper bounds of the times of requests.
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Prometheus keeps a series for each value of a label. Further connections are counted together.
_MOST_CONNECTIONS = 1000
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


class Metrics:
    """The counts of this process. Labels name areas, methods, outcomes and ids of connections, never people."""

    def __init__(self) -> None:
        METRICS.mkdir(parents=True, exist_ok=True)
        for file in METRICS.glob("*.db"):  # of releases that let the library count
            file.unlink(missing_ok=True)
        self._begin()
        os.register_at_fork(after_in_child=self._begin)
        atexit.register(self.write)

    def _begin(self) -> None:
        """Go on from the counts of an ended process that had the same id: counts never fall."""
        self._lock, self._writing, self._is_due = Lock(), Lock(), False
        self._file = METRICS / f"{os.getpid()}.json"
        with locked(METRICS):
            self._counts = defaultdict(float, read_counts(self._file))
        self._connections: set[str] = set()

    def count_request(self, area: str, status: int, seconds: float) -> None:
        """Count a request with its time, by the place of its upper bound in SECONDS."""
        outcome = outcome_of(status)
        self._add(("request", area, outcome, bisect_left(SECONDS, seconds)), 1)
        self._add(("request_seconds", area, outcome), seconds)

    def count_scim_request(self, connection: str, method: str, status: int) -> None:
        if connection not in self._connections:
            if len(self._connections) >= _MOST_CONNECTIONS:
                connection = "other"
            self._connections.add(connection)
        self._add(("scim_request", connection, method if method in _METHODS else "other", outcome_of(status)), 1)

    def count_sign_in(self, outcome: str, reason: str) -> None:
        self._add(("sign_in", outcome, reason), 1)

    def _add(self, key: tuple[str | int, ...], number: float) -> None:
        with self._lock:
            self._counts[key] += number
            if self._is_due:
                return
            self._is_due = True
        timer = Timer(WRITTEN_AFTER, self.write)
        timer.daemon = True
        timer.start()

    def write(self) -> None:
        """Write all counts to the file."""
        with self._writing:
            with self._lock:
                self._is_due = False
                counts = self._counts.copy()
            try:
                write_counts(self._file, counts)
            except OSError:
                logger.exception("Counts for Prometheus could not be written.")


def read_counts(file: Path) -> Counts:
    """Return what a file holds; nothing if it is not there."""
    try:
        return {tuple(key): number for key, number in json.loads(file.read_text())}
    except FileNotFoundError:
        return {}


def write_counts(file: Path, counts: Counts) -> None:
    """Write a file. Whoever reads it has the old counts or the new ones."""
    new = file.with_suffix(".tmp")
    new.write_text(json.dumps(list(counts.items())))
    new.replace(file)


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Wait for other processes that look at which files belong to processes that ended."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


metrics = Metrics() if settings.METRICS_PORT else None


def count_sign_in(outcome: str, reason: str) -> None:
    """Count an attempt to sign in."""
    if metrics:
        metrics.count_sign_in(outcome, reason)


def outcome_of(status: int) -> str:
    """Return the outcome that a status of HTTP means."""
    return "ok" if status < 400 else "refused" if status < 500 else "failed"
