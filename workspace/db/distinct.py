"""The values of a column that has few different ones among many rows."""

from django.db import connections
from django.db.models import Model, QuerySet


def distinct_values(rows: QuerySet[Model], column: str) -> list[str]:
    """Return the values in their order, by one look-up each in an index of the filter of `rows` and the column.

    DISTINCT would read all rows, on both databases.
    """
    sql, params = rows.order_by().values(column).query.get_compiler(rows.db).as_sql()
    name = connections[rows.db].ops.quote_name(column)

    def least(condition: str) -> str:
        return f"(SELECT {name} FROM ({sql}) AS rows {condition} ORDER BY {name} LIMIT 1)"  # noqa: S608 -- no input

    with connections[rows.db].cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE found(value) AS (SELECT {least('')} UNION ALL "  # noqa: S608 -- no input
            f"SELECT {least(f'WHERE {name} > found.value')} FROM found WHERE value IS NOT NULL) "
            "SELECT value FROM found WHERE value IS NOT NULL",
            [*params, *params],
        )
        return [value for (value,) in cursor.fetchall()]
