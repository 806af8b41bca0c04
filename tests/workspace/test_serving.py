"""`make serve` comes back by itself after its processes die, and leaves none behind."""

import contextlib
import os
import signal
import socket
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import outer_environment
from tests.server import Server, children, free_port, running

pytestmark = pytest.mark.skipif("DATABASE_URL" in os.environ, reason="no database takes part")

SECONDS = 40  # a worker that is told to stop while it starts is killed after 25


class Processes:
    """The processes of a running server, which nobody has prepared: only /livez works."""

    def __init__(self, server: Server, make: int) -> None:
        self.origin, self.port = server.origin, int(server.environment["PORT"])
        (self.shell,) = children(make)

    def main(self) -> int:
        (main,) = children(self.shell)
        return main

    def workers(self) -> list[int]:
        with contextlib.suppress(ValueError):
            return children(self.main())
        return []

    def is_alive(self) -> bool:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{self.origin}/livez", timeout=5) as answer:  # noqa: S310
            return bool(answer.status == 200)
        return False


def exists(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until(is_so) -> None:
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[Processes]:
    port = str(free_port())
    variables = {"DATA_DIR": str(directory), "ORIGIN": f"http://127.0.0.1:{port}", "PORT": port}
    (directory / "static").mkdir()
    unprepared: Any = None
    server = Server(variables["ORIGIN"], outer_environment() | variables, directory / "log", unprepared)
    with running(server) as make:
        yield Processes(server, make.pid)


@pytest.fixture(scope="module")
def processes(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("serving")) as processes:
        yield processes


def test_it_comes_back_after_workers_died_twice_in_a_row(processes):
    wait_until(lambda: len(processes.workers()) == 2)
    main = processes.main()
    while processes.workers() and exists(main):  # granian gives up when they die again
        before = processes.workers()
        for pid in before:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda before=before: processes.workers() != before)
    wait_until(lambda: not exists(main))
    wait_until(processes.is_alive)
    assert processes.main() != main


def test_it_comes_back_after_the_main_process_is_killed_and_no_worker_holds_the_port(processes):
    wait_until(lambda: len(processes.workers()) == 2)
    main, workers = processes.main(), processes.workers()
    os.kill(main, signal.SIGKILL)
    wait_until(lambda: not any(map(exists, [main, *workers])))
    wait_until(processes.is_alive)


def test_nothing_is_left_when_the_shell_is_killed(tmp_path):
    with serving(tmp_path) as processes:
        started = [processes.main(), *processes.workers()]
        os.kill(processes.shell, signal.SIGKILL)
        wait_until(lambda: not any(map(exists, started)))
        with socket.socket() as port:
            # As servers do: connections that have just ended do not hold the port.
            port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            port.bind(("127.0.0.1", processes.port))
