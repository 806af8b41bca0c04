"""Many rows by one statement."""

from collections.abc import Sequence
from typing import cast

from django.db import connection
from django.db.models import Model, QuerySet

from workspace.db.changes import insertion
from workspace.db.statement import AnyField


def insert_from(model: type[Model], rows: QuerySet[Model], **columns: object) -> None:
    """Insert a row with these columns for each of `rows`, which need a filter. Rows that exist stay."""
    with connection.cursor() as cursor:
        cursor.execute(*insertion(model, rows.order_by(), columns))


def update_each(rows: Sequence[Model], *names: str) -> None:
    """Write these fields of each row. `bulk_update` takes far longer, because its statement names each value."""
    if not rows:
        return
    model = type(rows[0])
    quote = connection.ops.quote_name
    fields = [cast(AnyField, model._meta.get_field(name)) for name in (*names, model._meta.pk.name)]
    *columns, pk = (f"{quote(cast(str, field.column))} = %s" for field in fields)
    sql = f"UPDATE {quote(model._meta.db_table)} SET {', '.join(columns)} WHERE {pk}"  # noqa: S608 -- names only
    values = ([field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields] for row in rows)
    with connection.cursor() as cursor:
        cursor.executemany(sql, list(values))
