"""Changes of rows that are compiled once, and the conditions of `write_together`."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Model, QuerySet, Value
from django.db.models.sql import DeleteQuery, UpdateQuery

from workspace.db.parameters import Params, Typed, bound, column, parameters, quoted
from workspace.db.statement import Statement, run_planned
from workspace.db.together import Condition, Write

# Rows, and columns of new or changed rows by their names.
Selected: TypeAlias = tuple[QuerySet[Model], dict[str, object]]


class PreparedCondition:
    """A query set as a function of its values, for `write_together`.

    On PostgreSQL it first locks rows of `shared` against changes of their keys, then those of `locked` against changes.
    """

    def __init__(
        self,
        build: "Callable[..., QuerySet[Any, Any]]",
        *fields: Typed,
        shared: Sequence[type[Model]],
        locked: Sequence[type[Model]] = (),
    ) -> None:
        self._build, self._fields, self._shared, self._locked = build, fields, shared, locked
        self._compiled: tuple[str, Params] | None = None

    def __call__(self, *values: object) -> Condition:
        if self._compiled is None:
            self._compiled = self._compile()
        sql, params = self._compiled
        # `connection` itself would be looked up again for each of its attributes.
        database = connections[DEFAULT_DB_ALIAS]
        return Condition(sql, [bound(each, values, database) for each in params])

    def _compile(self) -> tuple[str, Params]:
        sql, params = self._build(*parameters(self._fields)).query.sql_with_params()
        # Django has no word for the weakest lock of PostgreSQL, and compiles no lock outside of a transaction.
        if connection.vendor == "postgresql":
            for lock, models in (("KEY SHARE", self._shared), ("NO KEY UPDATE", self._locked)):
                tables = ", ".join(connection.ops.quote_name(each._meta.db_table) for each in models)
                sql = f"{sql} FOR {lock} OF {tables}" if tables else sql
        return sql, params


class PreparedDeletion:
    """The DELETE of a query set's rows as a function of its values, for `write_together`. It may find none.

    Rows that refer to these are not deleted with them. With `skips_locked`, rows that somebody else has locked stay;
    leave it out for rows after an offset, because PostgreSQL would lock those before it too.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Any]]", *fields: Typed, skips_locked: bool = False) -> None:
        self._build, self._fields, self._lock = build, fields, " FOR UPDATE SKIP LOCKED" if skips_locked else ""
        self._compiled: tuple[Statement, Params] | None = None

    def __call__(self, *values: object) -> Write:
        if self._compiled is None:
            self._compiled = self._compile()
        statement, params = self._compiled
        return statement, [bound(each, values, connection) for each in params]

    def _compile(self) -> tuple[Statement, Params]:
        rows = self._build(*parameters(self._fields))
        sql, params = rows.values("pk").query.sql_with_params()
        # PostgreSQL might run a plain IN with a lock more than once.
        among = f"= ANY(ARRAY({sql}{self._lock}))" if connection.vendor == "postgresql" else f"IN ({sql})"
        quote, meta = connection.ops.quote_name, rows.model._meta
        table, pk = quote(meta.db_table), quote(str(meta.pk.column))
        where = f"WHERE {table}.{pk} {among}"
        return Statement(f"DELETE FROM {table}", where, is_required=False), params  # noqa: S608 -- our own names


class _Change:
    """A statement that changes rows, as a function of its values."""

    def __init__(self, build: Callable[..., Selected], *fields: Typed) -> None:
        self._build, self._fields = build, fields
        self._compiled: tuple[str, Params] | None = None

    def _compile(self, rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
        raise NotImplementedError

    def _run(self, values: Params) -> tuple[list[Any], int]:
        if self._compiled is None:
            self._compiled = self._compile(*self._build(*parameters(self._fields)))
        sql, params = self._compiled
        # `connection` itself would be looked up again for each of its attributes.
        database = connections[DEFAULT_DB_ALIAS]
        return run_planned(database, sql, [bound(each, values, database) for each in params])


class Insertion(_Change):
    """INSERT … SELECT as a function of its values, the last of which are ids. It returns those that got a new row.

    `build` returns a query set and the columns of the new rows, of which `returning` is the id. A row that exists stays
    as it is.
    """

    def __init__(
        self,
        model: type[Model],
        build: Callable[..., Selected],
        *fields: Typed,
        returning: str,
    ) -> None:
        super().__init__(build, *fields)
        self._model, self._returning = model, returning

    def __call__(self, *values: Any) -> list[Any]:
        new, ids = self._run(values)[0], values[-1]
        if len(new) == len(ids):  # Mostly all are new. Reading a thousand UUIDs takes longer than a look-up.
            return list(ids)
        field = column(self._model, self._returning)
        return [field.to_python(value) for (value,) in new]

    def _compile(self, rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
        sql, params = insertion(self._model, rows, columns)
        return f"{sql} RETURNING {quoted(column(self._model, self._returning))}", params


class Update(_Change):
    """UPDATE as a function of its values. It returns the number of changed rows.

    `build` returns a query set and the new values of its rows by column.
    """

    def __call__(self, *values: object) -> int:
        return self._run(values)[1]

    def _compile(self, rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(columns)
        query.clear_ordering(force=True)
        return query.get_compiler(rows.db).as_sql()


class Deletion(_Change):
    """DELETE as a function of its values. It returns the columns `returning` of the rows that are gone.

    `build` returns a query set of one table. Rows that refer to these are not deleted with them.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any]]", *fields: Typed, returning: Sequence[str]) -> None:
        super().__init__(lambda *values: (build(*values), {}), *fields)
        self._returning = returning

    def __call__(self, *values: object) -> list[tuple[Any, ...]]:
        gone = self._run(values)[0]
        return [tuple(field.to_python(each) for field, each in zip(self._columns, row, strict=True)) for row in gone]

    def _compile(self, rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
        self._columns = [column(rows.model, name) for name in self._returning]
        query: Any = rows.query.chain(DeleteQuery)
        query.clear_ordering(force=True)
        sql, params = query.get_compiler(rows.db).as_sql()
        return f"{sql} RETURNING {', '.join(map(quoted, self._columns))}", params


def insertion(model: type[Model], rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
    """Return an INSERT … SELECT with its parameters. `rows` need a filter, and are inserted in their order."""
    selected = {}
    for name, value in columns.items():
        field = column(model, name)
        is_expression = hasattr(value, "resolve_expression")
        # The prefix avoids the names of columns of `rows`.
        selected[f"new_{name}"] = value if is_expression else Value(value, getattr(field, "target_field", field))
    sql, params = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(quoted(column(model, name)) for name in columns)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) {sql} ON CONFLICT DO NOTHING", params
