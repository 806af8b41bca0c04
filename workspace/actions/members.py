"""Changes of group members, made by sets: memberships that are not named are neither read nor written."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_noop

from workspace.action_names import Action
from workspace.actions.exact import SetChange, make_exact
from workspace.actions.read_only import refuse_read_only
from workspace.db.changes import Deletion, Insertion
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared
from workspace.db.statement import update_of
from workspace.db.together import Write
from workspace.db.transactions import atomic, write_last
from workspace.events import Actor, Change, Sentence, event_of, record
from workspace.models import MANUAL, ChangeEvent, EndUser, EndUserGroup, GroupMembership, Source
from workspace.models.people import EndUserQuerySet
from workspace.words import people_named


@atomic
def change_members(
    *,
    group: EndUserGroup,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    names: Mapping[UUID, str] | None = None,
    source: Source = MANUAL,
    by: Actor,
) -> ChangeEvent | None:
    """Add and remove end users by id, and return the event. Only memberships that this source grants are removed.

    `names` are those that the caller has read; all or none.
    """
    refuse_read_only(group, by)
    removed = [pk for (pk,) in _removed(group.pk, source.kind, source.id, remove)] if remove else []
    added = insert_members(group, add, source)
    if not added and not removed:
        return None
    event = _record(group, SetChange(group, pairs_of(added, names), pairs_of(removed, names)), source, by)
    if not source.is_manual:
        mark_synced(group)
    return event


def one_added(*, group: EndUserGroup, person: UUID, name: str, source: Source, by: Actor, now: datetime) -> list[Write]:
    """Return what `change_members` writes where an IdP adds one person whom it had not added yet."""
    membership = GroupMembership(group=group, end_user_id=person, created_at=now, **source.fields())
    event, subjects = event_of(**_told(group, SetChange(group, [[str(person), name]], []), source, by))
    return [membership, event, *subjects, (_synced, (now, group.pk))]


@atomic
def set_members_of_source(*, group: EndUserGroup, members: EndUserQuerySet, source: Source, by: Actor) -> SetChange:
    """Make the members by a source exactly these. The caller checks that the source may fill the group."""
    rows = group.memberships.of_source(source)
    change = make_exact(group, rows, members, group=group.pk, **source.fields())
    if change:
        mark_synced(group)
        _record(group, change, source, by)
    return change


def mark_synced(group: EndUserGroup) -> None:
    """Set when an IdP last changed the group's members. That locks its row, so it is written last."""
    write_last((_synced, (timezone.now(), group.pk)))


def insert_members(group: EndUserGroup, ids: Collection[UUID], source: Source) -> list[UUID]:
    """Insert memberships by a source and return the ids of people who had none. The caller records them."""
    return _inserted(group.pk, source.kind, source.id, source.name, timezone.now(), ids) if ids else []


def pairs_of(ids: Collection[UUID], names: Mapping[UUID, str] | None = None) -> list[list[str]]:
    """Return people as pairs of id and name, without reading names that are given."""
    if names is not None:
        return sorted([str(pk), names[pk]] for pk in ids)  # texts compare in the order of ids, and faster
    if len(ids) == 1:
        return [[str(one.pk), one.full_name] for one in _one_name(*ids)]
    return EndUser.objects.filter(Among("pk", ids)).pairs() if ids else []


def _record(group: EndUserGroup, change: SetChange, source: Source, by: Actor) -> ChangeEvent:
    return record(**_told(group, change, source, by))


def _told(group: EndUserGroup, change: SetChange, source: Source, by: Actor) -> Change:
    return {
        "by": by,
        "action": Action.GROUP_MEMBERS_CHANGED,
        "subject": group,
        "environment": group.environment,
        "sentence": Sentence(
            _CHANGED[bool(change.added), bool(change.removed)],
            by=by,
            added=people_named(change.added),
            removed=people_named(change.removed),
            group=group,
        ),
        "people": change.people,
        "before": {"removed": change.removed, "source": source.listed()},
        "after": {"added": change.added, "source": source.listed()},
    }


# By whether somebody was added, and whether somebody was removed.
_CHANGED = {
    (True, False): gettext_noop("{by} added {added} to the group {group}."),
    (False, True): gettext_noop("{by} removed {removed} from the group {group}."),
    (True, True): gettext_noop("{by} added {added} to and removed {removed} from the group {group}."),
}
# Compiled once: IdPs mostly change one member a request.
_inserted = Insertion(
    GroupMembership,
    lambda group, kind, source, name, now, ids: (
        EndUser.objects.filter(Among("pk", ids)).order_by("pk"),
        {
            "group": group,
            "end_user": F("pk"),
            "source_kind": kind,
            "source_id": source,
            "source_name": name,
            "created_at": now,
        },
    ),
    (EndUserGroup, "id"),
    (GroupMembership, "source_kind"),
    (GroupMembership, "source_id"),
    (GroupMembership, "source_name"),
    (GroupMembership, "created_at"),
    Ids(),
    returning="end_user",
)
_removed = Deletion(
    lambda group, kind, source, ids: GroupMembership.objects.filter(
        Among("end_user_id", ids), group=group, source_kind=kind, source_id=source
    ),
    (EndUserGroup, "id"),
    (GroupMembership, "source_kind"),
    (GroupMembership, "source_id"),
    Ids(),
    returning=["end_user"],
)
_synced = update_of(EndUserGroup, "synced_at", is_required=False)
_one_name = Prepared(lambda pk: EndUser.objects.filter(pk=pk).only("full_name").order_by(), (EndUser, "id"))
