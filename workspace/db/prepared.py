"""Queries that are compiled once. Compiling them in each request would take most of its few milliseconds.

Rows are filled as Django's own iteration does it (`ModelIterable` of the pinned Django); tests compare the two.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Any, Generic, TypeVar, cast

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import IntegerField, JSONField, Model, QuerySet, Subquery
from django.db.models.base import ModelState
from django.db.models.query import get_related_populators
from django.db.models.sql.compiler import SQLCompiler

from workspace.db.parameters import Parameter, Params, Typed, bound, parameters
from workspace.db.statement import run_planned

Row = TypeVar("Row")
AnyModel = TypeVar("AnyModel", bound=Model)


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
        return _Compiled.of(self._build(*parameters(self._fields)))

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
        return [cast(Row, copied(cast(Model, row))) for row in self.shared(*values)]

    def shared(self, *values: object) -> list[Row]:
        """Return the objects themselves, which other threads get too. Who changes one takes a copy (`copied`)."""
        found = self._statement().raw(values)
        if not found:
            return []
        known = self._known.get(values)
        if known is None or known[0] != found:
            if len(self._known) >= self._MOST:
                self._known.clear()
            known = self._known[values] = found, self._statement().filled(found)
        return known[1]


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
            row._state.fields_cache[name] = each and copied(each)
        return cast(Row, row)


def copied(row: AnyModel, done: dict[int, Model] | None = None) -> AnyModel:
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
        state.fields_cache[name] = related and (done.get(id(related)) or copied(related, done))
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
        return run_planned(connection, self.sql, [bound(each, values, connection) for each in self.params])[0]

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
