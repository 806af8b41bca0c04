"""Run the real server as its own process, for tests with a browser or an identity provider."""

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from tests.commands import PROJECT, Commands, commands, outer_environment
from tests.databases import at_database, migrated_database

START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """An installation of its own, and where it is served."""

    origin: str
    environment: dict[str, str]
    log: Path
    commands: Commands
    project: Path = PROJECT
    makefile: str = "Makefile"

    def demo(self, *arguments: str) -> dict[str, Any]:
        """Return the accounts, URLs and tokens of the demo, or what `manage.py demo` makes with these arguments."""
        return json.loads(self.commands.run("demo", *arguments)) if arguments else self._demo

    def mailed_link(self, address: str) -> str:
        """Return the single-use link of the newest mail to an address, which waits in the outbox: no jobs run here."""
        mails = f"OutgoingMail.objects.filter(recipients=[{address!r}])"
        text = self.commands.run("shell", "-c", f"from workspace.models import OutgoingMail; print({mails}[0].body)")
        found = re.search(r"http\S+token=\S+", text)
        assert found, text
        return found[0]

    @cached_property
    def _demo(self) -> dict[str, Any]:
        return json.loads(self.commands.run("demo", "--json"))


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests of a worker. A test changes only what it creates itself, never the demo."""
    with demo_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@contextlib.contextmanager
def demo_server(directory: Path, database_url: str = "") -> Iterator[Server]:
    """Install the demo in the directory and serve it, with a database of this run or with the given empty one."""
    with released(directory, database_url) as server:
        server.commands.run("demo")
        with running(server):
            yield server


@contextlib.contextmanager
def released(directory: Path, database_url: str = "", host: str = "127.0.0.1") -> Iterator[Server]:
    """Prepare an installation without people, which does not run yet."""
    given = contextlib.nullcontext(at_database(database_url)) if database_url else migrated_database(directory)
    with given as database:
        port = str(free_port())
        environment = outer_environment() | database | {
            "DATA_DIR": str(directory), "ORIGIN": f"http://{host}:{port}", "PORT": port,
            "API_REQUESTS_PER_SECOND": "1000",
            "METADATA_PRIVATE_HOSTS": "127.0.0.1",  # where the IdPs of these tests publish their metadata
        }  # fmt: skip
        with commands(environment) as manage:
            manage.run("release")
            yield Server(environment["ORIGIN"], environment, directory / "log", manage)


def free_port() -> int:
    """Return a free port whose successor is free too: the practice IdP takes that one.

    It is below the ports that the system gives to clients: a client that polls such a port before the server listens
    may be given it as its own port, and then talks to itself.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with contextlib.suppress(OSError), socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", port))
            second.bind(("127.0.0.1", port + 1))
            return port


@contextlib.contextmanager
def running(server: Server) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the server with the command of `make run` and yield make; afterwards stop it with all its workers."""
    with server.log.open("w") as log:
        process = subprocess.Popen(
            # setpriv ends the server also if the tests are killed.
            ["setpriv", "--pdeathsig", "TERM", "make", "--no-print-directory", "-f", server.makefile, "serve",
             f"VENV={sys.prefix}"],
            cwd=server.project, env=server.environment, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        _wait(process, server)
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", server: Server) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{server.origin}/livez", timeout=5):  # noqa: S310
            return
        time.sleep(0.02)
    raise RuntimeError(f"The server did not start:\n{server.log.read_text()}")


def children(parent: int) -> list[int]:
    """Return the processes that a process has started."""
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


def workers(port: str) -> list[int]:
    """Return the processes that answer on a port: children of the server's main process."""
    mark, parents = f"\0PORT={port}\0".encode(), {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            program = (place / "cmdline").read_bytes()
            is_server = b"\0granian\0" in program or b"spawn_main" in program
            if is_server and mark in b"\0" + (place / "environ").read_bytes():
                parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
    return [pid for pid, parent in parents.items() if parent in parents]
