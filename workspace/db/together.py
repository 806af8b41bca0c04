"""Writes to several tables that are done together: by one statement on PostgreSQL, by prepared ones on SQLite."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, groupby
from operator import itemgetter
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model

from workspace.db.begun import Run, begun
from workspace.db.statement import Statement, insert_sql, is_filled_by_database, run_planned, sent

# PostgreSQL keeps the plans of statements in memory. Of more writes than this, each table's are done by themselves.
_MOST = 30
# So many rows of one table have a statement of their own.
_FEW = 8
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


# A new instance of a model, or a statement with its values.
Write: TypeAlias = Model | tuple[Statement, Sequence[object]]


def write_together(writes: Sequence[Write], only_if: Condition | None = None) -> tuple[Any, ...] | None:
    """Do all of these or none. Return the columns that one of them returns; None where nothing was written.

    New rows hold all that is stored, keys and times too, and no expressions. With `only_if`, nothing is written where
    the query finds nothing, or where the first row is new and would break a unique constraint. Nothing either where a
    row to change is not there that is required; a caller with such a row ends its transaction then.
    """
    # `connection` itself would be looked up again for each of its attributes.
    database = connections[DEFAULT_DB_ALIAS]
    if len(writes) == 1 and only_if is None and isinstance(writes[0], tuple) and not writes[0][0].where:
        # Every read of a machine writes a row of a log.
        run_planned(database, writes[0][0].sql, sent(writes[0][1]))
        return ()
    is_one = len(writes) == 1 or (database.vendor == "postgresql" and len(writes) <= _MOST)
    parts = [_part(write) for write in (writes if is_one else writes[:1])]
    values = [part_values for _, part_values in parts]
    if only_if:
        values.insert(0, sent(only_if.values))
    sql = _sql(tuple(statement for statement, _ in parts), only_if and only_if.sql)
    is_begun = is_one or database.in_atomic_block
    with nullcontext(partial(run_planned, database)) if is_begun else begun(database) as run:
        rows, count = run(sql, list(chain(*values)))
        if not (rows or count > 0):
            return None
        for statement, alike in groupby(() if is_one else writes[1:], _statement):
            returned = _run_all(database, run, statement, list(alike))
            if returned is None:
                return None
            rows = returned if statement.returning else rows
    for write in writes:
        if isinstance(write, Model):
            write._state.adding, write._state.db = False, database.alias
    return tuple(rows[0]) if rows else ()


def _run_all(database: BaseDatabaseWrapper, run: Run, statement: Statement, writes: list[Write]) -> list[Any] | None:
    """Do writes that have one statement. Return what the last of them returns; None where a required row is missing."""
    instances = [write for write in writes if isinstance(write, Model)]
    if instances and database.vendor == "postgresql":
        type(instances[0])._base_manager.bulk_create(instances)
        return []
    rows = [_part(write)[1] for write in writes]
    if statement.where:
        changed = [run(_sql((statement,), None), row) for row in rows]
        is_done = all(count for _, count in changed) or not statement.is_required
        return changed[-1][0] if is_done else None
    if len(rows) <= _FEW:
        run(_inserting(statement.sql, len(rows)), list(chain(*rows)))
        return []
    with database.cursor() as cursor:
        cursor.executemany(statement.sql, rows)
    return []


def _statement(write: Write) -> Statement:
    return _columns(type(write)).insertion if isinstance(write, Model) else write[0]


def _part(write: Write) -> tuple[Statement, list[Any]]:
    """Return the statement of a write, and its values."""
    if isinstance(write, Model):
        columns = _columns(type(write))
        return columns.insertion, columns.values(write)
    statement, values = write
    return statement, sent(values)


@cache
def _sql(statements: tuple[Statement, ...], condition: str | None) -> str:
    """Return one statement that does all.

    On PostgreSQL each is done after the one before, so new rows are counted in order, and rows are locked in order.
    """
    first, *others = statements
    named, before = ([f"found AS ({condition})"], "found") if condition else ([], "")
    end = "WHERE true ON CONFLICT DO NOTHING" if condition and not first.where else ""
    if not others:
        with_found = f"WITH {named[0]}" if named else ""
        # SQLite's driver does not count what a statement with a CTE has written.
        returned = first.returning or ("1" if named else "")
        return _joined(with_found, _after(first.sql, before), first.where or end, returned and f"RETURNING {returned}")
    for number, each in enumerate(statements):
        where = each.where or (end if number == 0 else "")
        sql = _joined(_after(each.sql, before), where, f"RETURNING {each.returning or 1}")
        named.append(f"row_{number} AS ({sql})")
        before = f"row_{number}" if each.is_required else before
    shown = [f"row_{number}" for number, each in enumerate(statements) if each.returning]
    read = ", ".join(sorted({*shown, before or "row_0"}))
    return f"WITH {', '.join(named)} SELECT {', '.join(f'{row}.*' for row in shown)} FROM {read}"  # noqa: S608 -- our own names


def _after(sql: str, before: str) -> str:
    """Return a statement that waits for the one before."""
    if not before:
        return sql
    inserted, is_insertion, marks = sql.partition(" VALUES (")
    if is_insertion:
        sql = f"{inserted} SELECT {marks.removesuffix(')')}"
    return f"{sql} {'USING' if sql.startswith('DELETE') else 'FROM'} {before}"


def _joined(*parts: str) -> str:
    return " ".join(filter(None, parts))


@cache
def _inserting(sql: str, count: int) -> str:
    """Return the INSERT of so many rows."""
    marks = sql[sql.rindex("(") :]
    return ", ".join([sql, *[marks] * (count - 1)])


class _Columns:
    """The columns of a model, but those that the database fills."""

    def __init__(self, model: type[Model]) -> None:
        fields = [field for field in model._meta.concrete_fields if not is_filled_by_database(field)]
        self.insertion = Statement(insert_sql(model, fields))
        self._read = itemgetter(*(field.attname for field in fields))
        self._prepared = [(place, field) for place, field in enumerate(fields) if type(field) not in _PLAIN]

    def values(self, row: Model) -> list[Any]:
        values = list(self._read(vars(row)))
        for place, field in self._prepared:
            values[place] = field.get_db_prep_save(values[place], connection)
        return sent(values)


_columns = cache(_Columns)
