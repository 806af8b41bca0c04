"""SQL without the ORM, for the rows that every request of a machine writes."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, TypeAlias, cast
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import NOT_PROVIDED, AutoField, Field, Model

from workspace.db.waiting import ask
from workspace.json_text import ascii_of

AnyField: TypeAlias = "Field[Any, Any]"
# The rows of a statement as the driver gives them, and the number of changed rows.
Ran: TypeAlias = tuple[list[Any], int]

# Asked for each statement, the settings took a hundredth of a look-up.
_is_debugging = settings.DEBUG
# The wrappers of statements that a connection has when nobody looks at them.
_OURS: list[list[object]] = [[], [ask]]


@lru_cache(maxsize=16)
def _moment(moment: datetime) -> str:
    """Return a time as SQLite has it. Most rows of a request have the same one."""
    return str(moment.replace(tzinfo=None))


# How values are sent. Other types are sent as they are.
_JSON: dict[type, Callable[[Any], object]] = {dict: ascii_of, list: ascii_of}
_SQLITE = _JSON | {UUID: lambda pk: pk.hex, datetime: _moment}


@dataclass(frozen=True)
class Statement:
    """One SQL statement with `%s` for each value.

    Values are what the ORM takes: ids are UUID, times are aware datetimes in UTC, JSON is a dict or a list. `where` and
    `returning` are the ends of an UPDATE or a DELETE, whose row need not be there if it is not `is_required`.
    """

    sql: str
    where: str = ""
    returning: str = ""
    is_required: bool = True

    def run(self, *values: object) -> None:
        """Run it."""
        run_planned(connections[DEFAULT_DB_ALIAS], self.sql, sent(values))


def sent(values: Iterable[object]) -> list[Any]:
    """Return values as the driver takes them."""
    adapted = _adapted()
    return [adapted[kind](value) if (kind := type(value)) in adapted else value for value in values]


@cache
def _adapted() -> dict[type, Callable[[Any], object]]:
    return _SQLITE if connection.vendor == "sqlite" else _JSON


def insertion_of(model: type[Model], *names: str) -> Statement:
    """Return the INSERT of one row, whose values are of these fields in this order.

    Raises ImproperlyConfigured when a field of the model would have no value: at the start, not at the first request.
    """
    fields = {field.name: field for field in model._meta.concrete_fields}
    missing = [name for name, field in fields.items() if name not in names and not is_filled_by_database(field)]
    unknown = set(names) - fields.keys()
    if missing or unknown:
        raise ImproperlyConfigured(f"The INSERT of {model._meta.label} lacks {missing} and names {sorted(unknown)}.")
    return Statement(insert_sql(model, [fields[name] for name in names]))


def update_of(model: type[Model], *names: str, counted: str = "", is_required: bool = True) -> Statement:
    """Return the UPDATE of one row by its id, whose values are of these fields in this order, and then the id.

    `counted` is a number that grows by one. The statement returns what it is then.
    """
    quote, meta = connection.ops.quote_name, model._meta
    table, pk = quote(meta.db_table), quote(str(meta.pk.column))
    columns = [f"{quote(str(meta.get_field(name).column))} = %s" for name in names]  # type: ignore[union-attr]
    if counted:
        columns.append(f"{quote(counted)} = {table}.{quote(counted)} + 1")
    sql = f"UPDATE {table} SET {', '.join(columns)}"  # noqa: S608 -- our own names
    return Statement(sql, f"WHERE {table}.{pk} = %s", f"{table}.{quote(counted)}" if counted else "", is_required)


def deletion_of(model: type[Model], *names: str) -> Statement:
    """Return the DELETE of the row that has these values in these fields."""
    quote, meta = connection.ops.quote_name, model._meta
    table = quote(meta.db_table)
    columns = [f"{table}.{quote(str(meta.get_field(name).column))} = %s" for name in names]  # type: ignore[union-attr]
    return Statement(f"DELETE FROM {table}", f"WHERE {' AND '.join(columns)}")  # noqa: S608 -- our own names


def insert_sql(model: type[Model], fields: Iterable[AnyField]) -> str:
    """Return the INSERT of one row with these columns.

    By VALUES: of a SELECT, SQLite expects several rows, and copies each page before it changes it.
    """
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    marks = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 -- our own names


def run_planned(connection: BaseDatabaseWrapper, sql: str, params: Sequence[Any]) -> Ran:
    """Run a statement. On PostgreSQL it is planned once in each connection, not at each execution."""
    if is_watched(connection):
        # Who looks at statements sees them as Django runs them.
        with connection.cursor() as cursor:
            cursor.execute(sql, params)
            return cursor.fetchall() if cursor.description else [], cursor.rowcount
    connection.close_if_health_check_failed()
    if connection.connection is None:  # Asked by itself, Django looks for an event loop each time.
        connection.ensure_connection()
    connection.validate_no_broken_transaction()
    if connection.vendor == "postgresql":
        return _run_on_postgresql(sql, params, False, {"connection": connection})
    given = with_sqlite_marks(sql), params, False, {"connection": connection}
    # Whoever is in a transaction that changes something waits for nobody.
    return _run_on_sqlite(*given) if connection.connection.in_transaction else cast(Ran, ask(_run_on_sqlite, *given))


def is_watched(connection: BaseDatabaseWrapper) -> bool:
    """Say whether somebody looks at the statements of a connection."""
    return _is_debugging or connection.force_debug_cursor or connection.execute_wrappers not in _OURS


def _run_on_postgresql(sql: str, params: Any, many: bool, context: dict[str, Any]) -> Ran:
    # Other cursors of psycopg look for the marks again at each run of a long statement.
    from psycopg import OperationalError, RawCursor, errors

    connection = context["connection"]
    with connection.wrap_database_errors:
        cursor = RawCursor(connection.connection)
        try:
            cursor.execute(_with_numbers(sql), params)
        except (errors.InvalidSqlStatementName, errors.FeatureNotSupported) as error:
            # A pooler has reset the session, or a column has another type: psycopg would run the lost plan for ever.
            if connection.in_atomic_block:  # the end of the transaction makes it forget all plans
                raise OperationalError(str(error)) from error
            connection.connection.execute("DEALLOCATE ALL")
            cursor.execute(_with_numbers(sql), params)
        # `description` would make an object of each column.
        has_columns = cursor.pgresult and cursor.pgresult.nfields
        return cursor.fetchall() if has_columns else [], cursor.rowcount


def _run_on_sqlite(sql: str, params: Any, many: bool, context: dict[str, Any]) -> Ran:
    connection = context["connection"]
    with connection.wrap_database_errors:
        cursor = connection.connection.execute(sql, params)
        return cursor.fetchall(), cursor.rowcount


@cache
def with_sqlite_marks(sql: str) -> str:
    """Return a statement with the marks of SQLite's driver."""
    return sql % (("?",) * _count_marks(sql))


@cache
def _with_numbers(sql: str) -> bytes:
    return (sql % tuple(f"${number + 1}" for number in range(_count_marks(sql)))).encode()


def _count_marks(sql: str) -> int:
    return sql.replace("%%", "").count("%s")


def is_filled_by_database(field: AnyField) -> bool:
    """Say whether a new row needs no value for a column."""
    return isinstance(field, AutoField) or field.db_default is not NOT_PROVIDED
