"""Statements that are compiled once. Compiling them in each request would take most of its few milliseconds.

Rows are filled as Django's own iteration does it (`ModelIterable` of the pinned Django); tests compare the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import (
    BooleanField,
    Expression,
    F,
    Field,
    Func,
    IntegerField,
    JSONField,
    Model,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators
from django.db.models.sql import DeleteQuery, UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

from workspace.db.statement import AnyField, Statement, run_planned
from workspace.db.together import Condition, Write

Row = TypeVar("Row")
Params: TypeAlias = Sequence[Any]
if TYPE_CHECKING:
    _Field = Field[object, object]
else:
    _Field = Field
# Rows, and columns of new or changed rows by their names.
Selected: TypeAlias = tuple[QuerySet[Model], dict[str, object]]
# The type of a value: a field of a model by its name, or a field.
Typed: TypeAlias = "tuple[type[Model], str] | Field[Any, Any]"


class Parameter(Expression):
    """A value that is given when the statement runs."""

    def __init__(self, place: int, field: AnyField) -> None:
        super().__init__(output_field=field)
        self.place = place

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        return "%s", (self,)


class Ids(_Field):
    """Many ids as one value, UUIDs or their texts."""

    def get_db_prep_value(self, value: Any, connection: BaseDatabaseWrapper, *args: object, **kwargs: object) -> object:
        # Writing a list is left neither to psycopg nor to json: they take many times as long.
        if connection.vendor == "postgresql":
            return f"{{{','.join(map(str, value))}}}"
        ids = '","'.join(map(str, value)).replace("-", "")
        return f'["{ids}"]'


class Among(Func):
    """A test whether a column holds one of many ids. They are one parameter, so any number has the same statement."""

    output_field = BooleanField()
    arg_joiner = " IN (SELECT value FROM json_each("
    template = "%(expressions)s))"

    def __init__(self, column: str, ids: object) -> None:
        super().__init__(F(column), ids if hasattr(ids, "resolve_expression") else Value(ids, Ids()))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        template = "%(expressions)s)::uuid[])"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" = ANY((", **context)


class Nth(Subquery):
    """The row that follows the first so many ones, where the number is a parameter."""

    def __init__(self, rows: "QuerySet[Any, Any]", before: Parameter) -> None:
        super().__init__(rows)
        self._before = before

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *args: Any, **context: Any) -> Any:
        sql, params = super().as_sql(compiler, connection, *args, **context)
        return f"{sql.removesuffix(')')} LIMIT 1 OFFSET %s)", (*params, self._before)


class Prepared(Generic[Row]):
    """A query set as a function of its values. It returns a list of rows, or of tuples for `values_list`.

    Its arguments are a function that builds the query set, and the type of each value:
    `Prepared(lambda digest: Token.objects.filter(digest=digest), (Token, "digest"))`. The first call compiles it.
    """

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *fields: Typed) -> None:
        self._build, self._fields = build, fields
        self._compiled: _Compiled | None = None

    def __call__(self, *values: object) -> list[Row]:
        return self._statement().filled(self._statement().raw(values))

    def _statement(self) -> "_Compiled":
        if self._compiled is None:
            self._compiled = self._compile()
        return self._compiled

    def _compile(self) -> "_Compiled":
        return _Compiled.of(self._build(*_parameters(self._fields)))

    def first(self, *values: object) -> Row | None:
        """Return the first row, or None."""
        return next(iter(self(*values)), None)


class PreparedPage(Prepared[Row]):
    """A query set as a function of its values, and of the number of rows that it returns at most."""

    def _compile(self) -> "_Compiled":
        compiled = super()._compile()
        most = Parameter(len(self._fields), IntegerField())
        return replace(compiled, sql=f"{compiled.sql} LIMIT %s", params=(*compiled.params, most))


class Remembering(Prepared[Row]):
    """A query for few rows, which still runs each time. Its objects are made anew only when a row differs.

    The caller gets copies, so what it changes stays its own.
    """

    # Past this number all are forgotten: values that nobody asks for any more would stay for ever.
    _MOST = 1000

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *fields: Typed) -> None:
        super().__init__(build, *fields)
        self._known: dict[tuple[object, ...], tuple[list[Params], list[Row]]] = {}

    def __call__(self, *values: object) -> list[Row]:
        found = self._statement().raw(values)
        if not found:
            return []
        known = self._known.get(values)
        if known is None or known[0] != found:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[values] = found, self._statement().filled(found)
        return [cast(Row, _copied(cast(Model, row))) for row in known[1]]


class RememberingRelated(Prepared[Row]):
    """A query of rows that come with the same related rows again and again. Only what differs is made anew.

    The caller gets copies of the related rows.
    """

    _MOST = 1000

    def __init__(self, build: "Callable[..., QuerySet[Any, Row]]", *fields: Typed) -> None:
        super().__init__(build, *fields)
        # Rows by their columns of related ones.
        self._known: dict[tuple[object, ...], Model] = {}

    def __call__(self, *values: object) -> list[Row]:
        whole = self._statement()
        end = cast(_Filler, whole.filler).columns.stop
        return [self._row(found, tuple(found[end:]), whole, whole.without_related) for found in whole.raw(values)]

    def _row(self, found: Params, related: tuple[object, ...], whole: "_Compiled", alone: "_Compiled") -> Row:
        if related not in self._known:
            if len(self._known) >= self._MOST:
                self._known.clear()
            self._known[related] = whole.filled([found])[0]
        row: Model = alone.filled([found])[0]
        for name, each in self._known[related]._state.fields_cache.items():
            row._state.fields_cache[name] = each and _copied(each)
        return cast(Row, row)


def _copied(row: Model, done: dict[int, Model] | None = None) -> Model:
    """Return a copy with the related rows that were selected with it. Rows of a one-to-one key refer to each other."""
    done = {} if done is None else done
    copy = done[id(row)] = type(row).__new__(type(row))
    values, old = vars(copy), row._state
    values.update(vars(row))
    for name in _changeable(type(row)):
        if type(values.get(name)) in (list, dict):
            values[name] = values[name].copy()
    values["_state"] = state = ModelState()
    state.adding, state.db = False, old.db
    for name, related in old.fields_cache.items():
        state.fields_cache[name] = related and (done.get(id(related)) or _copied(related, done))
    return copy


@cache
def _changeable(model: type[Model]) -> list[str]:
    """Return the columns whose values may be lists or dictionaries."""
    return [field.attname for field in model._meta.concrete_fields if isinstance(field, JSONField)]


@dataclass(frozen=True)
class _Compiled:
    using: str
    sql: str
    params: Params
    converters: list[tuple[int, list[Callable[..., object]], object]]
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

    @cached_property
    def without_related(self) -> "_Compiled":
        """Return what fills a row alone."""
        filler = cast(_Filler, self.filler)
        annotated = {place for _, place in filler.annotations}
        converters = [each for each in self.converters if each[0] < filler.columns.stop or each[0] in annotated]
        return replace(self, converters=converters, filler=replace(filler, related=[]))

    def raw(self, values: Params) -> list[Params]:
        """Run the query. Return what the driver returns."""
        connection = connections[self.using]
        return run_planned(connection, self.sql, [_bound(each, values, connection) for each in self.params])[0]

    def filled(self, found: list[Params]) -> list[Any]:
        """Return what the query set would return."""
        if self.converters:
            found = [self._converted(list(row), connections[self.using]) for row in found]
        return [self.filler.row(row, self.using) for row in found] if self.filler else found

    def _converted(self, row: list[object], connection: BaseDatabaseWrapper) -> list[object]:
        for place, functions, column in self.converters:
            for function in functions:
                row[place] = function(row[place], column, connection)
        return row


@dataclass(frozen=True)
class _Filler:
    """A factory of model instances from columns, with the related ones that are selected with them."""

    model: type[Model]
    columns: slice
    names: list[str]
    related: list[Any]  # populators, which the stubs do not type
    annotations: list[tuple[str, int]]

    @classmethod
    def of(cls, compiler: Any, using: str) -> "_Filler":
        info = compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        names = [column[0].target.attname for column in compiler.select[columns]]
        related = get_related_populators(info, compiler.select, using)  # type: ignore[call-arg] # of a later Django
        return cls(info["model"], columns, names, related, list(compiler.annotation_col_map.items()))

    def row(self, row: Params, using: str) -> Model:
        filled = self.model.from_db(using, self.names, row[self.columns])
        for populator in self.related:
            populator.populate(row, filled)
        for name, place in self.annotations:
            setattr(filled, name, row[place])
        return filled


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
        return Condition(sql, [_bound(each, values, database) for each in params])

    def _compile(self) -> tuple[str, Params]:
        sql, params = self._build(*_parameters(self._fields)).query.sql_with_params()
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
        return statement, [_bound(each, values, connection) for each in params]

    def _compile(self) -> tuple[Statement, Params]:
        rows = self._build(*_parameters(self._fields))
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
            self._compiled = self._compile(*self._build(*_parameters(self._fields)))
        sql, params = self._compiled
        # `connection` itself would be looked up again for each of its attributes.
        database = connections[DEFAULT_DB_ALIAS]
        return run_planned(database, sql, [_bound(each, values, database) for each in params])


class Insertion(_Change):
    """INSERT … SELECT as a function of its values. It returns the column `returning` of the new rows.

    `build` returns a query set and the columns of the new rows. A row that exists stays as it is.
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

    def __call__(self, *values: object) -> list[Any]:
        field = _column(self._model, self._returning)
        return [field.to_python(value) for (value,) in self._run(values)[0]]

    def _compile(self, rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
        sql, params = insertion(self._model, rows, columns)
        return f"{sql} RETURNING {_quoted(_column(self._model, self._returning))}", params


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
        self._columns = [_column(rows.model, name) for name in self._returning]
        query: Any = rows.query.chain(DeleteQuery)
        query.clear_ordering(force=True)
        sql, params = query.get_compiler(rows.db).as_sql()
        return f"{sql} RETURNING {', '.join(map(_quoted, self._columns))}", params


def insertion(model: type[Model], rows: QuerySet[Model], columns: dict[str, object]) -> tuple[str, Params]:
    """Return an INSERT … SELECT with its parameters. `rows` need a filter, and are inserted in their order."""
    selected = {}
    for name, value in columns.items():
        field = _column(model, name)
        is_expression = hasattr(value, "resolve_expression")
        # The prefix avoids the names of columns of `rows`.
        selected[f"new_{name}"] = value if is_expression else Value(value, getattr(field, "target_field", field))
    sql, params = rows.annotate(**selected).values_list(*selected).query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(_quoted(_column(model, name)) for name in columns)
    return f"INSERT INTO {quote(model._meta.db_table)} ({names}) {sql} ON CONFLICT DO NOTHING", params


def _column(model: type[Model], name: str) -> AnyField:
    return cast(AnyField, model._meta.get_field(name))


def _quoted(field: AnyField) -> str:
    return connection.ops.quote_name(cast(str, field.column))


def _parameters(fields: Sequence[Typed]) -> list[Parameter]:
    typed = (each if isinstance(each, Field) else _column(*each) for each in fields)
    return [Parameter(place, field) for place, field in enumerate(typed)]


def _bound(param: object, values: Params, connection: BaseDatabaseWrapper) -> Any:
    if not isinstance(param, Parameter):
        return param
    return param.output_field.get_db_prep_value(values[param.place], connection)
