"""Who is entitled to what: the queries, and the functions that make access and memberships exactly that."""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from provisioning.actions.locks import lock_for_effects
from provisioning.models import (
    GroupMapping,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
)
from workspace.actions.access import set_access_of_source, touch
from workspace.actions.exact import SetChange
from workspace.actions.members import set_members_of_source
from workspace.db.prepared import Prepared
from workspace.events import Actor
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet

# With more people than that, looking at the whole connection is less work than naming them.
_MOST_NAMED = 1000


# Questions.


def lets_in_everybody(connection: ProvisioningConnection, environment: Environment) -> bool:
    """Say whether every active user of the connection may enter; otherwise only members of mapped groups may."""
    return environment == connection.environment and not connection.only_mapped


def entitled(connection: ProvisioningConnection, environment: Environment) -> EndUserQuerySet:
    """Return those whom the connection lets into an environment."""
    active = connection.users.filter(is_active=True)
    if not lets_in_everybody(connection, environment):
        active = active.filter(pk__in=_mapped_members(connection, environment).values("user"))
    return EndUser.objects.filter(pk__in=active.values("end_user"))


def environments_of(record: ProvisionedUser) -> list[Environment]:
    """Return where a user may enter whose record is active; the connection is locked for effects."""
    connection = record.connection
    mapped = [each.environment for each in _mappings_of_user(connection.pk, record.pk)]
    own = [connection.environment] if mapped or lets_in_everybody(connection, connection.environment) else []
    return list(dict.fromkeys([*own, *mapped]))


def mappings_of(record: ProvisionedGroup) -> list[GroupMapping]:
    """Return the mappings of a pushed group."""
    mappings = record.connection.mappings.filter(name_key=record.display_name_key)
    return list(mappings.select_related("environment__workspace", "group__environment__workspace"))


def is_mapped(record: ProvisionedGroup) -> bool:
    """Say whether a pushed group fills what its mappings say, instead of a group of its own."""
    return record.connection.mappings.filter(name_key=record.display_name_key).exists()


def fills(record: ProvisionedGroup, group: EndUserGroup) -> bool:
    """Say whether a pushed group fills this one by a mapping."""
    return record.connection.mappings.filter(name_key=record.display_name_key, group=group).exists()


def members_of(record: ProvisionedGroup) -> EndUserQuerySet:
    """Return the people whom a pushed group has as members."""
    return EndUser.objects.filter(pk__in=record.memberships.values("user__end_user"))


def mapped_groups(mappings: Iterable[GroupMapping]) -> list[EndUserGroup]:
    """Return the groups that these mappings fill."""
    return [each.group for each in mappings if each.group is not None]


# Changes.


def make_exact(record: ProvisionedGroup, by: Actor, *, ended: Collection[GroupMapping] = ()) -> list[SetChange]:
    """Make what a pushed group grants by its mappings exactly that; `ended` are mappings that are gone."""
    lock_for_effects(record.connection)
    mappings = mappings_of(record)
    filled = mapped_groups(mappings)
    emptied = [group for group in mapped_groups(ended) if group not in filled]
    wanted = [(group, EndUser.objects.none()) for group in emptied]
    wanted += [(group, members_of(record)) for group in filled]
    return [
        *(set_members_of_source(group=group, members=people, source=record.source, by=by) for group, people in wanted),
        *make_access_exact(record.connection, {each.environment for each in [*mappings, *ended]}, by),
    ]


def make_access_exact(
    connection: ProvisioningConnection,
    environments: Iterable[Environment],
    by: Actor,
    *,
    among: Collection[UUID] | None = None,
) -> list[SetChange]:
    """Make access to these environments and to the connection's own exactly what records and mappings say.

    With `among`, only these people are looked at, unless they are so many that it would not help.
    """
    places = dict.fromkeys([connection.environment, *environments])
    named = among if among is None or len(among) <= _MOST_NAMED else None
    changes = [
        set_access_of_source(
            environment=place, entitled=entitled(connection, place), among=named, source=connection.source, by=by
        )
        for place in places
        # Where everybody is let in, memberships change nothing.
        if not lets_in_everybody(connection, place)
    ]
    _touch_added(changes)
    return changes


def make_own_access_exact(connection: ProvisioningConnection, by: Actor) -> SetChange:
    """Make access to the connection's own environment exactly what records and mappings say."""
    place = connection.environment
    change = set_access_of_source(
        environment=place, entitled=entitled(connection, place), source=connection.source, by=by
    )
    _touch_added([change])
    return change


def _touch_added(changes: Iterable[SetChange]) -> None:
    touch({UUID(pk) for change in changes for pk, _ in change.added}, timezone.now())


def _mapped_members(connection: ProvisioningConnection, environment: Environment) -> QuerySet[ProvisionedMembership]:
    """Return members of groups that are mapped: to this environment, or for the connection's own to any."""
    mappings = connection.mappings.order_by()
    if environment != connection.environment:
        mappings = mappings.filter(environment=environment)
    mapped = connection.groups.filter(display_name_key__in=mappings.values("name_key"))
    return ProvisionedMembership.objects.filter(group__in=mapped.values("pk"))


_mappings_of_user = Prepared(
    lambda connection, user: GroupMapping.objects.filter(
        connection=connection,
        name_key__in=ProvisionedMembership.objects.filter(user=user).values("group__display_name_key"),
    ).select_related("environment__workspace"),
    (ProvisioningConnection, "id"),
    (ProvisionedUser, "id"),
)
