"""The files in which processes count. Those of processes that ended are added up in one, and removed."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

# In place of a process id: the counts of all that ended.
_ENDED = "0"


def retire_ended(directory: Path) -> None:
    """Add the counts of ended processes to those of earlier ones, so that no counter ever falls."""
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for file in directory.glob("*_*.db"):
            kind, _, process = file.stem.rpartition("_")
            if process != _ENDED and not _runs(process):
                _add(file, directory / f"{kind}_{_ENDED}.db")
                file.unlink()


def _add(file: Path, total: Path) -> None:
    sums = MmapedDict(str(total))
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
            sums.write_value(key, sums.read_value(key)[0] + value, 0.0)
    finally:
        sums.close()


def _runs(process: str) -> bool:
    """Say whether a process runs. One of another account does, too."""
    with suppress(ProcessLookupError):
        with suppress(PermissionError):
            os.kill(int(process), 0)
        return True
    return False
