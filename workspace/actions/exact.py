"""Sets of rows made exact, by a number of statements that does not grow with the number of people."""

from dataclasses import dataclass

from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.utils import timezone

from workspace.db.sets import insert_from
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet


@dataclass(frozen=True)
class SetChange:
    """The people added to a place and removed from it, as pairs of id and name."""

    place: Environment | EndUserGroup
    added: list[list[str]]
    removed: list[list[str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed)

    @property
    def people(self) -> list[str]:
        """Return the ids of everybody added or removed."""
        return [pk for pk, _ in [*self.added, *self.removed]]


def make_exact(
    place: Environment | EndUserGroup, rows: QuerySet[Model], wanted: EndUserQuerySet, **columns: object
) -> SetChange:
    """Make the rows of a place exactly those of the wanted people. New rows get these columns.

    Rows that are right are not touched: a session ends with the access row with which it began.
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
