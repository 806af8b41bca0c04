"""Searches of long tables: whole values, each looked up in an index."""

from typing import Any
from uuid import UUID

from django.db.models import Field, IntegerField, Model, Q, QuerySet, UUIDField

from workspace.admin.lists import leading
from workspace.db.keys import canonical, name_key
from workspace.models import Workspace

MOST = 500


def ids_with(model: type[Model], name: str, text: str) -> list[object]:
    """Return the ids of rows whose column has the text as its whole value, at most MOST."""
    value = _value(model._meta.get_field(name), text)  # type: ignore[arg-type] # a column
    if value is None or (among := indexed_among(model, name)) is None:
        return []
    rows = model._base_manager.filter(among, **{name: value})
    return list(rows.values_list("pk", flat=True)[:MOST])


def indexed_among(model: type[Model], name: str) -> Q | None:
    """Return what a query has to say besides the column's value for an index to serve it; None if none does.

    An index of a tenant's rows serves it if the query names the tenants. There are few of them.
    """
    if name in leading(model):
        return Q()
    for index in (*model._meta.indexes, *model._meta.constraints):
        fields = [each.lstrip("-") for each in getattr(index, "fields", ())]
        if fields[1:2] == [name]:
            tenants: QuerySet[Any] = Workspace.objects.all()
            if related := model._meta.get_field(fields[0]).related_model:
                tenants = related._base_manager.all()
            return Q(**{f"{fields[0]}__in": tenants.values("pk")}) & (getattr(index, "condition", None) or Q())
    return None


def _value(field: "Field[Any, Any]", text: str) -> object | None:
    text = text.strip()
    if isinstance(field, UUIDField):
        try:
            return UUID(text)
        except ValueError:
            return None
    if isinstance(field, IntegerField):
        return int(text) if text.isdecimal() and len(text) < 10 else None
    if field.name.endswith(("email_key", "value_key")):
        return canonical(text)
    return name_key(text) if field.name.endswith("_key") else text
