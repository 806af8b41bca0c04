"""Rows that are saved by statements that are compiled once."""

from functools import cache
from typing import Any

from django.db import connection, connections
from django.db.models import Model

from workspace.db.making import QuicklyMade
from workspace.db.statement import AnyField, insert_sql, run_planned


class PreparedSave(QuicklyMade):
    """A model whose INSERT and UPDATE of one row are compiled once. An INSERT takes values, no expressions."""

    class Meta:
        abstract = True

    def _do_insert(self, manager: Any, using: str, fields: Any, returning_fields: Any, raw: bool) -> Any:
        if returning_fields or using != connection.alias:
            return super()._do_insert(manager, using, fields, returning_fields, raw)  # type: ignore[misc]
        values = [field.get_db_prep_save(field.pre_save(self, True), connection) for field in fields]
        run_planned(connections[using], _insert_sql(type(self), tuple(fields)), values)
        return []

    def _do_update(  # type: ignore[override] # the stubs are of a later Django
        self, base_qs: Any, using: str, pk_val: object, values: Any, *forced: Any
    ) -> Any:
        is_plain = not any(hasattr(value, "resolve_expression") for _, _, value in values)
        if not (values and is_plain and using == connection.alias):
            return super()._do_update(base_qs, using, pk_val, values, *forced)
        sent = [field.get_db_prep_save(value, connection) for field, _, value in values]
        sql = _update_sql(type(self), tuple(field for field, _, _ in values))
        pk = base_qs.model._meta.pk.get_db_prep_value(pk_val, connection)
        return run_planned(connections[using], sql, [*sent, pk])[1] > 0


_insert_sql = cache(insert_sql)


@cache
def _update_sql(model: type[Model], fields: tuple[AnyField, ...]) -> str:
    quote, meta = connection.ops.quote_name, model._meta
    columns = ", ".join(f"{quote(str(field.column))} = %s" for field in fields)
    return f"UPDATE {quote(meta.db_table)} SET {columns} WHERE {quote(str(meta.pk.column))} = %s"  # noqa: S608 -- our own names
