"""Users and Groups as rows of a connection: where every query of the protocol starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from provisioning.models import ProvisionedGroup, ProvisionedUser, ProvisioningConnection, ResourceCount
from provisioning.payload.resources import Group, Model, User
from workspace.db.keys import name_key
from workspace.db.prepared import Prepared

Row = TypeVar("Row", ProvisionedUser, ProvisionedGroup)
# The columns that an answer is made of. The others serve filters and changes.
_SHOWN = ("id", "document", "version", "created_at", "updated_at")


@dataclass(frozen=True)
class LookUp(Generic[Row]):
    """A query for at most two rows by an attribute, and how the attribute's value is spelled in its column."""

    query: Prepared[Row]
    spelled: Callable[[str], str]


@dataclass(frozen=True, eq=False)
class Kind(Generic[Row]):
    """Users or Groups: their names in the protocol, their tables, and their prepared queries."""

    name: Literal["User", "Group"]
    schema: Model
    model: type[Row]
    # Both take the ids of a connection and of a row. The second one locks the row.
    by_id: Prepared[Row]
    by_id_to_change: Prepared[Row]
    # By the attribute's name in lower case.
    look_ups: Mapping[str, LookUp[Row]]

    def rows(self, connection: ProvisioningConnection) -> QuerySet[Row]:
        """The connection's rows, with the columns that answers show."""
        return self.model._default_manager.filter(connection=connection).only(*_SHOWN)

    def find(self, connection: ProvisioningConnection, pk: UUID, *, to_change: bool = False) -> Row | None:
        """Return the connection's row of that id; to change it, locked until the transaction ends."""
        found = (self.by_id_to_change if to_change else self.by_id).first(connection.pk, pk)
        if found is not None:
            found.connection = connection
        return found

    def look_up(self, connection: ProvisioningConnection, attribute: str, value: str) -> list[Row] | None:
        """Return the row with that value, if there is one; None for other attributes, and where several have it."""
        look_up = self.look_ups.get(attribute.lower())
        rows = look_up.query(connection.pk, look_up.spelled(value)) if look_up else None
        return None if rows is None or len(rows) > 1 else rows

    def count(self, connection: ProvisioningConnection) -> int:
        """Return how many rows the connection has, from the counts that triggers keep."""
        return sum(total for (total,) in _counts(connection.pk, self.name))


def _look_up(model: type[Row], column: str) -> Prepared[Row]:
    def build(connection: object, value: object) -> QuerySet[Row]:
        # SQLite uses a partial index only where the query repeats the index's condition.
        rows = model._default_manager.filter(Q(connection=connection, **{column: value})).exclude(**{column: ""})
        return rows.only(*_SHOWN).order_by()[:2]

    return Prepared(build, (ProvisioningConnection, "id"), (model, column))


def _by_id(model: type[Row]) -> Prepared[Row]:
    def build(connection: object, pk: object) -> QuerySet[Row]:
        return model._default_manager.filter(Q(connection=connection, pk=pk)).only(*_SHOWN)

    return Prepared(build, (ProvisioningConnection, "id"), (model, "id"))


def _by_id_to_change(model: type[Row], joined: str) -> Prepared[Row]:
    """Lock the row against other changes, but not against rows that refer to it by a foreign key."""

    def build(connection: object, pk: object) -> QuerySet[Row]:
        rows = model._default_manager.filter(Q(connection=connection, pk=pk))
        return rows.defer("folded").select_related(joined).select_for_update(of=("self",), no_key=True)

    return Prepared(build, (ProvisioningConnection, "id"), (model, "id"))


_counts: Prepared[tuple[int]] = Prepared(
    lambda connection, kind: ResourceCount.objects.filter(connection=connection, kind=kind).values_list("total"),
    (ProvisioningConnection, "id"),
    (ResourceCount, "kind"),
)
USERS = Kind(
    name="User",
    schema=User,
    model=ProvisionedUser,
    by_id=_by_id(ProvisionedUser),
    by_id_to_change=_by_id_to_change(ProvisionedUser, "end_user"),
    look_ups={
        "username": LookUp(_look_up(ProvisionedUser, "user_name_key"), name_key),
        "externalid": LookUp(_look_up(ProvisionedUser, "external_id"), str),
    },
)
GROUPS = Kind(
    name="Group",
    schema=Group,
    model=ProvisionedGroup,
    by_id=_by_id(ProvisionedGroup),
    by_id_to_change=_by_id_to_change(ProvisionedGroup, "group"),
    look_ups={
        "displayname": LookUp(_look_up(ProvisionedGroup, "display_name_key"), name_key),
        "externalid": LookUp(_look_up(ProvisionedGroup, "external_id"), str),
    },
)
AnyKind = Kind[ProvisionedUser] | Kind[ProvisionedGroup]
AnyRow = ProvisionedUser | ProvisionedGroup
