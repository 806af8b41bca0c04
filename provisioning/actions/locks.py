"""Locks of a connection's row, named for what they do.

Every request that changes something takes the shared lock before any other lock. Changing mappings takes the exclusive
one, which therefore waits in no circle. Requests whose effects on access depend on each other take turns, after they
have locked users and groups. The first two read the connection's settings anew: an administrator may have changed
them. From then on they stay as they are.

Requests that only add members to a SCIM Group do so side by side; any other change of the group is alone. The lock
between them is PostgreSQL's advisory one, which goes by the order of asking. With locks of the row alone, those who add
would wait in a circle when they count the version, or let who waits for all of them wait for ever.
"""

from functools import cache
from hashlib import blake2b
from uuid import UUID

from django.db import connection as database

from provisioning.models import ProvisioningConnection
from workspace.db.statement import run_planned
from workspace.db.together import Condition

_PK = ProvisioningConnection._meta.pk
_TABLE = ProvisioningConnection._meta.db_table


def lock_shared(connection: ProvisioningConnection) -> None:
    """Keep administrators from changing the connection until the transaction ends; take it before any other lock."""
    _lock(connection, "FOR KEY SHARE")


def lock_for_effects(connection: ProvisioningConnection) -> None:
    """Take turns with other requests that change access; take it after the locks of users and groups."""
    if database.vendor == "postgresql":
        run_planned(database, f"SELECT FROM {_TABLE} WHERE id = %s FOR NO KEY UPDATE", [connection.pk])


def lock_exclusive(connection: ProvisioningConnection) -> None:
    """Wait for all requests that change something, and let later ones wait."""
    _lock(connection, "FOR UPDATE")


def unchanged(connection: ProvisioningConnection) -> Condition:
    """Return the condition that the settings are still as they were read. It takes the shared lock."""
    settings = [getattr(connection, name) for name in ProvisioningConnection.SETTINGS]
    lock = " FOR KEY SHARE" if database.vendor == "postgresql" else ""
    return Condition(f"{_settings_sql()}{_same_settings_sql()}{lock}", [connection.pk, *settings])


def lock_group_to_add(connection: ProvisioningConnection, group: UUID) -> None:
    """Add members beside others who add some; take it after the shared lock of the connection."""
    _lock_group(connection, group, "SELECT pg_advisory_xact_lock_shared(%s)")


def lock_group_alone(connection: ProvisioningConnection, group: UUID) -> None:
    """Wait for all who add members, and let later ones wait; take it before the lock of the group's row."""
    _lock_group(connection, group, "SELECT pg_advisory_xact_lock(%s)")


def _lock_group(connection: ProvisioningConnection, group: UUID, sql: str) -> None:
    """Lock by a number of both ids, so that nobody can name the lock of another connection's group."""
    if database.vendor == "postgresql":
        number = blake2b(connection.pk.bytes + group.bytes, digest_size=8).digest()
        run_planned(database, sql, [int.from_bytes(number, signed=True)])


def _lock(connection: ProvisioningConnection, lock: str) -> None:
    """SQLite has one writer anyway. Django knows no word for the weakest lock of PostgreSQL."""
    sql = _settings_sql() + (f" {lock}" if database.vendor == "postgresql" else "")
    rows, _ = run_planned(database, sql, [_PK.get_db_prep_value(connection.pk, database)])
    for name, value in zip(ProvisioningConnection.SETTINGS, rows[0], strict=True):
        setattr(connection, name, value)


@cache
def _settings_sql() -> str:
    """Return the statement, compiled once: every request that changes something runs it."""
    rows = ProvisioningConnection.objects.filter(pk=UUID(int=0)).values_list(*ProvisioningConnection.SETTINGS)
    return rows.query.sql_with_params()[0]


@cache
def _same_settings_sql() -> str:
    columns = {field.name: str(field.column) for field in ProvisioningConnection._meta.concrete_fields}
    return "".join(f" AND {database.ops.quote_name(columns[name])} = %s" for name in ProvisioningConnection.SETTINGS)
