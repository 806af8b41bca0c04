"""The files in which processes count. Those of processes that ended are added up in one, and removed."""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from workspace.metrics import Counts, locked, read_counts, write_counts


def counted(directory: Path) -> Counts:
    """Return the counts of all processes of this node. No count falls when a process ends."""
    # In place of a process id: the counts of all that ended.
    ended = directory / "0.json"
    with locked(directory):
        for file in directory.glob("*.json"):
            if file != ended and not _runs(file.stem):
                write_counts(ended, _sum([ended, file]))
                file.unlink()
                file.with_suffix(".tmp").unlink(missing_ok=True)
        return _sum(directory.glob("*.json"))


def _sum(files: Iterable[Path]) -> Counts:
    found: Counts = {}
    for file in files:
        for key, number in read_counts(file).items():
            found[key] = found.get(key, 0) + number
    return found


def _runs(process: str) -> bool:
    """Say whether a process runs. One of another account does, too."""
    with suppress(ProcessLookupError):
        with suppress(PermissionError):
            os.kill(int(process), 0)
        return True
    return False
