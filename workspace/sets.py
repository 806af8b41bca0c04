"""People by sets: rows made exactly those that should be there, by statements whose number does not grow with them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Exists, F, Model, OuterRef, QuerySet, Value
from django.utils import timezone

from workspace.models import EndUser, EndUserGroup, Environment

BATCH = 1000
_Id = TypeVar("_Id", str, UUID)


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
    """INSERT … SELECT: a row with these columns for each of `rows`, which need a filter; one that is there stays."""
    fields = {name: model._meta.get_field(name) for name in columns}
    # Under names of their own: `rows` has some of these, too.
    selected = {f"new_{name}": _expression(value, fields[name]) for name, value in columns.items()}
    sql, params = rows.order_by().annotate(**selected).values_list(*selected).query.sql_with_params()
    quote = connection.ops.quote_name
    names = ", ".join(quote(field.column) for field in fields.values())  # type: ignore[union-attr, arg-type]
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {quote(model._meta.db_table)} ({names}) {sql} ON CONFLICT DO NOTHING", params)


def _expression(value: Any, field: Any) -> Any:
    return value if hasattr(value, "resolve_expression") else Value(value, getattr(field, "target_field", field))


def batches(ids: Iterable[_Id]) -> Iterator[list[_Id]]:
    """Parts small enough for one statement on every database."""
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def named(end_users: QuerySet[EndUser]) -> list[list[str]]:
    """Ids with names, as a change event keeps them."""
    return [[str(pk), str(name)] for pk, name in end_users.order_by("id").values_list("pk", "full_name")]


def in_words(pairs: list[list[str]]) -> str:
    """Two people by name, more by number."""
    return " and ".join(name for _, name in pairs) if len(pairs) <= 2 else people(len(pairs))


def people(count: int) -> str:
    """So many people."""
    return "1 person" if count == 1 else f"{count:,} people"
