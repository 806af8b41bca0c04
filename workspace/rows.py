"""Whole rows as JSON, for events from which a deleted row can be restored."""

from datetime import datetime
from uuid import UUID

from django.db import models


def row_state(row: models.Model) -> dict[str, object]:
    """Return every column of a row by its attribute name: ids and times as text, JSON as it is."""
    return {field.attname: _json(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def kept_rows(row: models.Model) -> dict[str, list[dict[str, object]]]:
    """Return the rows that are deleted with a row, by the names of their models.

    Only of models that say `is_kept_by_events`, so that apps below need not know them and no secret is kept.
    """
    kept: dict[str, list[dict[str, object]]] = {}
    for relation in row._meta.related_objects:
        model = relation.related_model
        if not getattr(model, "is_kept_by_events", False):
            continue
        for each in model._base_manager.filter(**{relation.field.name: row.pk}).order_by("pk"):
            kept.setdefault(model._meta.label_lower.partition(".")[2], []).append(row_state(each))
            for name, rows in kept_rows(each).items():
                kept.setdefault(name, []).extend(rows)
    return kept


def _json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
