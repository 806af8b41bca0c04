"""Rows of people made exactly those that should be there, by statements whose number does not grow with them."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from workspace.db.sets import insert_from
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet


@dataclass(frozen=True)
class SetChange:
    """Who was added to a place and who was removed from it, as pairs of id and name."""

    place: Environment | EndUserGroup
    added: list[list[str]]
    removed: list[list[str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def people(self) -> list[str]:
        """Return the ids of all whom it concerns."""
        return [pk for pk, _ in [*self.added, *self.removed]]


def make_exact(
    place: Environment | EndUserGroup, rows: QuerySet[Any], wanted: EndUserQuerySet, **columns: Any
) -> SetChange:
    """Make the rows of a place exactly those of the wanted people; new ones get these columns.

    Rows that are right already are not touched: a session lives as long as the access that it began with.
    """
    gone = rows.filter(~Exists(wanted.filter(pk=OuterRef("end_user"))))
    missing = wanted.filter(~Exists(rows.filter(end_user=OuterRef("pk"))))
    removed = EndUser.objects.filter(pk__in=gone.values("end_user")).pairs()
    change = SetChange(place, added=missing.pairs(), removed=removed)
    if change.removed:
        gone.delete()
    if change.added:
        insert_from(rows.model, missing, end_user=F("pk"), created_at=timezone.now(), **columns)
    return change
