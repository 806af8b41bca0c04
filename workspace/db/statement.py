"""SQL without the ORM, for the rows that every request of a machine writes."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeAlias
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper
from django.db.models import NOT_PROVIDED, AutoField, Field, Model

AnyField: TypeAlias = "Field[Any, Any]"

# How values are sent. Other types are sent as they are.
_JSON: dict[type, Callable[[Any], object]] = {dict: json.dumps, list: json.dumps}
_SQLITE = _JSON | {UUID: lambda pk: pk.hex, datetime: lambda moment: str(moment.replace(tzinfo=None))}


class Statement:
    """One SQL statement with `%s` for each value.

    Values are what the ORM takes: ids are UUID, times are aware datetimes in UTC, JSON is a dict or a list.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql

    def run(self, *values: object) -> None:
        """Run it."""
        with planned_cursor(connection) as cursor:
            cursor.execute(self.sql, sent(values))


def sent(values: Iterable[object]) -> list[Any]:
    """Return values as the driver takes them."""
    adapted = _SQLITE if connection.vendor == "sqlite" else _JSON
    return [adapted[type(value)](value) if type(value) in adapted else value for value in values]


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


def insert_sql(model: type[Model], fields: Iterable[AnyField]) -> str:
    """Return the INSERT of one row with these columns."""
    quote = connection.ops.quote_name
    columns = [quote(str(field.column)) for field in fields]
    marks = ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {quote(model._meta.db_table)} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608 -- our own names


def planned_cursor(connection: BaseDatabaseWrapper) -> CursorWrapper:
    """Return a cursor. On PostgreSQL its statements are planned once in each connection, not at each execution.

    While statements are logged it is a plain one, because the log shows them with their values.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # needs psycopg

    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[attr-defined, call-arg]


def is_filled_by_database(field: AnyField) -> bool:
    """Say whether a new row needs no value for a column."""
    return isinstance(field, AutoField) or field.db_default is not NOT_PROVIDED
