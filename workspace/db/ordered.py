"""Rows in the order of an index, from any of them on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias

from django.db.models import QuerySet

Ids: TypeAlias = "QuerySet[Any, Any]"


@dataclass(frozen=True)
class Ordered:
    """Rows ordered by columns, of which the last one tells apart what the others do not; `-` is descending.

    `shown` is the column with the ids of the rows that a list shows.
    """

    rows: QuerySet[Any, Any]
    columns: tuple[str, ...]
    shown: str = "pk"

    @classmethod
    def of(cls, rows: QuerySet[Any, Any]) -> Self:
        """Return rows in their own order."""
        return cls(rows, tuple(map(str, rows.query.order_by or rows.model._meta.ordering)))

    def ids(self) -> Ids:
        return self._in_order(self.rows)

    def after(self, row: object) -> list[Ids] | None:
        """Return the ids of the rows after this one, in parts that follow each other; None if it is not among them.

        First come those with all but the last column equal. A single comparison of all columns would be shorter, but
        databases use no index for it if the columns are of two tables, or of both directions.
        """
        names = [column.removeprefix("-") for column in self.columns]
        key = self.rows.order_by().filter(**{self.shown: row}).values_list(*names).first()
        if key is None:
            return None
        same = dict(zip(self.columns, key, strict=True))
        found = []
        while same:
            column, value = same.popitem()
            name, further = column.removeprefix("-"), "lt" if column.startswith("-") else "gt"
            equal = {each.removeprefix("-"): value for each, value in same.items()}
            found.append(self._in_order(self.rows.filter(**equal, **{f"{name}__{further}": value})))
        return found

    def turned(self) -> Self:
        """Return the same rows in the opposite order."""
        return replace(self, columns=tuple(map(opposite, self.columns)))

    def _in_order(self, rows: QuerySet[Any, Any]) -> Ids:
        return rows.order_by(*self.columns).values_list(self.shown, flat=True)


def opposite(column: str) -> str:
    """Return a column of an order in its other direction."""
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


def first(parts: Iterable[Ordered], most: int, skipped: int = 0) -> list[Any]:
    """Return the first ids of parts that follow each other, without those that are skipped."""
    found: list[Any] = []
    for part in parts:
        ids = list(part.ids()[skipped : skipped + most - len(found)])
        found += ids
        if len(found) == most:
            break
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


def preceding(parts: Iterable[Ordered], row: object, most: int) -> list[Any] | None:
    """Return the ids of the last rows before this one, in their order; None if it is in no part."""
    turned: list[Ordered] = []
    for part in parts:
        turned.insert(0, part.turned())
        if (found := following(turned, row, most)) is not None:
            return found[::-1]
    return None
