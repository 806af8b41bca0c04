"""Parts of a list: rows of one kind in one order."""

from dataclasses import dataclass
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Q, QuerySet

from provisioning.models import ProvisioningConnection
from provisioning.search.cursors import Position
from provisioning.search.kinds import AnyKind
from provisioning.search.places import FAR, START, Place, places_of
from provisioning.search.rows import COLUMNS

# Past so many rows, counting rows off by an index and reading those of the page by their ids is faster.
_FAR = 1_000
_BEFORE_ALL = UUID(int=0)
# Rows as answers show them; those of a keyed part with their sort key behind it.
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Part:
    """Rows of one kind in one order. A list is made of one or several parts, one after the other.

    `is_keyed` says that the rows are annotated with the `sort_key` that they are sorted by, before their ids.
    """

    kind: AnyKind
    rows: QuerySet[Any]
    is_descending: bool
    is_keyed: bool = False

    def page(self, first: int, wanted: int) -> Rows:
        """Return the rows that follow the first ones."""
        rows = self.rows[first : first + wanted]
        near = first < _FAR
        return self._read(rows if near else self.rows.filter(pk__in=self.rows.values("pk")[first : first + wanted]))

    def length(self, first: int, wanted: int, found: int) -> int:
        """Return how many rows the part has. They are counted only where the page that was found does not tell."""
        return first + found if _is_last_page(first, wanted, found) else self.rows.count()

    def after(self, position: Position | None, most: int) -> Rows:
        """Return the rows that follow the position, or the first ones."""
        return self._read((self._later(position.key, position.pk) if position else self.rows)[:most])

    def _later(self, key: object, pk: str) -> QuerySet[Any]:
        """The rows that follow the row of this key and id. The first condition alone says where an index begins."""
        further, not_before = ("lt", "lte") if self.is_descending else ("gt", "gte")
        later_id = Q(**{f"id__{further}": pk})
        if not self.is_keyed:
            return self.rows.filter(later_id)
        later = Q(**{f"sort_key__{further}": key}) | Q(sort_key=key) & later_id
        return self.rows.filter(Q(**{f"sort_key__{not_before}": key}) & later)

    def _read(self, rows: QuerySet[Any]) -> Rows:
        return list(rows.values_list(*COLUMNS, *(["sort_key"] if self.is_keyed else [])))


@dataclass(frozen=True)
class Whole:
    """All rows of one kind by their ids, as a part of a list. Its queries are prepared."""

    kind: AnyKind
    connection: ProvisioningConnection
    is_keyed: ClassVar[bool] = False

    def page(self, first: int, wanted: int) -> Rows:
        """Return the rows that follow the first ones."""
        if not wanted:
            return []
        places = places_of(self.kind, self.connection.pk) if first >= FAR else None
        place = places.nearest(first) if places else START
        rows = [*self.kind.numbered(self.connection.pk, place.pk, first - place.before, wanted)]
        if places and rows:
            places.note(Place(first, rows[0][0]))
        return rows

    def length(self, first: int, wanted: int, found: int) -> int:
        """Return how many rows the part has. They are counted only where the page that was found does not tell."""
        return first + found if _is_last_page(first, wanted, found) else self.kind.count(self.connection)

    def after(self, position: Position | None, most: int) -> Rows:
        """Return the rows that follow the position, or the first ones."""
        return [*self.kind.following(self.connection.pk, position.pk if position else _BEFORE_ALL, most)]


AnyPart = Part | Whole


def _is_last_page(first: int, wanted: int, found: int) -> bool:
    return bool(found or not first) and found < wanted
