"""Look-ups that are compiled once: in a request of a few milliseconds, compiling its queries would take most of them.

It fills rows as Django's own iteration does (`ModelIterable` of the pinned Django); tests compare the two.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators

Row = TypeVar("Row", bound=Model)


class Parameter(Expression):
    """A value that is given when the look-up runs."""

    def __init__(self, place: int, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.place = place

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Prepared(Generic[Row]):
    """A query set as a function of its values, which gives the rows as a list.

    It is described with the fields that the values are of:
    `Prepared(lambda digest: Token.objects.filter(digest=digest), (Token, "digest"))`. It is compiled at its first call.
    """

    def __init__(self, build: "Callable[..., QuerySet[Row]]", *fields: tuple[type[Model], str]) -> None:
        self._build, self._fields = build, fields
        self._compiled: _Compiled | None = None

    def __call__(self, *values: Any) -> list[Row]:
        if self._compiled is None:
            fields: list[Any] = [model._meta.get_field(name) for model, name in self._fields]
            self._compiled = _Compiled.of(self._build(*map(Parameter, range(len(fields)), fields)))
        return self._compiled.rows(values)

    def first(self, *values: Any) -> Row | None:
        """The first row, if there is any."""
        return next(iter(self(*values)), None)


@dataclass(frozen=True)
class _Compiled:
    using: str
    sql: str
    params: Sequence[Any]
    model: type[Model]
    columns: slice
    names: list[str]
    related: list[Any]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]

    @classmethod
    def of(cls, queryset: "QuerySet[Any]") -> "_Compiled":
        compiler = queryset.query.get_compiler(using=queryset.db)
        sql, params = compiler.as_sql()
        info = compiler.klass_info
        columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        converters = compiler.get_converters([column[0] for column in compiler.select])
        return cls(
            using=queryset.db,
            sql=sql,
            params=params,
            model=info["model"],
            columns=columns,
            names=[column[0].target.attname for column in compiler.select[columns]],
            related=get_related_populators(info, compiler.select, queryset.db),  # type: ignore[call-arg] # of a later Django
            converters=[(place, functions, column) for place, (functions, column) in converters.items()],
        )

    def rows(self, values: Sequence[Any]) -> list[Any]:
        connection = connections[self.using]
        with connection.cursor() as cursor:
            cursor.execute(self.sql, [_bound(each, values, connection) for each in self.params])
            found = cursor.fetchall()
        return [self._row(list(row), connection) for row in found]

    def _row(self, row: list[Any], connection: Any) -> Model:
        for place, functions, column in self.converters:
            for function in functions:
                row[place] = function(row[place], column, connection)
        filled = self.model.from_db(self.using, self.names, row[self.columns])
        for populator in self.related:
            populator.populate(row, filled)
        return filled


def _bound(param: Any, values: Sequence[Any], connection: Any) -> Any:
    if not isinstance(param, Parameter):
        return param
    return param.output_field.get_db_prep_value(values[param.place], connection)
