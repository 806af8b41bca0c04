"""Numbers of rows, as parts of a query."""

from django.db import models


class NumberOf(models.Subquery):
    """The number of rows of a subquery. COUNT(DISTINCT) would sort them all on PostgreSQL before version 16."""

    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = models.IntegerField()


class SumOf(models.Subquery):
    """The sum of the column `counted` of a subquery."""

    template = "(SELECT COALESCE(SUM(counted), 0) FROM (%(subquery)s) AS counted_rows)"
    output_field = models.IntegerField()
