"""Numbers of rows, as parts of a query."""

from typing import Any

from django.db import connections, models


class NumberOf(models.Subquery):
    """The number of rows of a subquery. COUNT(DISTINCT) would sort them all on PostgreSQL before version 16."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = models.IntegerField()


class SumOf(models.Subquery):
    """The sum of the column `counted` of a subquery."""

    template = "(SELECT COALESCE(SUM(counted), 0) FROM (%(subquery)s) AS counted_rows)"
    output_field = models.IntegerField()


def each_once(rows: models.QuerySet[Any], column: str) -> models.QuerySet[Any, dict[str, Any]]:
    """Return the values of a column, each once, where an index has them in their order.

    For DISTINCT alone, PostgreSQL reads the whole table and hashes it, which takes four times as long.
    """
    if connections[rows.db].features.can_distinct_on_fields:
        return rows.order_by(column).distinct(column).values(column)
    return rows.order_by().values(column).distinct()
