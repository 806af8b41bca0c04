"""Pages of tables too long to count."""

from contextlib import suppress
from typing import TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)

PAGE = 50


def newest(rows: QuerySet[Row], before: str) -> tuple[list[Row], str]:
    """Return the newest rows, or those before the row with the id `before`, and the id from which to continue.

    The table is never counted. The id is empty on the last page.
    """
    with suppress(ValueError):
        rows = rows.filter(pk__lt=UUID(before))
    found = list(rows[: PAGE + 1])
    return found[:PAGE], str(found[PAGE - 1].pk) if len(found) > PAGE else ""
