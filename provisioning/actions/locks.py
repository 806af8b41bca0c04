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
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import connection as database
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Func
from django.db.models.sql.compiler import SQLCompiler
from django.utils import timezone

from provisioning.models import ProvisioningConnection
from provisioning.payload.errors import disabled, unauthorized
from workspace.db.statement import run_planned
from workspace.db.together import Condition

_PK = ProvisioningConnection._meta.pk
_TABLE = ProvisioningConnection._meta.db_table
_SHARED = "FOR KEY SHARE"


def lock_shared(connection: ProvisioningConnection) -> None:
    """Keep administrators from changing the connection until the transaction ends; take it before any other lock.

    Raises ScimError where SCIM was turned off, or the connection removed, after its token was read.
    """
    _lock_for_request(connection)


def lock_for_effects(connection: ProvisioningConnection) -> None:
    """Take turns with other requests that change access; take it after the locks of users and groups."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        run_planned(database, f"SELECT FROM {_TABLE} WHERE id = %s FOR NO KEY UPDATE", [connection.pk])


def lock_exclusive(connection: ProvisioningConnection) -> None:
    """Wait for all requests that change something, and let later ones wait.

    `updated_at` changes with it: a statement that waited for the lock sees by it that what it read of other tables may
    be old. Raises DoesNotExist where the connection was removed.
    """
    if not _lock(connection, "FOR UPDATE"):
        raise ProvisioningConnection.DoesNotExist
    ProvisioningConnection.objects.filter(pk=connection.pk).update(updated_at=timezone.now())


def unchanged(connection: ProvisioningConnection) -> Condition:
    """Return the condition that the settings are still as they were read. It takes the shared lock."""
    settings = [getattr(connection, name) for name in ProvisioningConnection.SETTINGS]
    lock = f" {_SHARED}" if database.vendor == "postgresql" else ""
    return Condition(f"{_settings_sql()}{_same_settings_sql()}{lock}", [connection.pk, *settings])


def lock_group_to_add(connection: ProvisioningConnection, group: UUID) -> None:
    """Take the shared lock, then add members beside others who add some."""
    _lock_group(connection, group, "pg_advisory_xact_lock_shared")


def lock_group_alone(connection: ProvisioningConnection, group: UUID) -> None:
    """Take the shared lock, then wait for all who add members, and let later ones wait.

    Take it before the lock of the group's row.
    """
    _lock_group(connection, group, "pg_advisory_xact_lock")


class SharedLockOfGroup(Func):
    """A condition that always holds: it takes the advisory lock of those who add members, given its number.

    SQLite has one writer anyway.
    """

    output_field = BooleanField()
    # A condition on rows that are locked is computed before.
    template = "(SELECT pg_advisory_xact_lock_shared(%(expressions)s)::text) = ''"

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: object) -> tuple[str, Any]:
        return "true", ()


def _lock_group(connection: ProvisioningConnection, group: UUID, function: str) -> None:
    """Lock by a number of both ids, so that nobody can name the lock of another connection's group."""
    _lock_for_request(connection, function, number_of(connection, group))


def number_of(connection: ProvisioningConnection, group: UUID) -> int:
    """Return the number of a group's advisory lock."""
    number = blake2b(connection.pk.bytes + group.bytes, digest_size=8).digest()
    return int.from_bytes(number, signed=True)


def _lock_for_request(connection: ProvisioningConnection, function: str = "", *numbers: int) -> None:
    """Take the shared lock. What the request was let in with may have changed while it waited."""
    if not _lock(connection, _SHARED, function, *numbers):
        raise unauthorized()
    if not connection.is_enabled:
        raise disabled()


def _lock(connection: ProvisioningConnection, lock: str, function: str = "", *numbers: int) -> bool:
    """Lock the row and read the settings; say whether it is there. Then call the function with the numbers.

    SQLite has one writer anyway. Django knows no word for the weakest lock of PostgreSQL.
    """
    # The proxy `connection` would be looked up again for each of its attributes.
    database = connections[DEFAULT_DB_ALIAS]
    sql, values = _settings_sql(), [_PK.get_db_prep_value(connection.pk, database)]
    if database.vendor == "postgresql":
        sql = f"{sql} {lock}"
        if function:
            sql, values = f"SELECT locked.*, {function}(%s) FROM ({sql}) AS locked", [*numbers, *values]  # noqa: S608
    rows, _ = run_planned(database, sql, values)
    for row in rows:
        for name, value in zip(ProvisioningConnection.SETTINGS, row, strict=False):
            setattr(connection, name, value)
    return bool(rows)


@cache
def _settings_sql() -> str:
    """Return the statement, compiled once: every request that changes something runs it."""
    rows = ProvisioningConnection.objects.filter(pk=UUID(int=0)).values_list(*ProvisioningConnection.SETTINGS)
    return rows.query.sql_with_params()[0]


@cache
def _same_settings_sql() -> str:
    columns = {field.name: str(field.column) for field in ProvisioningConnection._meta.concrete_fields}
    return "".join(f" AND {database.ops.quote_name(columns[name])} = %s" for name in ProvisioningConnection.SETTINGS)
