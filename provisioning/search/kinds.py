"""Users and Groups as rows of a connection: where every query of the protocol starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from uuid import UUID

from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from provisioning.models import ProvisionedGroup, ProvisionedUser, ProvisioningConnection, ResourceCount
from provisioning.payload.resources import Group, Model, User
from provisioning.search.memberships import GROUPS_OF_USER
from provisioning.search.rows import COLUMNS, WITH_GROUPS, Columns, Shown
from workspace.db.counting import NumberOf, SumOf
from workspace.db.keys import name_key
from workspace.db.parameters import Parameter, Typed
from workspace.db.prepared import Nth, Prepared, PreparedPage

Row = TypeVar("Row", ProvisionedUser, ProvisionedGroup)


_CONNECTION: Typed = (ProvisioningConnection, "id")


@dataclass(frozen=True)
class LookUp:
    """A query for at most two rows by an attribute, and how the attribute's value is spelled in its column."""

    query: Prepared[Shown]
    spelled: Callable[[str], str]


@dataclass(frozen=True, eq=False)
class Kind(Generic[Row]):
    """Users or Groups: their names in the protocol, their tables, and their prepared queries."""

    name: Literal["User", "Group"]
    schema: Model
    model: type[Row]
    # Both take the ids of a connection and of a row. The second one locks the row.
    by_id: Prepared[Shown]
    by_id_to_change: Prepared[Row]
    # In the order of ids, at most so many: those after the first so many rows from an id on, and those after an id.
    numbered: PreparedPage[Shown]
    following: PreparedPage[Shown]
    last: Prepared[tuple[UUID]]
    number_up_to: Prepared[tuple[int]]
    # By the attribute's name in lower case.
    look_ups: Mapping[str, LookUp]

    def rows(self, connection: ProvisioningConnection) -> QuerySet[Row]:
        """The connection's rows."""
        return self.model._default_manager.filter(connection=connection)

    def find_to_change(self, connection: ProvisioningConnection, pk: UUID) -> Row | None:
        """Return the connection's row of that id, locked until the transaction ends."""
        found = self.by_id_to_change.first(connection.pk, pk)
        if found is not None:
            found.connection = connection
        return found

    def look_up(self, connection: ProvisioningConnection, attribute: str, value: str) -> list[Shown] | None:
        """Return the row with that value, if there is one; None for other attributes, and where several have it."""
        look_up = self.look_ups.get(attribute.lower())
        rows = look_up.query(connection.pk, look_up.spelled(value)) if look_up else None
        return None if rows is None or len(rows) > 1 else rows

    def count(self, connection: ProvisioningConnection) -> int:
        """Return how many rows the connection has, from the counts that triggers keep."""
        return sum(total for (total,) in _counts(connection.pk, self.name))

    def last_id(self, connection: UUID) -> UUID:
        """Return the greatest id of a connection's rows; the least of all ids where it has none."""
        return next((pk for (pk,) in self.last(connection)), UUID(int=0))

    def count_up_to(self, connection: UUID, pk: UUID) -> int:
        """Return how many rows the connection has up to that id. Only those after it are counted."""
        return sum(number for (number,) in self.number_up_to(connection, pk))


def _alone(model: type[Row]) -> Columns:
    """The columns of a row that is read alone: its groups come with it."""
    return WITH_GROUPS if model is ProvisionedUser else COLUMNS


def _look_up(model: type[Row], column: str) -> Prepared[Shown]:
    def build(connection: object, value: object) -> "QuerySet[Row, Shown]":
        # SQLite uses a partial index only where the query repeats the index's condition.
        rows = model._default_manager.filter(Q(connection=connection, **{column: value})).exclude(**{column: ""})
        return rows.values_list(*_alone(model)).order_by()[:2]

    return Prepared(build, _CONNECTION, (model, column))


def _by_id(model: type[Row]) -> Prepared[Shown]:
    def build(connection: object, pk: object) -> "QuerySet[Row, Shown]":
        return model._default_manager.filter(Q(connection=connection, pk=pk)).values_list(*_alone(model))

    return Prepared(build, _CONNECTION, (model, "id"))


def _numbered(model: type[Row]) -> PreparedPage[Shown]:
    """Count rows off by their index alone, then read those that follow."""

    def build(connection: object, pk: object, before: Parameter) -> "QuerySet[Row, Shown]":
        rows = model._default_manager.filter(Q(connection=connection)).order_by("id")
        nth = Nth(rows.filter(Q(id__gte=pk)).values("id"), before)
        return rows.filter(Q(id__gte=nth)).values_list(*COLUMNS)

    return PreparedPage(build, _CONNECTION, (model, "id"), (model, "version"))


def _following(model: type[Row]) -> PreparedPage[Shown]:
    def build(connection: object, pk: object) -> "QuerySet[Row, Shown]":
        rows = model._default_manager.filter(Q(connection=connection, id__gt=pk)).order_by("id")
        return rows.values_list(*COLUMNS)

    return PreparedPage(build, _CONNECTION, (model, "id"))


def _last(model: type[Row]) -> Prepared[tuple[UUID]]:
    def build(connection: object) -> "QuerySet[Row, tuple[UUID]]":
        return model._default_manager.filter(Q(connection=connection)).order_by("-id").values_list("id")[:1]

    return Prepared(build, _CONNECTION)


def _number_up_to(model: type[Row], kind: str) -> Prepared[tuple[int]]:
    def build(connection: object, pk: object) -> "QuerySet[ProvisioningConnection, tuple[int]]":
        totals = ResourceCount.objects.filter(Q(connection=OuterRef("pk"), kind=kind)).values(counted=F("total"))
        later = model._default_manager.filter(Q(connection=OuterRef("pk"), id__gt=pk)).order_by()
        return ProvisioningConnection.objects.filter(Q(pk=connection)).values_list(
            SumOf(totals) - NumberOf(later.values("id"))
        )

    return Prepared(build, _CONNECTION, (model, "id"))


def _whole_by_id(model: type[Row], joined: str, **added: Subquery) -> Callable[..., QuerySet[Row]]:
    def build(connection: object, pk: object) -> QuerySet[Row]:
        rows = model._default_manager.filter(Q(connection=connection, pk=pk)).annotate(**added)
        return rows.defer("folded").select_related(joined)

    return build


def _by_id_to_change(model: type[Row], joined: str, **added: Subquery) -> Prepared[Row]:
    """Lock the row against other changes, but not against rows that refer to it by a foreign key."""
    build = _whole_by_id(model, joined, **added)
    return Prepared(
        lambda *values: build(*values).select_for_update(of=("self",), no_key=True), _CONNECTION, (model, "id")
    )


_counts: Prepared[tuple[int]] = Prepared(
    lambda connection, kind: ResourceCount.objects.filter(connection=connection, kind=kind).values_list("total"),
    _CONNECTION,
    (ResourceCount, "kind"),
)
USERS = Kind(
    name="User",
    schema=User,
    model=ProvisionedUser,
    by_id=_by_id(ProvisionedUser),
    by_id_to_change=_by_id_to_change(ProvisionedUser, "end_user", group_rows=GROUPS_OF_USER),
    numbered=_numbered(ProvisionedUser),
    following=_following(ProvisionedUser),
    last=_last(ProvisionedUser),
    number_up_to=_number_up_to(ProvisionedUser, "User"),
    look_ups={
        "username": LookUp(_look_up(ProvisionedUser, "user_name_key"), name_key),
        "externalid": LookUp(_look_up(ProvisionedUser, "external_id"), str),
    },
)
# A user with what a change of `active` needs, not locked.
user_to_switch = Prepared(
    _whole_by_id(ProvisionedUser, "end_user", group_rows=GROUPS_OF_USER), _CONNECTION, (ProvisionedUser, "id")
)
GROUPS = Kind(
    name="Group",
    schema=Group,
    model=ProvisionedGroup,
    by_id=_by_id(ProvisionedGroup),
    by_id_to_change=_by_id_to_change(ProvisionedGroup, "group"),
    numbered=_numbered(ProvisionedGroup),
    following=_following(ProvisionedGroup),
    last=_last(ProvisionedGroup),
    number_up_to=_number_up_to(ProvisionedGroup, "Group"),
    look_ups={
        "displayname": LookUp(_look_up(ProvisionedGroup, "display_name_key"), name_key),
        "externalid": LookUp(_look_up(ProvisionedGroup, "external_id"), str),
    },
)
AnyKind = Kind[ProvisionedUser] | Kind[ProvisionedGroup]
