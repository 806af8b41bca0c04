"""What a process checks before it serves, and what it must have to be ready."""

import os
from functools import cache

from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from workspace import key_ring
from workspace.db.writing import check_writable
from workspace.models import KeyRing


def check_node() -> None:
    """Raise ImproperlyConfigured if this node has other keys than the installation. Without a database it passes."""
    try:
        key_ring.join()
    except DatabaseError:
        return  # /readyz tells of it
    finally:
        connection.close()


def why_not_ready(*, seconds_to_write: float) -> str:
    """Return why requests should not come here, as a sentence; empty if they may. Raises DatabaseError in an outage."""
    if os.path.exists(os.environ.get("DRAINING", "")):  # `make serve` makes this file before it stops
        return "This node is about to stop."
    check_writable(seconds=seconds_to_write)
    if missing := missing_migrations():
        return f"{len(missing)} migrations are missing. Run make release."
    if not getattr(staticfiles_storage, "hashed_files", True):
        return "The static files are missing. Run make release."
    return key_ring.difference(KeyRing.objects.first())


def missing_migrations() -> set[tuple[str, str]]:
    """Return the migrations of this release that the database lacks."""
    return _migrations() - set(MigrationRecorder(connection).applied_migrations())


@cache
def _migrations() -> set[tuple[str, str]]:
    """Return the migrations of this release."""
    return set(MigrationLoader(None).disk_migrations)
