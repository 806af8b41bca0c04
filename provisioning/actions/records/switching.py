"""A SCIM User who is only switched on or off: the change that IdPs send most, by one statement in the plain case."""

from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from provisioning.actions.effects.profiles import profile_of, waits_for_address
from provisioning.actions.records.users import LogRow, fill, stored
from provisioning.models import GroupMapping, ProvisionedUser, ProvisioningConnection
from workspace.actions.access import ended_alone, restored_alone
from workspace.db.changes import PreparedCondition
from workspace.db.parameters import Typed
from workspace.db.together import write_together
from workspace.events import Actor
from workspace.models import EndUser, Environment, EnvironmentAccess


def switch_alone(*, user: ProvisionedUser, is_active: bool, by: Actor, notes: list[str], log: LogRow) -> bool:
    """Store what `update_user_record` would, with the row of the log, and say whether it was done.

    `user` was read without a lock. It is done in the plain case only: nothing has changed since, the connection lets in
    everybody and has no mappings, and access to its environment is all that ends or begins.
    """
    connection, person, place = user.connection, user.end_user, user.connection.environment
    read = connection.pk, connection.updated_at, user.pk, user.version, person.pk, person.status, person.updated_at
    keys, now = (user.user_name_key, user.display_name_key), timezone.now()
    if is_active == user.is_active or connection.only_mapped:
        return False
    fill(user, user.document | {"active": is_active})
    if (user.user_name_key, user.display_name_key) != keys or waits_for_address(
        user, profile_of(connection, user.document)
    ):
        return False
    user.version, user.updated_at = user.version + 1, now
    condition, follow = (_without_access, restored_alone) if is_active else (_with_this_access_alone, ended_alone)
    source = connection.source
    rows = [stored(user, is_switched=True), *follow(person, source, place, by, now), *log(user, notes)]
    return write_together(rows, only_if=condition(place.pk, source.kind, source.id, source.name, *read)) is not None


def _as_read(*read: Any) -> QuerySet[ProvisionedUser, tuple[UUID]]:
    """Return the user if it is as it was read, with its person and the settings, and if there are no mappings."""
    connection, settings_at, user, version, person, status, person_at = read
    rows = ProvisionedUser.objects.filter(
        ~Exists(GroupMapping.objects.filter(connection=OuterRef("connection")).order_by()),
        pk=user,
        version=version,
        connection=connection,
        connection__updated_at=settings_at,
        end_user=person,
        end_user__status=status,
        end_user__updated_at=person_at,
    )
    return rows.order_by().values_list("pk")


def _condition(build: Any) -> PreparedCondition:
    access: list[Typed] = [(EnvironmentAccess, f"source_{name}") for name in ("kind", "id", "name")]
    read: list[Typed] = [(ProvisioningConnection, "id"), (ProvisioningConnection, "updated_at")]
    read += [(ProvisionedUser, "id"), (ProvisionedUser, "version")]
    read += [(EndUser, "id"), (EndUser, "status"), (EndUser, "updated_at")]
    shared, locked = [ProvisioningConnection], [ProvisionedUser, EndUser]
    return PreparedCondition(build, (Environment, "id"), *access, *read, shared=shared, locked=locked)


_accesses = EnvironmentAccess.objects.filter(end_user=OuterRef("end_user")).order_by()
_without_access = _condition(
    lambda place, kind, source, name, *read: _as_read(*read).filter(
        ~Exists(_accesses.filter(environment=place, source_kind=kind, source_id=source))
    )
)
_with_this_access_alone = _condition(
    lambda place, kind, source, name, *read: _as_read(*read).filter(
        Exists(_accesses.filter(environment=place, source_kind=kind, source_id=source, source_name=name)),
        ~Exists(_accesses.exclude(environment=place, source_kind=kind, source_id=source)),
    )
)
