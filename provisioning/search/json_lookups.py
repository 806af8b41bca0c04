"""Database expressions with the same results on SQLite and PostgreSQL, most of them over a JSON document.

Names in documents come from the schemas, never from a request. They are parameters all the same.
"""

from typing import Any

from django.core.exceptions import FullResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Expression, F, Func, JSONField, Q, Subquery, TextField, UUIDField
from django.db.models.sql.compiler import SQLCompiler

Sql = tuple[str, tuple[Any, ...]]

# Any string, number or boolean at any depth; the empty string is no value (RFC 7644 section 3.4.2.2, "pr").
_HAS_VALUE = '$.** ? (@.type() == "boolean" || @.type() == "number" || (@.type() == "string" && @ != ""))'


class Holds(Func):
    """A condition that is never unknown: where SQL says unknown, because an attribute is absent, it is false."""

    template = "((%(expressions)s) IS TRUE)"
    output_field = BooleanField()


class Filled(Func):
    """A column is not empty. SQLite uses a partial index only where the query spells its condition in the same way."""

    template = "NOT (%(expressions)s = '')"
    output_field = BooleanField()


class Bytewise(Func):
    """Text ordered by its code points, whatever the collation of the database."""

    template = "(%(expressions)s)"
    output_field = TextField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        return super().as_sql(compiler, connection, template='(%(expressions)s) COLLATE "C"', **context)


class UuidText(Func):
    """A UUID as text. SQLite stores it without hyphens."""

    template = "(%(expressions)s)::text"
    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        digits, params = compiler.compile(self.source_expressions[0])
        parts = [f"substr({digits}, {start}, {length})" for start, length in _UUID_PARTS]
        return "(" + " || '-' || ".join(parts) + ")", (*params,) * len(parts)


_UUID_PARTS = [(1, 8), (9, 4), (13, 4), (17, 4), (21, 12)]


class MomentText(Func):
    """A time as xsd:dateTime in UTC with milliseconds (RFC 7643 section 2.3.5)."""

    template = """to_char((%(expressions)s) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        # A full second is stored without a fraction.
        moment, params = compiler.compile(self.source_expressions[0])
        parts = f"substr({moment}, 1, 10) || 'T' || substr({moment} || '.000', 12, 12)"
        return f"({parts} || 'Z')", (*params,) * 2


class StoredText(Func):
    """A column as the text that is stored: JSON, or a UUID, which SQLite stores without hyphens."""

    template = "(%(expressions)s)::text"
    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        return super().as_sql(compiler, connection, template="%(expressions)s", **context)


class UuidOf(Func):
    """A text as a UUID. On PostgreSQL it is NULL where the text is no UUID: a cast would fail."""

    template = "substring(%(expressions)s from '^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$')::uuid"
    output_field = UUIDField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        return super().as_sql(compiler, connection, template="replace(%(expressions)s, '-', '')", **context)


class _AtPath(Func):
    """Something at a path of names in a JSON document."""

    def __init__(self, source: Expression | F, *names: str) -> None:
        super().__init__(source)
        self.names = list(names)

    @property
    def sqlite_path(self) -> str:
        return "$" + "".join(f'."{name}"' for name in self.names)

    def source(self, compiler: SQLCompiler) -> Sql:
        sql, params = compiler.compile(self.source_expressions[0])
        return sql, tuple(params)


class JsonText(_AtPath):
    """The string at a path; NULL where there is none."""

    output_field = TextField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        sql = f"CASE json_type({json}, %s) WHEN 'text' THEN json_extract({json}, %s) END"
        return sql, (*params, self.sqlite_path) * 2

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        sql = f"CASE jsonb_typeof({json} #> %s) WHEN 'string' THEN {json} #>> %s END"
        return sql, (*params, self.names) * 2


class JsonFlag(_AtPath):
    """The boolean at a path; NULL where there is none."""

    output_field = BooleanField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        sql = f"CASE json_type({json}, %s) WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END"
        return sql, (*params, self.sqlite_path)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        sql = f"CASE jsonb_typeof({json} #> %s) WHEN 'boolean' THEN ({json} #>> %s)::boolean END"
        return sql, (*params, self.names) * 2


class JsonPresent(_AtPath):
    """Whether there is any value at a path, or below it."""

    output_field = BooleanField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        # `atom` is NULL for objects, arrays and null.
        sql = f"EXISTS (SELECT 1 FROM json_tree({json}, %s) AS part WHERE part.atom <> '')"  # noqa: S608
        return sql, (*params, self.sqlite_path)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        return f"(jsonb_path_exists({json} #> %s, %s) IS TRUE)", (*params, self.names, _HAS_VALUE)


class Item(Expression):
    """The element that `AnyItem` and `FirstItem` look at, as a JSON document."""

    output_field = JSONField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        # SQLite gives a string without its quotes, which is no JSON. No attribute is a list of strings.
        return "CASE item.type WHEN 'object' THEN item.value END", ()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Sql:
        return "item.value", ()


class AnyItem(Func):
    """Whether an element of the list at a path meets a condition on `Item()`."""

    output_field = BooleanField()

    def __init__(self, items: "JsonItems", condition: Q) -> None:
        super().__init__(items, condition)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **context: Any) -> Sql:
        items, condition = self.source_expressions
        rows, params = compiler.compile(items)
        try:
            where, where_params = compiler.compile(condition)
        except FullResultSet:
            where, where_params = "TRUE", ()
        return f"EXISTS (SELECT 1 FROM {rows} AND {where})", (*params, *where_params)  # noqa: S608


class FirstItem(Func):
    """An expression over `Item()` for the primary element, else for the first one; NULL without elements."""

    def __init__(self, items: "JsonItems", value: Expression | F | Subquery) -> None:
        super().__init__(items, value, JsonFlag(Item(), "primary"))

    def _resolve_output_field(self) -> Any:
        return self.source_expressions[1].output_field

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, *_: Any, **context: Any) -> Sql:
        parts = [compiler.compile(part) for part in self.source_expressions]
        (rows, rows_params), (value, value_params), (primary, primary_params) = parts
        sql = f"(SELECT {value} FROM {rows} ORDER BY {primary} IS TRUE DESC, item.key LIMIT 1)"  # noqa: S608
        return sql, (*value_params, *rows_params, *primary_params)


class JsonItems(_AtPath):
    """The elements of the list at a path, as SQL that begins a FROM … WHERE. There are none where there is no list."""

    output_field = JSONField()

    def as_sqlite(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        # json_each also goes through objects. The keys of a list are numbers.
        return f"json_each({json}, %s) AS item WHERE typeof(item.key) = 'integer'", (*params, self.sqlite_path)

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> Sql:
        json, params = self.source(compiler)
        # `strict` and silent: no rows and no error where there is no list.
        found = f"jsonb_path_query({json} #> %s, 'strict $[*]', '{{}}', true)"
        sql = f"{found} WITH ORDINALITY AS item(value, key) WHERE TRUE"
        return sql, (*params, self.names)
