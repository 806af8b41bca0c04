"""Statements that are compiled once: in a request of a few milliseconds, compiling them would take most of the time.

A look-up fills rows as Django's own iteration does (`ModelIterable` of the pinned Django); tests compare the two.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeAlias, TypeVar

from django.db import connection, connections
from django.db.models import BooleanField, Expression, F, Field, Func, Model, QuerySet, Value
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery

Row = TypeVar("Row")
# What a value is of: a field of a model by its name, or many ids.
Typed: TypeAlias = "tuple[type[Model], str] | Ids"


class Parameter(Expression):
    """A value that is given when the look-up runs."""

    def __init__(self, place: int, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Ids(Field):
    """Many ids as one value."""

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return list(value) if connection.vendor == "postgresql" else json.dumps([pk.hex for pk in value])


class Among(Func):
    """Whether a column holds one of many ids: one parameter, so that the statement is the same for any number."""

    output_field = BooleanField()
    arg_joiner = " IN (SELECT value FROM json_each("
    template = "%(expressions)s))"

    def __init__(self, column: str, ids: Any) -> None:
        super().__init__(F(column), ids if hasattr(ids, "resolve_expression") else Value(ids, Ids()))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="%(expressions)s)", arg_joiner=" = ANY(", **context)


class Prepared(Generic[Row]):
    """A query set as a function of its values, which gives the rows as a list: of a model, or tuples of `values_list`.

    It is described with the fields that the values are of:
    `Prepared(lambda digest: Token.objects.filter(digest=digest), (Token, "digest"))`. It is compiled at its first call.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *fields: Typed) -> None:
        self._build, self._fields = build, fields
        self._compiled: _Compiled | None = None

    def __call__(self, *values: Any) -> list[Row]:
        if self._compiled is None:
            self._compiled = _Compiled.of(self._build(*_parameters(self._fields)))
        return self._compiled.rows(values)

    def first(self, *values: Any) -> Row | None:
        """The first row, if there is any."""
        return next(iter(self(*values)), None)


@dataclass(frozen=True)
class _Compiled:
    using: str
    sql: str
    params: Sequence[Any]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]
    # None where rows are tuples.
    filler: "_Filler | None"

    @classmethod
    def of(cls, queryset: "QuerySet[Any, Any]") -> "_Compiled":
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, params = compiler.as_sql()
        is_of_values = queryset._fields is not None  # type: ignore[attr-defined]
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return cls(
            using=queryset.db,
            sql=sql,
            params=params,
            converters=[(place, functions, column) for place, (functions, column) in converters.items()],
            filler=None if is_of_values else _Filler.of(compiler, queryset.db),
        )

    def rows(self, values: Sequence[Any]) -> list[Any]:
        connection = connections[self.using]
        with _cursor(connection) as cursor:
            cursor.execute(self.sql, [_bound(each, values, connection) for each in self.params])
            found = cursor.fetchall()
        if self.converters:
            found = [self._converted(list(row), connection) for row in found]
        return [self.filler.row(row, self.using) for row in found] if self.filler else found

    def _converted(self, row: list[Any], connection: Any) -> list[Any]:
        for place, functions, column in self.converters:
            for function in functions:
                row[place] = function(row[place], column, connection)
        return row


@dataclass(frozen=True)
class _Filler:
    """Makes rows of a model, and of those that are selected with them, out of columns."""

    model: type[Model]
    columns: slice
    names: list[str]
    related: list[Any]

    @classmethod
    def of(cls, compiler: Any, using: str) -> "_Filler":
        info = compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        names = [column[0].target.attname for column in compiler.select[columns]]
        return cls(info["model"], columns, names, get_related_populators(info, compiler.select, using))  # type: ignore[call-arg] # of a later Django

    def row(self, row: Sequence[Any], using: str) -> Model:
        filled = self.model.from_db(using, self.names, row[self.columns])
        for populator in self.related:
            populator.populate(row, filled)
        return filled


class _Change:
    """A statement that changes rows, as a function of its values."""

    def __init__(self, build: "Callable[..., tuple[QuerySet[Any], dict[str, Any]]]", *fields: Typed) -> None:
        self._build, self._fields = build, fields
        self._compiled: tuple[str, Sequence[Any]] | None = None

    def _compile(self, rows: "QuerySet[Any]", columns: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        raise NotImplementedError

    @contextmanager
    def _run(self, values: Sequence[Any]) -> Iterator[Any]:
        if self._compiled is None:
            self._compiled = self._compile(*self._build(*_parameters(self._fields)))
        sql, params = self._compiled
        with _cursor(connection) as cursor:
            cursor.execute(sql, [_bound(each, values, connection) for each in params])
            yield cursor


class Insertion(_Change):
    """INSERT … SELECT as a function of its values, which gives the column `returning` of the rows that came.

    `build` gives a query set and, by name, what the new rows have of it. A row that is there already stays as it is.
    """

    def __init__(
        self,
        model: type[Model],
        build: "Callable[..., tuple[QuerySet[Any], dict[str, Any]]]",
        *fields: Typed,
        returning: str,
    ) -> None:
        super().__init__(build, *fields)
        self._model, self._returning = model, returning

    def __call__(self, *values: Any) -> list[Any]:
        returned: Any = self._model._meta.get_field(self._returning)
        with self._run(values) as cursor:
            return [returned.to_python(value) for (value,) in cursor.fetchall()]

    def _compile(self, rows: "QuerySet[Any]", columns: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        sql, params = insertion(self._model, rows, columns)
        returned: Any = self._model._meta.get_field(self._returning)
        return f"{sql} RETURNING {connection.ops.quote_name(returned.column)}", params


class Update(_Change):
    """UPDATE as a function of its values, which gives the number of rows that it changed.

    `build` gives a query set and, by name, what its rows get.
    """

    def __call__(self, *values: Any) -> int:
        with self._run(values) as cursor:
            return cursor.rowcount

    def _compile(self, rows: "QuerySet[Any]", columns: dict[str, Any]) -> tuple[str, Sequence[Any]]:
        query: Any = rows.query.chain(UpdateQuery)
        query.add_update_values(columns)
        query.clear_ordering(force=True)
        return query.get_compiler(rows.db).as_sql()


class PreparedInsert(Model):
    """A model whose rows are inserted one at a time by a statement that is compiled once; they hold no expressions."""

    class Meta:
        abstract = True

    def _do_insert(self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> Any:
        if returning_fields or using != connection.alias:
            return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc]
        values = [field.get_db_prep_save(field.pre_save(self, True), connection) for field in fields]
        with _cursor(connection) as cursor:
            cursor.execute(_insert_sql(type(self), tuple(fields)), values)
        return []


@cache
def _insert_sql(model: type[Model], fields: tuple[Any, ...]) -> str:
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) VALUES ({marks})"  # noqa: S608 -- our own names


def insertion(model: type[Model], rows: "QuerySet[Any]", columns: dict[str, Any]) -> tuple[str, Sequence[Any]]:
    """INSERT … SELECT with its parameters; `rows` need a filter, and come in their order."""
    fields: dict[str, Any] = {name: model._meta.get_field(name) for name in columns}
    # Under names of their own: `rows` has some of these, too.
    selected = {f"new_{name}": _expression(value, fields[name]) for name, value in columns.items()}
    sql, params = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields.values())
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) {sql} ON CONFLICT DO NOTHING", params


def _expression(value: Any, field: Any) -> Any:
    return value if hasattr(value, "resolve_expression") else Value(value, getattr(field, "target_field", field))


def _parameters(fields: Sequence[Any]) -> list[Parameter]:
    typed = (each if isinstance(each, Ids) else each[0]._meta.get_field(each[1]) for each in fields)
    return [Parameter(place, field) for place, field in enumerate(typed)]


def _cursor(connection: Any) -> Any:
    """A cursor; on PostgreSQL one whose statements are planned once in each connection, instead of each time.

    Where statements are logged, they are shown with their values, so that is left out.
    """
    if connection.vendor != "postgresql" or connection.queries_logged:
        return connection.cursor()
    from django.db.backends.postgresql.base import ServerBindingCursor  # needs psycopg

    connection.ensure_connection()
    with connection.wrap_database_errors:
        return connection._prepare_cursor(ServerBindingCursor(connection.connection))  # type: ignore[call-arg]


def _bound(param: Any, values: Sequence[Any], connection: Any) -> Any:
    if not isinstance(param, Parameter):
        return param
    return param.output_field.get_db_prep_value(values[param.place], connection)
