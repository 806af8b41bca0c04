"""New rows of several tables, inserted together: by one statement on PostgreSQL, by prepared ones on SQLite."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from workspace.db.statement import Statement, insert_sql, is_filled_by_database, run_planned, sent

# PostgreSQL keeps the plans of statements in memory. Of more rows than this, each table's are inserted by themselves.
_MOST = 30
# What these hold is sent as it is. Other fields prepare it.
_PLAIN = {
    *(models.BooleanField, models.CharField, models.DateTimeField, models.FloatField, models.ForeignKey),
    *(models.JSONField, models.PositiveIntegerField, models.PositiveSmallIntegerField, models.TextField),
    models.UUIDField,
}


@dataclass(frozen=True)
class Condition:
    """A query, which may lock what it finds. `values` are those of its marks."""

    sql: str
    values: Sequence[object]


# An instance of a model, or an insertion with its values.
NewRow: TypeAlias = Model | tuple[Statement, Sequence[object]]


def insert_together(rows: Sequence[NewRow], only_if: Condition | None = None) -> bool:
    """Insert new rows, and say whether it was done. All are stored or none.

    They hold all that is stored, keys and times too, and no expressions. With `only_if`, nothing is inserted where the
    query finds nothing, or where the first row would break a unique constraint.
    """
    # `connection` itself would be looked up again for each of its attributes.
    database = connections[DEFAULT_DB_ALIAS]
    is_one = len(rows) == 1 or (database.vendor == "postgresql" and len(rows) <= _MOST)
    first, rest = (rows, []) if is_one else (rows[:1], rows[1:])
    parts = [_part(row) for row in first]
    values = [part_values for _, part_values in parts]
    if only_if:
        values.insert(1, sent(only_if.values))
    sql = _sql(tuple(part_sql for part_sql, _ in parts), only_if and only_if.sql)
    with nullcontext() if is_one or database.in_atomic_block else transaction.atomic():
        if run_planned(database, sql, list(chain(*values)))[1] < 1:
            return False
        for _, each in groupby(rest, type):
            _insert_all(database, list(each))
    for row in rows:
        if isinstance(row, Model):
            row._state.adding, row._state.db = False, database.alias
    return True


def _insert_all(database: BaseDatabaseWrapper, rows: list[NewRow]) -> None:
    """Insert rows of one table."""
    instances = [row for row in rows if isinstance(row, Model)]
    if database.vendor == "postgresql" and instances:
        type(instances[0])._base_manager.bulk_create(instances)
        return
    parts = [_part(row) for row in rows]
    if len(parts) == 1:
        run_planned(database, *parts[0])
        return
    with database.cursor() as cursor:
        cursor.executemany(parts[0][0], [values for _, values in parts])


def _part(row: NewRow) -> tuple[str, list[Any]]:
    """Return the INSERT of a row, and its values."""
    if isinstance(row, Model):
        columns = _columns(type(row))
        return columns.insertion, columns.values(row)
    statement, values = row
    return statement.sql, sent(values)


@cache
def _sql(insertions: tuple[str, ...], condition: str | None) -> str:
    """Return the statement. On PostgreSQL each row is inserted after the one before, so they are counted in order."""
    first, *others = insertions
    if condition:
        first += f" FROM ({condition}) AS found WHERE true ON CONFLICT DO NOTHING"
    if connection.vendor != "postgresql":
        return first
    parts = [first, *(f"{other} FROM row_{number}" for number, other in enumerate(others))]
    named = ", ".join(f"row_{number} AS ({part} RETURNING 1)" for number, part in enumerate(parts))
    return f"WITH {named} SELECT FROM row_{len(others)}"


class _Columns:
    """The columns of a model, but those that the database fills."""

    def __init__(self, model: type[Model]) -> None:
        fields = [field for field in model._meta.concrete_fields if not is_filled_by_database(field)]
        self.insertion = insert_sql(model, fields)
        self._read = attrgetter(*(field.attname for field in fields))
        self._prepared = [(place, field) for place, field in enumerate(fields) if type(field) not in _PLAIN]

    def values(self, row: Model) -> list[Any]:
        values = list(self._read(row))
        for place, field in self._prepared:
            values[place] = field.get_db_prep_save(values[place], connection)
        return sent(values)


_columns = cache(_Columns)
