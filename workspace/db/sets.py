"""Many rows by one statement."""

from django.db import connection
from django.db.models import Model, QuerySet

from workspace.db.prepared import insertion


def insert_from(model: type[Model], rows: QuerySet[Model], **columns: object) -> None:
    """Insert a row with these columns for each of `rows`, which need a filter. Rows that exist stay."""
    with connection.cursor() as cursor:
        cursor.execute(*insertion(model, rows.order_by(), columns))
