"""Pages of tables too long to count."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet

from workspace.db.ordered import Ordered, first, following, preceding
from workspace.words import at_least

Row = TypeVar("Row", bound=Model)
Shown = TypeVar("Shown")

PAGE = 50
# Rows are counted up to here, and a page is found by its number alone up to here. More rows make a page no slower.
COUNTED = 1000
# A list of the newest rows looks at so many for one page.
WALKED = 50_000
# Longer numbers are of no page.
_LONGEST = 10
_AFTER, _BEFORE = "after", "before"


@dataclass(frozen=True)
class Place:
    """Where a page begins: its number, which starts at 1, and the row that it stands after or before.

    Written `3`, `3.after.<id>` or `3.before.<id>`. Skipping to a number reads all rows before it, a row is found by
    the index; so links have both, and a number alone counts near the start only.
    """

    number: int = 1
    side: str = ""
    row: str = ""

    @classmethod
    def of(cls, text: str | None) -> Self:
        """Return the place of a text; the start if it is none."""
        number, _, rest = (text or "").partition(".")
        if not (number.isascii() and number.isdecimal() and len(number) < _LONGEST and int(number) > 1):
            return cls()
        side, _, row = rest.partition(".")
        return cls(int(number), side, row) if side in (_AFTER, _BEFORE) and row else cls(int(number))

    def __str__(self) -> str:
        return f"{self.number}.{self.side}.{self.row}" if self.row and self.number > 1 else str(self.number)


@dataclass(frozen=True)
class NumberedPage(Generic[Shown]):
    """A page, and how many rows all pages have; None for more than COUNTED."""

    rows: Sequence[Shown]
    place: Place
    size: int
    total: int | None
    has_next: bool

    @property
    def number(self) -> int:
        return self.place.number

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
        return at_least(COUNTED if self.total is None else self.total, is_more=self.total is None)

    @property
    def before(self) -> Place | None:
        """Return the place of the page before, if there is one."""
        return Place(self.number - 1, _BEFORE, self._id(0)) if self.number > 1 else None

    @property
    def after(self) -> Place:
        """Return the place of the next page."""
        return Place(self.number + 1, _AFTER, self._id(-1))

    def _id(self, at: int) -> str:
        """Return the id of a row; empty for what is none of a table."""
        row = self.rows[at] if self.rows else None
        return str(row.pk) if isinstance(row, Model) else ""


def numbered(
    rows: QuerySet[Row],
    asked: str | None,
    size: int = PAGE,
    *,
    parts: Callable[[], Iterable[Ordered]] | None = None,
    is_search: bool = False,
) -> NumberedPage[Row]:
    """Return the page that is asked for, as a `Place` is written; the first one if there is no such page.

    Ids are read first: an index has them in their order. `parts` are the ids of all rows, where no single index has
    them; those that a page does not need are not asked for. What a search finds is in no index, and PostgreSQL reads
    all rows for its first ones: the same read counts them.
    """
    place, parts = Place.of(asked), parts or (lambda: [Ordered.of(rows)])
    is_counted = is_search and place.number == 1
    if is_counted:
        ids = first(parts(), max(size, COUNTED) + 1)
    else:
        ids = _ids(parts, place, _row(rows.model, place.row), size)
    if not ids and place.number > 1:
        place = Place()
        ids = _ids(parts, place, None, size)
    found = rows.model._default_manager.in_bulk(ids[:size])
    has_next = len(ids) > size
    total: int | None = (place.number - 1) * size + len(ids)
    if is_counted:
        total = None if has_next and len(ids) > COUNTED else total
    elif has_next or place.row:
        counted = rows.order_by()[: COUNTED + 1].count()
        total = counted if counted <= COUNTED else None if has_next else total
    # A row may have gone since its id was read.
    return NumberedPage([found[pk] for pk in ids[:size] if pk in found], place, size, total, has_next)


def _ids(parts: Callable[[], Iterable[Ordered]], place: Place, row: object, size: int) -> list[Any]:
    """Return the ids of the page and one more if there is a next page; none if there is no such page."""
    if row and place.side == _AFTER and (found := following(parts(), row, size + 1)) is not None:
        return found
    if row and place.side == _BEFORE and (found := preceding(parts(), row, size)) is not None:
        # Fewer: rows before it have gone. The row itself is on the next page.
        return [*found, row] if len(found) == size else []
    # Far from the start a number counts only where the row of the page has gone.
    skipped = (place.number - 1) * size
    return first(parts(), size + 1, skipped) if skipped < COUNTED or row else []


def _row(model: type[Model], text: str) -> object:
    """Return the id of a row of the table; None if the text is none."""
    with suppress(ValidationError):
        return model._meta.pk.to_python(text)
    return None


def numbered_list(rows: Sequence[Shown], asked: str | None, size: int = PAGE) -> NumberedPage[Shown]:
    """Return the page of that number of rows that are read already; the first one if there is no such page."""
    number = Place.of(asked).number
    number = number if (number - 1) * size < len(rows) else 1
    end = number * size
    return NumberedPage(rows[end - size : end], Place(number), size, len(rows), end < len(rows))


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
