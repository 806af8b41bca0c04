"""Rows in the order of an index, from any of them on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias
from uuid import UUID

from django.db import connection
from django.db.models import Func, OuterRef, QuerySet, UUIDField
from django.db.models.functions import Greatest, Least

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

    def ids(self, most: int | None = None) -> Ids:
        """Return the ids of all rows, or of the first ones. A caller that reads further needs all."""
        return self._in_order({}, most)

    def count(self) -> int:
        return self.rows.order_by().values(self.shown).count()

    def after(self, row: object, most: int) -> list[Ids] | None:
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
            found.append(self._in_order({**equal, f"{name}__{further}": value}, most))
        return found

    def turned(self) -> Self:
        """Return the same rows in the opposite order."""
        return replace(self, columns=tuple(map(opposite, self.columns)))

    def _in_order(self, conditions: dict[str, object], most: int | None) -> Ids:
        return self.rows.filter(**conditions).order_by(*self.columns).values_list(self.shown, flat=True)[:most]


@dataclass(frozen=True, kw_only=True)
class OrderedWithin(Ordered):
    """Rows ordered by a unique column of their owners, then by one of their own, as an index has them in each owner.

    `owner` is the column that names an owner. PostgreSQL would read and sort all rows of the first owner, so it gets
    the first rows of each owner in turn, until they are enough. SQLite does that by itself.
    """

    owners: QuerySet[Any, Any]
    owner: str

    def _in_order(self, conditions: dict[str, object], most: int | None) -> Ids:
        if connection.vendor != "postgresql":
            return super()._in_order(conditions, most)
        from django.contrib.postgres.expressions import ArraySubquery  # imports psycopg

        prefix, (of_owner, own) = f"{self.owner}__", self.columns
        theirs = {name.removeprefix(prefix): conditions[name] for name in conditions if name.startswith(prefix)}
        rows = self.rows.filter(**{name: conditions[name] for name in conditions if not name.startswith(prefix)})
        # PostgreSQL expects an owner of average size, and would sort its rows. Between bounds that it cannot estimate
        # it expects few, and reads the index that has them in order. All ids are between these.
        name, lowest, highest = own.removeprefix("-"), UUID(int=0), UUID(int=2**128 - 1)
        bounds = {f"{name}__gte": Least(OuterRef("pk"), lowest), f"{name}__lte": Greatest(OuterRef("pk"), highest)}
        ids = rows.filter(**{self.owner: OuterRef("pk")}, **bounds).order_by(own).values(self.shown)[:most]
        each = Func(ArraySubquery(ids), function="unnest", output_field=UUIDField(), set_returning=True)
        owners = self.owners.filter(**theirs).order_by(of_owner.replace(prefix, ""))
        return owners.values_list(each, flat=True)[:most]


def opposite(column: str) -> str:
    """Return a column of an order in its other direction."""
    return column.removeprefix("-") if column.startswith("-") else f"-{column}"


def first(parts: Iterable[Ordered], most: int, skipped: int = 0) -> list[Any]:
    """Return the first ids of parts that follow each other, without those that are skipped."""
    found: list[Any] = []
    for part in parts:
        ids = list(part.ids(skipped + most - len(found))[skipped:])
        found += ids
        if len(found) == most:
            break
        skipped = skipped - part.count() if skipped and not ids else 0
    return found


def following(parts: Iterable[Ordered], row: object, most: int) -> list[Any] | None:
    """Return the ids of the first rows after this one; None if it is in no part."""
    found: list[Any] | None = None
    for part in parts:
        ids = part.after(row, most) if found is None else [part.ids(most)]
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
