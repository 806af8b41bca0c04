"""Databases for installations of tests: empty ones, and copies of one that is migrated once in a test run.

Migrating takes six seconds of a processor, a copy nearly none.
"""

import atexit
import contextlib
import fcntl
import os
import secrets
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.commands import commands, outer_environment

_TEMPLATE = "migrated"  # what PostgreSQL copies


@contextlib.contextmanager
def migrated_database(data_directory: Path) -> Iterator[dict[str, str]]:
    """A migrated database in the PostgreSQL of this run; for a run on SQLite, one in this data directory."""
    if "DATABASE_URL" in os.environ:
        with fresh_database(template()) as variables:
            yield variables
    else:
        copy_migrated(data_directory / "db.sqlite3")
        yield {}


@contextlib.contextmanager
def fresh_database(like: str = "template1") -> Iterator[dict[str, str]]:
    """A fresh database in the PostgreSQL of this run; none for a run on SQLite, which begins with an empty DATA_DIR."""
    if "DATABASE_URL" not in os.environ:
        yield {}
        return
    name = f"server_{secrets.token_hex(4)}"
    with _postgresql() as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {like}".encode())
        try:
            yield at_database(_url(name))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def at_database(url: str) -> dict[str, str]:
    """Return the variables of a node at this PostgreSQL database, with new keys."""
    return {"DATABASE_URL": url, "SECRET_KEY": secrets.token_hex(32), "SECRETS_KEYS": secrets.token_hex(32)}


def copy_migrated(place: Path) -> None:
    """Put a migrated SQLite database at this place."""
    with _once() as is_first:
        if is_first:
            _migrate({})
    place.parent.mkdir(mode=0o700, exist_ok=True)
    original = contextlib.closing(sqlite3.connect(_directory() / "db.sqlite3"))
    with original as source, contextlib.closing(sqlite3.connect(place)) as target:
        source.backup(target)


def template() -> str:
    """Return the name of a migrated database in the PostgreSQL of this run, to which nobody is connected."""
    with _once() as is_first:
        if is_first:
            with _postgresql() as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {_TEMPLATE}".encode())
                connection.execute(f"CREATE DATABASE {_TEMPLATE}".encode())
            _migrate(at_database(_url(_TEMPLATE)))
    return _TEMPLATE


@contextlib.contextmanager
def _once() -> Iterator[bool]:
    """Say whether nobody of this run has been here; let the others wait meanwhile."""
    done = _directory() / "done"
    with (_directory() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not done.exists()
        done.touch()


@cache
def _directory() -> Path:
    """Return the directory that the workers of a test run share; without any, make one for this process."""
    if not (given := os.environ.get("MIGRATED_DIR")):
        given = tempfile.mkdtemp(prefix="workspace-migrated-")
        atexit.register(shutil.rmtree, given)
    return Path(given)


def _migrate(database: dict[str, str]) -> None:
    environment = {"DATA_DIR": str(_directory()), "ORIGIN": "http://127.0.0.1:8000"}
    with commands(outer_environment() | environment | database) as manage:
        manage.run("migrate", "--verbosity", "0")


def _postgresql() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


def _url(database: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}"))
