"""SQL without the ORM, for what every request of a machine needs. All raw SQL of the application goes through here."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.models import NOT_PROVIDED, AutoField, Field, Model

from workspace.db.waiting import ask

# How values are sent. Other types are sent as they are.
_JSON: dict[type, Callable[[Any], object]] = {dict: json.dumps, list: json.dumps}
_SQLITE = _JSON | {UUID: lambda pk: pk.hex, datetime: lambda moment: str(moment.replace(tzinfo=None))}


class Statement:
    """One SQL statement with `%s` for each value. PostgreSQL plans it once in each connection.

    Values are what the ORM takes: ids are UUID, times are aware datetimes in UTC, JSON is a dict or a list. Rows are
    what the driver returns: on SQLite ids and times are text.
    """

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._for_sqlite = sql.replace("%s", "?")

    def run(self, *values: object) -> int:
        """Run it. Return how many rows it changed."""
        return int(self._execute(values).rowcount)

    def rows(self, *values: object) -> list[tuple[Any, ...]]:
        """Run it. Return the rows that it found."""
        found: list[tuple[Any, ...]] = self._execute(values).fetchall()
        return found

    def _execute(self, values: tuple[object, ...]) -> Any:
        connection.ensure_connection()
        is_sqlite = connection.vendor == "sqlite"
        adapted = _SQLITE if is_sqlite else _JSON
        sent: list[Any] = [adapted[type(value)](value) if type(value) in adapted else value for value in values]
        if connection.queries_logged:  # The log shows statements of Django's cursor.
            cursor = connection.cursor()
            cursor.execute(self.sql, sent)
            return cursor
        connection.validate_no_broken_transaction()
        if is_sqlite:
            return ask(_on_sqlite, self._for_sqlite, sent, False, {"connection": connection})
        from django.db.backends.postgresql.base import ServerBindingCursor  # needs psycopg

        with connection.wrap_database_errors:
            bound: Any = ServerBindingCursor(connection.connection)  # type: ignore[call-arg]
            return bound.execute(self.sql, sent, prepare=True)


def _on_sqlite(sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    with connection.wrap_database_errors:
        return connection.connection.execute(sql, params)


def insertion_of(model: type[Model], *names: str) -> Statement:
    """Return the INSERT of one row, whose values are of these fields in this order.

    Raises ImproperlyConfigured when a field of the model would have no value: at the start, not at the first request.
    """
    fields = {field.name: field for field in model._meta.concrete_fields}
    missing = [name for name, field in fields.items() if name not in names and not _is_filled_by_database(field)]
    if missing or not fields.keys() >= set(names):
        raise ImproperlyConfigured(f"The INSERT of {model._meta.label} does not fit its fields: {missing or names}.")
    columns = ", ".join(f'"{fields[name].column}"' for name in names)
    marks = ", ".join(["%s"] * len(names))
    return Statement(f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})')  # noqa: S608 -- our names


def _is_filled_by_database(field: "Field[Any, Any]") -> bool:
    return isinstance(field, AutoField) or field.db_default is not NOT_PROVIDED
