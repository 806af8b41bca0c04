"""Parts of a list: rows of one kind in one order."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from provisioning.search.kinds import AnyKind

# Past so many rows, counting rows off by an index and reading those of the page by their ids is faster.
_FAR = 1_000


@dataclass(frozen=True)
class Part:
    """Rows of one kind in one order. A list is made of one or several parts, one after the other.

    `is_keyed` says that the rows are annotated with the `sort_key` that they are sorted by, before their ids.
    """

    kind: AnyKind
    rows: QuerySet[Any]
    is_descending: bool
    is_keyed: bool = False

    def page(self, first: int, wanted: int) -> QuerySet[Any]:
        """The rows that follow the first ones."""
        rows = self.rows[first : first + wanted]
        return rows if first < _FAR else self.rows.filter(pk__in=self.rows.values("pk")[first : first + wanted])

    def length(self, first: int, wanted: int, found: int) -> int:
        """How many rows the part has. They are counted only where the page that was found does not tell."""
        is_last_page = (found or not first) and found < wanted
        return first + found if is_last_page else self.rows.count()

    def after(self, key: object, pk: str) -> QuerySet[Any]:
        """The rows that follow the row of this key and id.

        The first condition alone says where to begin in an index.
        """
        further, not_before = ("lt", "lte") if self.is_descending else ("gt", "gte")
        later_id = Q(**{f"id__{further}": pk})
        if not self.is_keyed:
            return self.rows.filter(later_id)
        later = Q(**{f"sort_key__{further}": key}) | Q(sort_key=key) & later_id
        return self.rows.filter(Q(**{f"sort_key__{not_before}": key}) & later)
