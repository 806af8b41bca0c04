"""Locks of a connection's row, named for what they do.

Every request that changes something takes the shared lock before any other lock. Changing mappings takes the exclusive
one, which therefore waits in no circle. Requests whose effects on access depend on each other take turns, after they
have locked users and groups. Each lock reads the connection's settings anew: an administrator may have changed them.
"""

from functools import cache
from uuid import UUID

from django.db import connection as database

from provisioning.models import ProvisioningConnection

_PK = ProvisioningConnection._meta.pk


def lock_shared(connection: ProvisioningConnection) -> None:
    """Keep administrators from changing the connection until the transaction ends; take it before any other lock."""
    _lock(connection, "FOR KEY SHARE")


def lock_for_effects(connection: ProvisioningConnection) -> None:
    """Take turns with other requests that change access; take it after the locks of users and groups."""
    _lock(connection, "FOR NO KEY UPDATE")


def lock_exclusive(connection: ProvisioningConnection) -> None:
    """Wait for all requests that change something, and let later ones wait."""
    _lock(connection, "FOR UPDATE")


def _lock(connection: ProvisioningConnection, lock: str) -> None:
    """SQLite has one writer anyway. Django knows no word for the weakest lock of PostgreSQL."""
    with database.cursor() as cursor:
        sql = _settings_sql() + (f" {lock}" if database.vendor == "postgresql" else "")
        cursor.execute(sql, [_PK.get_db_prep_value(connection.pk, database)])
        for name, value in zip(ProvisioningConnection.SETTINGS, cursor.fetchone(), strict=True):
            setattr(connection, name, value)


@cache
def _settings_sql() -> str:
    """Return the statement, compiled once: every request that changes something runs it."""
    rows = ProvisioningConnection.objects.filter(pk=UUID(int=0)).values_list(*ProvisioningConnection.SETTINGS)
    return rows.query.sql_with_params()[0]
