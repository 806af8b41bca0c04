"""Backups of the database: one file with the data, the version that they are of, and fingerprints of the keys."""

import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
import tomllib
import zipfile
import zlib
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.client import DatabaseClient
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from workspace import key_ring
from workspace.models import KeyRing, OutgoingMail

_NOTE, _DATA = "backup.json", "database"
_APPS = ("workspace", "authentication", "provisioning")
_RECIPE = (
    "{program} is not installed here. Install postgresql-client of the version of your server, or run on its machine: "
    "pg_dump --format=custom --file=FILE NAME, and to restore: "
    "pg_restore --clean --if-exists --no-owner --single-transaction --dbname=NAME FILE"
)
_MAIL_NOTE = "It waited when the backup was made, and may have been sent since."


class BackupError(Exception):
    """A backup cannot be made or restored. The text says why and what to do."""


@dataclass(frozen=True)
class Note:
    """What stands beside the data of a backup."""

    version: str
    database: str
    made_at: str
    secret_key: str
    sealing: list[str]


def back_up(file: Path, now: datetime) -> Note:
    """Write the database into a new file while nodes serve. The file is there only once it is whole."""
    if file.exists():
        raise BackupError(f"{file} exists already. Name another file.")
    key_ring.join()
    ring = KeyRing.objects.get()
    version = version_of(set(MigrationRecorder(connection).applied_migrations()))
    note = Note(version, connection.vendor, now.isoformat(), ring.secret_key, ring.sealing)
    with tempfile.TemporaryDirectory(dir=_directory(file)) as place:
        data, draft = Path(place, _DATA), Path(place, "draft")
        (_dump_sqlite if note.database == "sqlite" else _dump_postgresql)(data)
        with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(_NOTE, json.dumps(asdict(note)))
            archive.write(data, _DATA)
        draft.chmod(0o600)
        draft.rename(file)
    return note


def restore(file: Path, *, replace: bool) -> Note:
    """Put the data of a backup in the place of the present ones. A refusal changes nothing.

    Mails that waited are parked: they may have been sent after the backup was made.
    """
    with _opened(file) as archive:
        note = _note(archive, file)
        _check(note)
        if not replace and connection.introspection.table_names():
            raise BackupError("The database has data. To lose them for those of the backup, add --replace.")
        connection.close()
        with tempfile.TemporaryDirectory(dir=_directory(file)) as place:
            data = _extract(archive, Path(place), file)
            (_load_sqlite if note.database == "sqlite" else _load_postgresql)(data)
    waiting = OutgoingMail.objects.exclude(next_attempt_at=None)
    waiting.update(next_attempt_at=None, error=_MAIL_NOTE)
    return note


def version_of(migrations: set[tuple[str, str]]) -> str:
    """Return the version of this release with these migrations, such as 0.1.0 (workspace 0026, …)."""
    project = tomllib.loads((settings.BASE_DIR / "pyproject.toml").read_text())["project"]
    newest = {app: max((name for of, name in migrations if of == app), default="none")[:4] for app in _APPS}
    return f"{project['version']} ({', '.join(f'{app} {number}' for app, number in newest.items())})"


def _directory(file: Path) -> Path:
    if not file.parent.is_dir():
        raise BackupError(f"There is no directory {file.parent}.")
    return file.parent


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise BackupError(f"{file} is no backup: {error}") from error


def _note(archive: zipfile.ZipFile, file: Path) -> Note:
    try:
        note = Note(**json.loads(archive.read(_NOTE)))
        archive.getinfo(_DATA)
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise BackupError(f"{file} is no backup of Workspace admin, or it is damaged.") from error
    return note


def _extract(archive: zipfile.ZipFile, place: Path, file: Path) -> Path:
    try:
        return Path(archive.extract(_DATA, place))
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise BackupError(f"{file} is damaged: {error}") from error


def _check(note: Note) -> None:
    own = version_of(set(MigrationLoader(None).disk_migrations))
    if note.version != own:
        raise BackupError(
            f"The backup is of version {note.version}, this is version {own}. "
            "Restore it with its own version, then upgrade."
        )
    if note.database != connection.vendor:
        raise BackupError(f"The backup is of {note.database}, and this installation runs on {connection.vendor}.")
    if problem := key_ring.difference(KeyRing(secret_key=note.secret_key, sealing=note.sealing)):
        raise BackupError(f"The backup was made with other keys. {problem}")


def _dump_sqlite(data: Path) -> None:
    with closing(sqlite3.connect(connection.settings_dict["NAME"])) as source:
        source.execute("VACUUM INTO ?", [str(data)])


def _load_sqlite(data: Path) -> None:
    """Copy all pages in one transaction, so other processes see the old data or the new ones."""
    with closing(sqlite3.connect(data)) as source, closing(sqlite3.connect(connection.settings_dict["NAME"])) as target:
        try:
            if (found := source.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
                raise sqlite3.DatabaseError(found)
            source.backup(target)
        except sqlite3.Error as error:
            raise BackupError(f"SQLite refused the data: {error}. Stop servers and jobs, then try again.") from error


def _dump_postgresql(data: Path) -> None:
    _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={data}")


def _load_postgresql(data: Path) -> None:
    options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction"]
    _run("pg_restore", *options, str(data))


def _run(program: str, *options: str) -> None:
    """Run a program of PostgreSQL at the database. It gets the password by its environment."""
    if not shutil.which(program):
        raise BackupError(_RECIPE.format(program=program))
    (_, *where, name), secrets = DatabaseClient.settings_to_cmd_args_env(connection.settings_dict, [])
    command = [program, *where, f"--dbname={name}", *options]
    done = subprocess.run(command, env=os.environ | (secrets or {}), capture_output=True, text=True, check=False)  # noqa: S603 -- our own words
    if done.returncode:
        raise BackupError(f"{program} failed:\n{done.stderr.strip()}")
