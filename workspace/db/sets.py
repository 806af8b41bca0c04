"""People by sets: rows made exactly those that should be there, by statements whose number does not grow with them."""

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, F, Model, OuterRef, QuerySet
from django.utils import timezone

from workspace.db.prepared import insertion
from workspace.models import EndUser, EndUserGroup, Environment


@dataclass(frozen=True)
class Settled:
    """Who came to a place and who left it, as pairs of id and name."""

    place: Environment | EndUserGroup
    came: list[list[str]]
    left: list[list[str]]

    def __bool__(self) -> bool:
        return bool(self.came or self.left)


def settle(
    place: Environment | EndUserGroup, held: QuerySet[Any], wanted: QuerySet[EndUser], **columns: Any
) -> Settled:
    """Make the rows held at a place, which have these columns, exactly those of the wanted people.

    Rows that are right already are not touched: a session lives as long as the access that it began with.
    """
    gone = held.filter(~Exists(wanted.filter(pk=OuterRef("end_user"))))
    come = wanted.filter(~Exists(held.filter(end_user=OuterRef("pk"))))
    settled = Settled(place, named(come), named(EndUser.objects.filter(pk__in=gone.values("end_user"))))
    if settled.left:
        gone.delete()
    if settled.came:
        insert_from(held.model, come, end_user=F("pk"), created_at=timezone.now(), **columns)
    return settled


def insert_from(model: type[Model], rows: QuerySet[Any], **columns: Any) -> None:
    """A row with these columns for each of `rows`, which need a filter; one that is there stays."""
    with connection.cursor() as cursor:
        cursor.execute(*insertion(model, rows.order_by(), columns))


def named(end_users: QuerySet[EndUser]) -> list[list[str]]:
    """Ids with names, as a change event keeps them."""
    return [[str(pk), str(name)] for pk, name in end_users.order_by("id").values_list("pk", "full_name")]


def in_words(pairs: list[list[str]]) -> str:
    """Two people by name, more by number."""
    return " and ".join(name for _, name in pairs) if len(pairs) <= 2 else people(len(pairs))


def people(count: int) -> str:
    """So many people."""
    return "1 person" if count == 1 else f"{count:,} people"
