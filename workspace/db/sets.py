"""Many rows by one statement."""

from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

from workspace.db.prepared import insertion


def insert_from(model: type[Model], rows: QuerySet[Any], **columns: Any) -> None:
    """Insert a row with these columns for each of `rows`, which need a filter; a row that is there stays."""
    with connection.cursor() as cursor:
        cursor.execute(*insertion(model, rows.order_by(), columns))
