"""Members of SCIM Groups change by sets: the number of queries does not depend on how many members a group has."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import IntegrityError
from django.db.models import BigIntegerField, F
from django.utils import timezone

from provisioning.actions.effects.groups import follow_members
from provisioning.actions.locks import SharedLockOfGroup, lock_group_to_add, number_of
from provisioning.models import ProvisionedGroup, ProvisionedMembership, ProvisionedUser, ProvisioningConnection
from provisioning.payload.member_changes import MemberChange
from workspace.actions.members import one_added
from workspace.db.changes import Deletion, Insertion, PreparedCondition
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared
from workspace.db.statement import update_of
from workspace.db.together import Write, write_together
from workspace.db.transactions import apart, atomic, write_last
from workspace.events import Actor
from workspace.models import EndUser, EndUserGroup
from workspace.refusals import ActionError

# SCIM ids of users, with the id and the name of their person.
_People = dict[UUID, tuple[UUID, str]]
# So many ids of a list are looked up first: a wrong list is mostly wrong from its beginning.
_SAMPLE = 1000


def change_record_members(group: ProvisionedGroup, change: MemberChange, by: Actor) -> bool:
    """Apply a change of members to the record and to what it fills; say whether anybody came or went."""
    named = _people(group.connection, change.named)
    if change.replace is None:
        added, removed = {pk: named[pk] for pk in _ids(change.add)}, _members_among(group, _ids(change.remove))
    else:
        wanted = {pk: named[pk] for pk in _ids(change.replace)}
        added, removed = _differences(group, wanted, set(_ids(change.keep)))
    if removed:
        _removed(group.pk, removed)
    come = dict(added[pk] for pk in _inserted(group.pk, added)) if added else {}
    if not come and not removed:
        return False
    follow_members(group, come, dict(removed.values()), by)
    return True


@atomic
def add_record_members(
    *, connection: ProvisioningConnection, pk: UUID, members: Collection[str], by: Actor
) -> ProvisionedGroup | None:
    """Add users, by their SCIM ids, to the SCIM Group of this id, and return it; None if there is none.

    Requests that only add do so side by side: the group's row is locked for the version alone, and last, so the version
    is known when the transaction ends. Where access follows, it is locked before that, as everywhere.
    """
    lock_group_to_add(connection, pk)
    group = _to_fill.first(connection.pk, pk)
    if group is None:
        return None
    group.connection = connection
    people = _people(connection, members)
    come = dict(people[user] for user in _inserted(group.pk, people)) if people else {}
    if not come:
        return group
    if group.group is None:
        (group.version,) = write_together([_counted(pk)]) or ()
    else:
        group.group.environment = connection.environment
        write_last(_counted(pk), told=lambda row: setattr(group, "version", row[0]))
    follow_members(group, come, {}, by)
    return group


def add_one_member(
    *, connection: ProvisioningConnection, pk: UUID, member: str, by: Actor, log: Sequence[Write]
) -> ProvisionedGroup | None:
    """Store what `add_record_members` would for one user, with the row of the log, and return the group.

    None, and nothing is stored, where the group has none of its own, where the user may not be added or is a member
    already, and where anything has changed since it was read. The locks are those that `add_record_members` takes, in
    the same order.
    """
    user = _id(member)
    group = _to_fill.first(connection.pk, pk) if user else None
    if user is None or group is None or group.group is None or group.group.is_everyone:
        return None
    (found,) = _users_among(connection, [user]).values() or [None]
    if found is None:
        return None
    (person, name), now = found, timezone.now()
    group.connection, group.group.environment = connection, connection.environment
    number = number_of(connection, pk)
    as_read = _as_read(
        number, connection.pk, connection.updated_at, user, person, name, pk, group.group.pk, group.display_name
    )
    change = one_added(group=group.group, person=person, name=name, source=group.source, by=by, now=now)
    rows = [ProvisionedMembership(group=group, user_id=user), (_next_version, (now, pk)), *change, *log]
    try:
        with apart():
            written = write_together(rows, only_if=as_read)
    except IntegrityError:
        return None
    if written:
        group.version = written[0]
    return group if written else None


def _counted(group: UUID) -> Write:
    """Return the UPDATE that counts a change of the group. It returns the version, and locks the group's row."""
    return _next_version, (timezone.now(), group)


def _differences(group: ProvisionedGroup, wanted: _People, kept: Collection[UUID]) -> tuple[_People, _People]:
    """Return who is missing among the members, and who is too many: neither wanted nor kept."""
    current = _named(group.memberships.values_list("user", "user__end_user", "user__end_user__full_name"))
    missing = {pk: person for pk, person in wanted.items() if pk not in current}
    return missing, {pk: person for pk, person in current.items() if pk not in wanted and pk not in kept}


def _people(connection: ProvisioningConnection, texts: Collection[str]) -> _People:
    """Return users of this connection, given by SCIM ids, with their people.

    Raises ActionError for an id that this connection does not know, whoever else may. The rest of a long list is not
    looked up then.
    """
    ids, found = list(texts), _People()
    for part in (ids[:_SAMPLE], ids[_SAMPLE:]):
        wanted = {text: _id(text) for text in part}
        known = _users_among(connection, [pk for pk in wanted.values() if pk])
        found |= known
        if len(known) < len(wanted) and (unknown := [text for text, pk in wanted.items() if pk not in known]):
            shown = ", ".join(text[:50] for text in unknown[:3])
            raise ActionError(
                "unknown_members",
                f"There are members who are no users of this connection: {shown}. "
                "Create them first, and name each member by the id that the create answered.",
            )
    return found


def _users_among(connection: ProvisioningConnection, ids: list[UUID]) -> _People:
    """Return which of these are users of the connection, with their people."""
    if len(ids) <= 1:
        return _named(one for pk in ids for one in _one_user(connection.pk, pk))
    return _named(connection.users.filter(Among("pk", ids)).values_list("pk", "end_user", "end_user__full_name"))


def _members_among(group: ProvisionedGroup, ids: Collection[UUID]) -> _People:
    """Return which of these users are members, with their people."""
    if len(ids) <= 1:
        return _named(one for pk in ids for one in _one_member(group.pk, pk))
    members = group.memberships.filter(Among("user_id", ids))
    return _named(members.values_list("user", "user__end_user", "user__end_user__full_name"))


def _named(rows: Iterable[tuple[UUID, UUID, str]]) -> _People:
    return {user: (person, name) for user, person, name in rows}


def _ids(texts: Iterable[str]) -> list[UUID]:
    """Return those that can be ids at all, each once."""
    return list(dict.fromkeys(pk for pk in map(_id, texts) if pk is not None))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


_inserted = Insertion(
    ProvisionedMembership,
    lambda group, ids: (
        ProvisionedUser.objects.filter(Among("pk", ids)).order_by("pk"),
        {"group": group, "user": F("pk")},
    ),
    (ProvisionedGroup, "id"),
    Ids(),
    returning="user",
)
_removed = Deletion(
    lambda group, ids: ProvisionedMembership.objects.filter(Among("user_id", ids), group=group),
    (ProvisionedGroup, "id"),
    Ids(),
    returning=["user"],
)
_to_fill = Prepared(
    lambda connection, pk: (
        ProvisionedGroup.objects.filter(connection=connection, pk=pk)
        .select_related("group")
        .defer("document", "folded")
    ),
    (ProvisioningConnection, "id"),
    (ProvisionedGroup, "id"),
)
_as_read = PreparedCondition(
    lambda lock, connection, settings_at, user, person, name, pk, group, group_name: (
        ProvisionedUser.objects.filter(
            SharedLockOfGroup(lock),
            pk=user,
            connection=connection,
            connection__updated_at=settings_at,
            end_user=person,
            end_user__full_name=name,
            connection__groups=pk,
            connection__groups__group=group,
            connection__groups__display_name=group_name,
        )
        .order_by()
        .values_list("pk")
    ),
    BigIntegerField(),
    *((ProvisioningConnection, "id"), (ProvisioningConnection, "updated_at"), (ProvisionedUser, "id")),
    *((EndUser, "id"), (EndUser, "full_name")),
    *((ProvisionedGroup, "id"), (EndUserGroup, "id"), (ProvisionedGroup, "display_name")),
    shared=[ProvisioningConnection, ProvisionedUser, EndUser, ProvisionedGroup],
)
_next_version = update_of(ProvisionedGroup, "updated_at", counted="version")
# IdPs mostly change one member at a time.
_one_user = Prepared(
    lambda connection, pk: ProvisionedUser.objects.filter(connection=connection, pk=pk).values_list(
        "pk", "end_user", "end_user__full_name"
    ),
    (ProvisioningConnection, "id"),
    (ProvisionedUser, "id"),
)
_one_member = Prepared(
    lambda group, user: ProvisionedMembership.objects.filter(group=group, user=user).values_list(
        "user", "user__end_user", "user__end_user__full_name"
    ),
    (ProvisionedGroup, "id"),
    (ProvisionedUser, "id"),
)
