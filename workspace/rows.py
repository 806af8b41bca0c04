"""Whole rows as JSON, for events that must bring a deleted row back."""

from datetime import datetime
from uuid import UUID

from django.db import models


def row_state(row: models.Model) -> dict[str, object]:
    """Return every column of a row by its attribute name: ids and times as text, JSON as it is."""
    return {field.attname: _json(getattr(row, field.attname)) for field in row._meta.concrete_fields}


def _json(value: object) -> object:
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if isinstance(value, datetime) else value
