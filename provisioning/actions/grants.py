"""What mappings grant: the end-user groups that a mapped group fills, and the environments that its members may enter.

Every SCIM request that changes something shares its connection from the start (`share`), so that who changes mappings
can have it for himself (`have`). Those whose effects on access depend on each other take turns at their end (`hold`).
"""

from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from provisioning.models import (
    GroupMapping,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
)
from workspace.action_names import Action
from workspace.actions import members
from workspace.actions.access import set_access_of_source
from workspace.actions.exact import SetChange
from workspace.db.prepared import Prepared
from workspace.events import Actor, Sentence, record
from workspace.models import EndUser, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet

# Of more people than that, looking at all of the connection is less work than naming them.
_MOST_NAMED = 1000
_CHOSEN = ("only_mapped", "name_from", "email_from")
_PK = ProvisioningConnection._meta.pk


def mappings_of(row: ProvisionedGroup) -> list[GroupMapping]:
    """The mappings of a pushed group."""
    return list(_whole(row.connection.mappings.filter(name_key=row.display_name_key)))


def is_mapped(row: ProvisionedGroup) -> bool:
    """Whether a pushed group fills what its mappings say, instead of a group of its own."""
    return row.connection.mappings.filter(name_key=row.display_name_key).exists()


def fills(row: ProvisionedGroup, group: EndUserGroup) -> bool:
    """Whether a pushed group fills this one by a mapping."""
    return row.connection.mappings.filter(name_key=row.display_name_key, group=group).exists()


def members_of(row: ProvisionedGroup) -> EndUserQuerySet:
    """The people whom a pushed group has as members."""
    return EndUser.objects.filter(pk__in=row.memberships.values("user__end_user"))


def read_group(row: ProvisionedGroup) -> None:
    """Read the end-user group of a locked row anew, if it is another one than was joined.

    After waiting for a lock, PostgreSQL has the row as it is now, but what was joined to it as it was before.
    """
    joined = row.group.pk if row.group else None
    if row.group_id != joined:
        found = EndUserGroup.objects.select_related("environment")
        row.group = found.get(pk=row.group_id) if row.group_id else None


def follow_members(row: ProvisionedGroup, come: Collection[UUID], gone: Collection[UUID], by: Actor) -> None:
    """Let what a pushed group is mapped to follow people who came into it or left it."""
    hold(row.connection)
    mappings = mappings_of(row)
    for group in _groups(mappings):
        members.change_members(group=group, add=come, remove=gone, source=row.source, by=by)
    if mappings:
        settle_people(row.connection, {each.environment for each in mappings}, by, among={*come, *gone})


def settle(row: ProvisionedGroup, by: Actor, *, and_of: Collection[GroupMapping] = ()) -> list[SetChange]:
    """Make exact what a pushed group grants by its mappings, and end what it granted by those that are gone."""
    hold(row.connection)
    mappings = mappings_of(row)
    filled = _groups(mappings)
    emptied = [group for group in _groups(and_of) if group not in filled]
    nobody, everybody = EndUser.objects.none(), members_of(row)
    return [
        *(members.set_members_of_source(group=group, members=nobody, source=row.source, by=by) for group in emptied),
        *(members.set_members_of_source(group=group, members=everybody, source=row.source, by=by) for group in filled),
        *settle_people(row.connection, {each.environment for each in [*mappings, *and_of]}, by),
    ]


def settle_people(
    connection: ProvisioningConnection,
    environments: Iterable[Environment],
    by: Actor,
    *,
    among: Collection[UUID] | None = None,
) -> list[SetChange]:
    """Make access to the connection's own environment and to these what records and mappings say.

    With `among`, nobody else is looked at, unless they are so many that it would not help.
    """
    others = [each for each in dict.fromkeys(environments) if each != connection.environment]
    own = [connection.environment] if connection.only_mapped else []
    named = among if among is None or len(among) <= _MOST_NAMED else None
    return [settle_place(connection, place, by, among=named) for place in [*own, *others]]


def settle_place(
    connection: ProvisioningConnection, place: Environment, by: Actor, *, among: Collection[UUID] | None = None
) -> SetChange:
    """Make access to one environment what records and mappings say."""
    return set_access_of_source(
        environment=place, entitled=entitled(connection, place), among=among, source=connection.source, by=by
    )


def entitled(connection: ProvisioningConnection, environment: Environment) -> EndUserQuerySet:
    """Those whom the connection lets into an environment."""
    active = connection.users.filter(is_active=True)
    if environment != connection.environment or connection.only_mapped:
        active = active.filter(pk__in=_mapped_members(connection, environment).values("user"))
    return EndUser.objects.filter(pk__in=active.values("end_user"))


def environments_of(person: ProvisionedUser) -> list[Environment]:
    """Where the connection, which is held, lets a person in whose record is active."""
    connection = person.connection
    mapped = [each.environment for each in _mappings_of_one(connection.pk, person.pk)]
    own = [connection.environment] if mapped or not connection.only_mapped else []
    return list(dict.fromkeys([*own, *mapped]))


def rename_mappings(row: ProvisionedGroup, old_key: str, by: Actor) -> None:
    """Let mappings go on to mean the group that they meant, under its new name."""
    mappings = list(row.connection.mappings.filter(name_key=old_key)) if old_key != row.display_name_key else []
    if not mappings:
        return
    hold(row.connection)
    there = {(each.environment_id, each.group_id) for each in mappings_of(row)}
    for mapping in mappings:
        if (mapping.environment_id, mapping.group_id) in there:
            mapping.delete()
        else:
            mapping.name = row.display_name
            mapping.save()
    record(
        by=by,
        action=Action.GROUP_MAPPING_RENAMED,
        subject=row,
        environment=row.connection.environment,
        sentence=Sentence(
            "{by} gave the mapped group {group} another name; its mappings follow.", by=by, group=mappings[0].name
        ),
        before={"name": old_key},
        after={"name": row.display_name},
    )


def share(connection: ProvisioningConnection) -> None:
    """Read anew what administrators choose; until the transaction ends they cannot change it.

    Before any other lock: who has the connection for himself waits for nothing else.
    """
    _lock(connection, "FOR KEY SHARE")


def hold(connection: ProvisioningConnection) -> None:
    """Wait for others who hold it, and let them wait; after the locks of users and groups."""
    _lock(connection, "FOR NO KEY UPDATE")


def have(connection: ProvisioningConnection) -> None:
    """Wait for all requests that change something, and let them wait."""
    _lock(connection, "FOR UPDATE")


def _lock(connection: ProvisioningConnection, lock: str) -> None:
    """SQLite has one writer anyway; of PostgreSQL's locks Django has no word for the weakest."""
    with database.cursor() as cursor:
        sql = _chosen_sql() + (f" {lock}" if database.vendor == "postgresql" else "")
        cursor.execute(sql, [_PK.get_db_prep_value(connection.pk, database)])
        _choose(connection, cursor.fetchone())


@cache
def _chosen_sql() -> str:
    """Compiled once: every request that changes something runs it."""
    rows = ProvisioningConnection.objects.filter(pk=UUID(int=0)).values_list(*_CHOSEN)
    return rows.query.sql_with_params()[0]


def _choose(connection: ProvisioningConnection, chosen: Sequence[Any]) -> None:
    for name, value in zip(_CHOSEN, chosen, strict=True):
        setattr(connection, name, value)


def _mapped_members(connection: ProvisioningConnection, environment: Environment) -> QuerySet[ProvisionedMembership]:
    """Members of groups that are mapped: to this environment, or for the connection's own to any."""
    mappings = connection.mappings.order_by()
    if environment != connection.environment:
        mappings = mappings.filter(environment=environment)
    mapped = connection.groups.filter(display_name_key__in=mappings.values("name_key"))
    return ProvisionedMembership.objects.filter(group__in=mapped.values("pk"))


def _whole(mappings: QuerySet[GroupMapping]) -> QuerySet[GroupMapping]:
    return mappings.select_related("environment__workspace", "group__environment__workspace")


def _groups(mappings: Iterable[GroupMapping]) -> list[EndUserGroup]:
    return [each.group for each in mappings if each.group is not None]


_mappings_of_one = Prepared(
    lambda connection, user: GroupMapping.objects.filter(
        connection=connection,
        name_key__in=ProvisionedMembership.objects.filter(user=user).values("group__display_name_key"),
    ).select_related("environment__workspace"),
    (ProvisioningConnection, "id"),
    (ProvisionedUser, "id"),
)
