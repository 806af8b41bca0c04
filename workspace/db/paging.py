"""Pages of tables too long to count."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

PAGE = 50


def newest(rows: QuerySet[Any], before: str) -> tuple[list[Any], str]:
    """The newest rows, or those before the one with that id, and the id to go on with; never counts the table."""
    with suppress(ValueError):
        rows = rows.filter(pk__lt=UUID(before))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""
