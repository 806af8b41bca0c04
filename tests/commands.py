"""Management commands of another installation, all run by one process: starting Django for each takes two seconds.

As a program, this is that process: each line of its input is a JSON list of arguments, each line of its output says
how the command ended and what it printed.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent


class Commands:
    """A running process that takes commands."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def run(self, *arguments: str) -> str:
        """Run `manage.py` with these arguments; return what it printed."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(arguments) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        status, output, errors = json.loads(answer) if answer else ("no answer", "", "")
        if status:
            raise RuntimeError(f"manage.py {' '.join(arguments)} ended with {status}:\n{output}{errors}")
        return str(output)


@contextlib.contextmanager
def commands(environment: dict[str, str], project: Path = PROJECT) -> Iterator[Commands]:
    """Run commands in this environment, of this checkout."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.commands"],
        cwd=project, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield Commands(process)


def outer_environment() -> dict[str, str]:
    """Return this process's environment without the variables of make, pytest and the test installation."""
    ours = {
        "DATABASE_URL",
        "DATA_DIR",
        "DJANGO_ALLOW_ASYNC_UNSAFE",
        "MAKEFLAGS",
        "MAKELEVEL",
        "MFLAGS",
        "MIGRATED_DIR",
        "ORIGIN",
    }
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PYTEST_")}


def make_password_hashes_cheap() -> None:
    """Use the hasher of production at its lowest cost: a hash takes microseconds, and looks the same when stored."""
    from django.contrib.auth.hashers import Argon2PasswordHasher

    Argon2PasswordHasher.time_cost = 1
    Argon2PasswordHasher.memory_cost = 8
    Argon2PasswordHasher.parallelism = 1


def _run(arguments: list[str]) -> tuple[str, str, str]:
    from django.core.management import execute_from_command_line

    output, errors, status = io.StringIO(), io.StringIO(), ""
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            execute_from_command_line(["manage.py", *arguments])
        except SystemExit as ended:
            status = str(ended.code or "")
    return status, output.getvalue(), errors.getvalue()


def _serve() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "workspace.settings")
    django.setup()  # before any output is caught: log handlers keep the stream that they find
    make_password_hashes_cheap()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


if __name__ == "__main__":
    _serve()
