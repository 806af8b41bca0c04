"""What a SCIM connection changes of groups: its own record, and through `workspace.actions` the end-user group.

Members change by sets: the number of queries does not depend on how many members a group has.
"""

from collections.abc import Collection, Iterable
from uuid import UUID

from django.db.models import F

from provisioning.actions import grants
from provisioning.actions.uniqueness import save_unique
from provisioning.models import (
    GroupMapping,
    ProvisionedGroup,
    ProvisionedMembership,
    ProvisionedUser,
    ProvisioningConnection,
)
from provisioning.payload.documents import folded
from provisioning.payload.members import MemberChange
from provisioning.payload.resources import Document, Group
from workspace.action_names import Action
from workspace.actions import groups, members
from workspace.actions.exact import SetChange
from workspace.db.keys import canonical
from workspace.db.prepared import Among, Ids, Insertion, Prepared
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import EndUser, EndUserGroup
from workspace.refusals import ActionError, ConflictError

_People = dict[UUID, UUID]
# So many of a list are looked up first: where one is wrong, mostly all are.
_SAMPLE = 1000


@atomic
def create_group(
    *, connection: ProvisioningConnection, document: Document, members: Collection[str] = (), by: Actor
) -> ProvisionedGroup:
    """Record a SCIM Group and, unless it is mapped, make or take over the end-user group of its name."""
    grants.share(connection)
    row = ProvisionedGroup(connection=connection)
    _fill(row, document)
    save_unique(row)
    attach(row, by)
    if row.group is None:
        _record(row, Action.PROVISIONED_GROUP_CREATED, {}, row.document, by)
    _apply(row, MemberChange(replace=list(members), named=list(members)), by)
    return row


@atomic
def update_group(*, row: ProvisionedGroup, document: Document, change: MemberChange | None = None, by: Actor) -> bool:
    """Let the end-user group follow a changed document and changed members; tells whether anything changed."""
    is_changed = document != row.document
    if is_changed:
        _follow(row, document, by)
    if change:
        is_changed = _apply(row, change, by) or is_changed
    if is_changed:
        row.version += 1
        save_unique(row)
    return is_changed


@atomic
def delete_group(*, row: ProvisionedGroup, by: Actor) -> None:
    """Forget the record: the end-user group goes with it, unless it was there before; then it is manual again."""
    group = row.group
    if group is None:
        _apply(row, MemberChange(replace=[]), by)
        _record(row, Action.PROVISIONED_GROUP_DELETED, row.document, {}, by)
    elif row.is_taken_over:
        groups.release_group(group=group, members_of=row.source, by=by)
    else:
        groups.delete_group(group=group, by=by)
    row.delete()


def _fill(row: ProvisionedGroup, document: Document) -> None:
    row.display_name = document["displayName"]
    row.display_name_key = canonical(row.display_name)
    row.external_id = document.get("externalId", "")
    row.document, row.folded = document, folded(document, Group)


def attach(row: ProvisionedGroup, by: Actor) -> None:
    """Give a record that is not mapped the end-user group that it fills, still without its members."""
    if grants.is_mapped(row):
        return
    row.group = _own_group(row, by)
    row.save(update_fields=["group", "is_taken_over"])


def detach(row: ProvisionedGroup, by: Actor) -> list[SetChange]:
    """Take from a record that is mapped now the group of its own: it goes, or is manual again without these members."""
    group, row.group = row.group, None
    if group is None:
        return []
    row.save(update_fields=["group"])
    groups.release_group(group=group, by=by)
    if grants.fills(row, group):
        return []
    if row.is_taken_over:
        return [members.set_members_of_source(group=group, members=EndUser.objects.none(), source=row.source, by=by)]
    gone = SetChange(group, added=[], removed=group.end_users.pairs())
    groups.delete_group(group=group, by=by)
    return [gone]


def fill(row: ProvisionedGroup, by: Actor) -> list[SetChange]:
    """Put the record's members into the group of its own, if it has one."""
    if row.group is None:
        return []
    return [members.set_members_of_source(group=row.group, members=grants.members_of(row), source=row.source, by=by)]


def _own_group(row: ProvisionedGroup, by: Actor) -> EndUserGroup | None:
    """A new group or, where the connection may, the manual one of the record's name.

    Everyone is computed from access, so a record of that name fills nothing.
    """
    environment, source = row.connection.environment, row.connection.source
    name = " ".join(row.display_name.split())
    known = environment.groups.filter(name_key=canonical(name)).first()
    row.is_taken_over = known is not None and not known.is_everyone
    if known is None:
        return groups.create_group(environment=environment, name=name, source=source, by=by)
    if known.is_everyone:
        return None
    _refuse_managed(row.connection, known)
    known.environment = environment
    groups.take_over_group(group=known, source=source, by=by)
    return known


def _refuse_managed(connection: ProvisioningConnection, known: EndUserGroup) -> None:
    if known.source == connection.source:
        raise ConflictError(
            "resource_taken", "This connection already has a group with this displayName. Look it up, then update it."
        )
    if known.is_managed:
        raise ConflictError(
            "group_managed",
            f"{connection.environment} already has a group named {known.name}, managed by {known.source_name}. "
            "Push it under another name, or remove it there first.",
        )
    if GroupMapping.objects.filter(group=known).exists():
        raise ConflictError(
            "group_mapped",
            f"{connection.environment} already has a group named {known.name}, which mappings fill. "
            "Push it under another name, or say under Mappings where its members come.",
        )
    if not connection.takes_over_groups:
        raise ConflictError(
            "takeover_off",
            f"{connection.environment} already has a group named {known.name}, and this connection does not take over "
            "existing groups. Push it under another name, or allow it in the provisioning settings.",
        )


def _follow(row: ProvisionedGroup, document: Document, by: Actor) -> None:
    """The new document, and the new name if it has one."""
    before, old_name, old_key = row.document, row.display_name, row.display_name_key
    _fill(row, document)
    is_told = row.display_name != old_name and _rename(row, old_key, by)
    if not is_told:
        _record(row, Action.PROVISIONED_GROUP_UPDATED, before, document, by)


def _rename(row: ProvisionedGroup, old_key: str, by: Actor) -> bool:
    """Let mappings mean the group that they meant, or its end-user group have the new name; tells whether by an event.

    A record that filled nothing until now gets a group and its members.
    """
    grants.rename_mappings(row, old_key, by)
    if grants.is_mapped(row):
        save_unique(row)
        detach(row, by)
        grants.settle(row, by)
        return False
    if row.group is not None:
        return groups.rename_group(group=row.group, name=row.display_name, by=by)
    attach(row, by)
    fill(row, by)
    return row.group is not None


def _apply(row: ProvisionedGroup, change: MemberChange, by: Actor) -> bool:
    """Apply a change of members to both tables; tells whether anybody came or went."""
    named = _people(row.connection, change.named)
    if change.replace is None:
        added, removed = _only(named, change.add), _among(row, _ids(change.remove))
    else:
        wanted = _only(named, change.replace)
        current = dict(row.memberships.values_list("user", "user__end_user"))
        added, removed = _without(wanted, current), _without(current, wanted)
    if removed:
        row.memberships.filter(Among("user_id", removed)).delete()
    come = {added[pk] for pk in (_inserted(row.pk, added) if added else [])}
    if not come and not removed:
        return False
    gone = set(removed.values())
    if row.group is None:
        grants.follow_members(row, come, gone, by)
    else:
        members.change_members(group=row.group, add=come, remove=gone, source=row.source, by=by)
    return True


def _people(connection: ProvisioningConnection, ids: Iterable[str]) -> _People:
    """SCIM ids of this connection's users with their persons.

    Raises ActionError for an id that this connection does not know, whoever else may; a long list of those is not read.
    """
    texts = list(ids)
    found: _People = {}
    for part in (texts[:_SAMPLE], texts[_SAMPLE:]):
        wanted = {text: _id(text) for text in part}
        found |= _known(connection, [pk for pk in wanted.values() if pk])
        unknown = [text for text, pk in wanted.items() if pk not in found]
        if unknown:
            shown = ", ".join(text[:50] for text in unknown[:3])
            raise ActionError(
                "unknown_members",
                f"There are members who are no users of this connection: {shown}. "
                "Create them first, and name each member by the id that the create answered.",
            )
    return found


def _known(connection: ProvisioningConnection, ids: list[UUID]) -> _People:
    """Which of these are users of this connection, with their persons."""
    if len(ids) <= 1:
        return {one.pk: one.end_user_id for pk in ids for one in _one_person(connection.pk, pk)}
    return dict(connection.users.filter(Among("pk", ids)).values_list("pk", "end_user"))


def _among(row: ProvisionedGroup, ids: Collection[UUID]) -> _People:
    """Which of these users are members, with their persons."""
    if len(ids) <= 1:
        return {one.user_id: one.user.end_user_id for pk in ids for one in _one_member(row.pk, pk)}
    return dict(row.memberships.filter(Among("user_id", ids)).values_list("user", "user__end_user"))


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
# IdPs mostly change one member at a time.
_one_person = Prepared(
    lambda connection, pk: ProvisionedUser.objects.filter(connection=connection, pk=pk).only("end_user_id"),
    (ProvisioningConnection, "id"),
    (ProvisionedUser, "id"),
)
_one_member = Prepared(
    lambda group, user: (
        ProvisionedMembership.objects.filter(group=group, user=user)
        .select_related("user")
        .only("user_id", "user__end_user_id")
    ),
    (ProvisionedGroup, "id"),
    (ProvisionedUser, "id"),
)


def _only(people: _People, texts: Iterable[str]) -> _People:
    return {pk: people[pk] for pk in _ids(texts)}


def _without(people: _People, others: Collection[UUID]) -> _People:
    return {pk: person for pk, person in people.items() if pk not in others}


def _ids(texts: Iterable[str]) -> list[UUID]:
    """Those that can be ids at all, each once."""
    return list(dict.fromkeys(pk for pk in map(_id, texts) if pk is not None))


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _record(row: ProvisionedGroup, action: Action, before: Document, after: Document, by: Actor) -> None:
    """The event of a record that changes no end-user group."""
    names = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
    record(
        by=by,
        action=action,
        subject=row,
        environment=row.connection.environment,
        sentence=Sentence(
            "{by} {did} its record of the group {group}.", by=by, did=action.partition(".")[2], group=row
        ),
        before={name: before[name] for name in names if name in before},
        after={name: after[name] for name in names if name in after},
    )
