"""Rows in the order of an index, from any of them on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from django.db.models import QuerySet

Ids: TypeAlias = "QuerySet[Any, Any]"


@dataclass(frozen=True)
class Ordered:
    """Rows ordered by columns of one direction, of which the last one tells apart what the others do not.

    `shown` is the column with the ids of the rows that a list shows.
    """

    rows: QuerySet[Any, Any]
    columns: tuple[str, ...]
    is_down: bool = False
    shown: str = "pk"

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Self | None:
        """Return the rows in their own order; None if it has columns of both directions."""
        order = [str(column) for column in rows.query.order_by or rows.model._meta.ordering]
        columns = tuple(column.removeprefix("-") for column in order)
        downs = {column.startswith("-") for column in order}
        return cls(rows, columns, downs.pop()) if len(downs) == 1 else None

    def ids(self) -> Ids:
        return self._in_order(self.rows)

    def after(self, row: object) -> list[Ids] | None:
        """Return the ids of the rows after this one, in parts that follow each other; None if it is not among them.

        First come those with all but the last column equal. A single comparison of all columns would be shorter, but
        databases use no index for it if the columns are of two tables.
        """
        key = self.rows.order_by().filter(**{self.shown: row}).values_list(*self.columns).first()
        if key is None:
            return None
        further = "lt" if self.is_down else "gt"
        same = dict(zip(self.columns, key, strict=True))
        found = []
        while same:
            column, value = same.popitem()
            found.append(self._in_order(self.rows.filter(**same, **{f"{column}__{further}": value})))
        return found

    def turned(self) -> Self:
        return replace(self, is_down=not self.is_down)

    def _in_order(self, rows: QuerySet[Any, Any]) -> Ids:
        order = (f"-{column}" if self.is_down else column for column in self.columns)
        return rows.order_by(*order).values_list(self.shown, flat=True)


def first(parts: Iterable[Ordered], most: int, skipped: int = 0) -> list[Any]:
    """Return the first ids of parts that follow each other, without those that are skipped."""
    found: list[Any] = []
    for part in parts:
        if len(found) == most:
            break
        ids = list(part.ids()[skipped : skipped + most - len(found)])
        found += ids
        skipped = skipped - part.ids().count() if skipped and not ids else 0
    return found


def following(parts: Iterable[Ordered], row: object, most: int) -> list[Any] | None:
    """Return the ids of the first rows after this one; None if it is in no part."""
    found: list[Any] | None = None
    for part in parts:
        ids = part.after(row) if found is None else [part.ids()]
        for each in ids or []:
            found = found or []
            if len(found) < most:
                found += each[: most - len(found)]
        if found is not None and len(found) == most:
            break
    return found


def preceding(parts: Sequence[Ordered], row: object, most: int) -> list[Any] | None:
    """Return the ids of the last rows before this one, in their order; None if it is in no part."""
    found = following([part.turned() for part in reversed(parts)], row, most)
    return None if found is None else found[::-1]


