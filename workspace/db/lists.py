"""Columns of several rows as one value."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import F, JSONField, Model, QuerySet, Subquery
from django.db.models.sql.compiler import SQLCompiler


class ListOf(Subquery):
    """The values of a column of these rows in their order, as a list."""

    output_field = JSONField()
    template = "(SELECT json_group_array(value) FROM (%(subquery)s))"

    def __init__(self, rows: QuerySet[Model], column: str) -> None:
        super().__init__(rows.values(value=F(column)))

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any) -> tuple[str, Any]:
        return self.as_sql(compiler, connection, template="to_jsonb(ARRAY(%(subquery)s))", **context)
