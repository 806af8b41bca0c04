"""Values that a compiled statement gets when it runs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, cast

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Field, Func, Model, Value
from django.db.models.sql.compiler import SQLCompiler

from workspace.db.statement import AnyField

Params: TypeAlias = Sequence[Any]
if TYPE_CHECKING:
    _Field = Field[object, object]
else:
    _Field = Field
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


class Literal(Value):
    """One of a few values of our own, such as a status, as a part of the statement.

    PostgreSQL plans a statement that it has run several times without its values. A status that few rows have would be
    planned as if half of them had it.
    """

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        if not str(self.value).isidentifier():
            raise ValueError(f"{self.value!r} is no word of ours.")
        return f"'{self.value}'", ()


def column(model: type[Model], name: str) -> AnyField:
    """Return a field that has a column."""
    return cast(AnyField, model._meta.get_field(name))


def quoted(field: AnyField) -> str:
    """Return the name of a column as SQL."""
    return connection.ops.quote_name(cast(str, field.column))


def parameters(fields: Sequence[Typed]) -> list[Parameter]:
    """Return one for each value, in their order."""
    typed = (each if isinstance(each, Field) else column(*each) for each in fields)
    return [Parameter(place, field) for place, field in enumerate(typed)]


def bound(param: object, values: Params, connection: BaseDatabaseWrapper) -> Any:
    """Return what the driver gets: of a parameter its value, anything else as it is."""
    if not isinstance(param, Parameter):
        return param
    return param.output_field.get_db_prep_value(values[param.place], connection)
