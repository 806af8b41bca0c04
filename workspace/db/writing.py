"""A check that the database takes changes."""

import shutil
from pathlib import Path

from django.db import OperationalError, connection, transaction

from workspace.db.waiting import at_most

# With less than this, SQLite's next transactions fill the disk.
_LEAST_FREE_BYTES = 2**20


def check_writable(*, seconds: float) -> None:
    """Raise a DatabaseError if a change would fail. On SQLite, wait so many seconds for the other writer."""
    with at_most(seconds), transaction.atomic(), connection.cursor() as cursor:
        # It changes nothing, but a read-only database refuses it.
        cursor.execute("DELETE FROM django_migrations WHERE 1 = 0")
    if connection.vendor == "sqlite":
        # SQLite writes to the disk only at the commit, so the statement above does not notice a full one.
        directory = Path(connection.settings_dict["NAME"]).parent
        if shutil.disk_usage(directory).free < _LEAST_FREE_BYTES:
            raise OperationalError("database or disk is full")
