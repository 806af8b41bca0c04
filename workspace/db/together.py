"""New rows of several tables, inserted together: by one statement on PostgreSQL, by prepared ones on SQLite."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from django.db import connection, models
from django.db.models import Model

from workspace.db.statement import insert_sql, is_filled_by_database, run_planned, sent

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


def insert_together(rows: Sequence[Model], only_if: Condition | None = None) -> bool:
    """Insert new rows, and say whether it was done.

    They hold all that is stored, keys and times too, and no expressions. With `only_if`, nothing is inserted where the
    query finds nothing, or where the first row would break a unique constraint.
    """
    is_one = connection.vendor == "postgresql" and len(rows) <= _MOST
    first, rest = (rows, []) if is_one else (rows[:1], rows[1:])
    values = [_columns(type(row)).values(row) for row in first]
    if only_if:
        values.insert(1, sent(only_if.values))
    sql = _sql(tuple(map(type, first)), only_if and only_if.sql)
    if run_planned(connection, sql, list(chain(*values)))[1] < 1:
        return False
    for model, each in groupby(rest, type):
        _insert_all(model, list(each))
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias
    return True


def _insert_all(model: type[Model], rows: list[Model]) -> None:
    if connection.vendor == "postgresql":
        model._base_manager.bulk_create(rows)
        return
    columns = _columns(model)
    with connection.cursor() as cursor:
        cursor.executemany(insert_sql(model, columns.fields), [columns.values(row) for row in rows])


@cache
def _sql(models: tuple[type[Model], ...], condition: str | None) -> str:
    """Return the statement. On PostgreSQL each row is inserted after the one before, so they are counted in order."""
    first, *others = (_columns(model).insertion for model in models)
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
        self.fields = [field for field in model._meta.concrete_fields if not is_filled_by_database(field)]
        quote = connection.ops.quote_name
        names = ", ".join(quote(str(field.column)) for field in self.fields)
        marks = ", ".join(["%s"] * len(self.fields))
        self.insertion = f"INSERT INTO {quote(model._meta.db_table)} ({names}) SELECT {marks}"
        self._read = attrgetter(*(field.attname for field in self.fields))
        self._prepared = [(place, field) for place, field in enumerate(self.fields) if type(field) not in _PLAIN]

    def values(self, row: Model) -> list[Any]:
        values = list(self._read(row))
        for place, field in self._prepared:
            values[place] = field.get_db_prep_save(values[place], connection)
        return sent(values)


_columns = cache(_Columns)
