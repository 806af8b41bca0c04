"""Pages of tables too long to count."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

Row = TypeVar("Row", bound=Model)
Shown = TypeVar("Shown")
Ids: TypeAlias = "QuerySet[Any, Any]"

PAGE = 50
# Rows are counted up to here. More rows make a page no slower.
COUNTED = 1000
# A list of the newest rows looks at so many for one page.
WALKED = 50_000
# Longer numbers are of no page: databases refuse to skip so many rows.
_LONGEST = 10


@dataclass(frozen=True)
class NumberedPage(Generic[Shown]):
    """A page with its number, which starts at 1, and how many rows all pages have; None for more than COUNTED."""

    rows: Sequence[Shown]
    number: int
    size: int
    total: int | None
    has_next: bool

    @property
    def has_other_pages(self) -> bool:
        return self.has_next or self.number > 1

    @property
    def first(self) -> int:
        """Return the number of its first row among all rows, which starts at 1."""
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1

    @property
    def total_in_words(self) -> str:
        return f"more than {COUNTED:,}" if self.total is None else f"{self.total:,}"

    @property
    def before(self) -> int:
        """Return the number of the page before; 0 if there is none."""
        return self.number - 1

    @property
    def after(self) -> int:
        return self.number + 1


def numbered(
    rows: QuerySet[Row], number: str | None, size: int = PAGE, *, parts: Sequence[Ids] | None = None
) -> NumberedPage[Row]:
    """Return the page of that number; the first one if there is no such page.

    Ids are read first: an index has them in order, so a page far from the start reads no rows of the pages before.
    `parts` are queries of the ids of all rows, where no single index has their order.
    """
    parts = parts or [rows.values_list("pk", flat=True)]
    page = _page(rows, parts, _number(number), size)
    return page if page.rows or page.number == 1 else _page(rows, parts, 1, size)


def numbered_list(rows: Sequence[Shown], number: str | None, size: int = PAGE) -> NumberedPage[Shown]:
    """Return the page of that number of rows that are read already; the first one if there is no such page."""
    asked = _number(number)
    asked = asked if (asked - 1) * size < len(rows) else 1
    end = asked * size
    return NumberedPage(rows[end - size : end], asked, size, len(rows), end < len(rows))


def _number(text: str | None) -> int:
    return max(int(text), 1) if text and text.isdecimal() and len(text) < _LONGEST else 1


def _page(rows: QuerySet[Row], parts: Sequence[Ids], number: int, size: int) -> NumberedPage[Row]:
    skipped = (number - 1) * size
    ids = _ids(parts, skipped, size + 1)
    found = rows.model._default_manager.in_bulk(ids[:size])
    has_next = len(ids) > size
    total: int | None = skipped + len(ids)
    if has_next:
        counted = rows.order_by()[: COUNTED + 1].count()
        total = counted if counted <= COUNTED else None
    return NumberedPage([found[pk] for pk in ids[:size]], number, size, total, has_next)


def _ids(parts: Sequence[Ids], skipped: int, most: int) -> list[UUID]:
    found: list[UUID] = []
    for number, part in enumerate(parts, start=1):
        ids = list(part[skipped : skipped + most - len(found)])
        found += ids
        if len(found) == most or number == len(parts):
            break
        skipped = skipped - part.count() if skipped and not ids else 0
    return found


def newest(
    rows: QuerySet[Row], before: str, *, among: QuerySet[Row] | None = None, most: int = PAGE
) -> tuple[list[Row], str]:
    """Return the newest rows, or those before the row with the id `before`, and the id from which to continue.

    The table is never counted. The id is empty on the last page. With `among`, which an index has in this order, a page
    looks at no more than WALKED rows of it, so that a filter that few or no rows pass takes no longer in a long table.
    """
    with suppress(ValueError):
        start = UUID(before)
        rows, among = rows.filter(pk__lt=start), among if among is None else among.filter(pk__lt=start)
    # A row further: the last one looked at.
    ends = [] if among is None else list(among.order_by("-pk").values_list("pk", flat=True)[WALKED - 1 : WALKED + 1])
    found = list(rows.filter(pk__gte=ends[0])[: most + 1] if len(ends) == 2 else rows[: most + 1])
    if len(found) > most:
        return found[:most], str(found[most - 1].pk)
    return found, str(ends[0]) if len(ends) == 2 else ""
