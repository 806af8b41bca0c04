"""Changes of end-user groups. Memberships change by sets: what is not named is neither read nor written."""

from collections.abc import Collection
from uuid import UUID

from django.db import IntegrityError
from django.db.models import F, ProtectedError, QuerySet
from django.utils import timezone

from workspace.actions.end_users import is_by_hand
from workspace.db.keys import canonical
from workspace.db.prepared import Among, Ids, Insertion, Prepared, Update
from workspace.db.sets import Settled, in_words, named, people, settle
from workspace.db.transactions import atomic
from workspace.events import ActionError, Actor, ConflictError, record
from workspace.models import MANUAL, EndUser, EndUserGroup, Environment, GroupMembership, Source, SourceKind

EVERYONE = "Everyone"


@atomic
def create_group(
    *,
    environment: Environment,
    name: str,
    members: Collection[UUID] = (),
    source: Source = MANUAL,
    by: Actor,
) -> EndUserGroup:
    """Make a group with these end users in it, by id."""
    group = EndUserGroup(environment=environment, name=_name(name), **source.fields())
    _save_unique(group)
    _insert_members(group, members, source)
    first = _named_by_id(members)
    record(
        by=by,
        action="group.created",
        subject=group,
        environment=environment,
        sentence=f"{by.name} created the group {group} in {environment}"
        + (f" with {in_words(first)}." if first else "."),
        after={"name": group.name} | ({"members": first} if first else {}),
    )
    return group


@atomic
def rename_group(*, group: EndUserGroup, name: str, by: Actor) -> bool:
    """Give a group another name; tells whether it changed."""
    before, group.name = group.name, _name(name)
    if before == group.name:
        return False
    _refuse_read_only(group, by)
    _save_unique(group)
    record(
        by=by,
        action="group.renamed",
        subject=group,
        environment=group.environment,
        sentence=f"{by.name} renamed the group {before} to {group}.",
        before={"name": before},
        after={"name": group.name},
    )
    return True


@atomic
def delete_group(*, group: EndUserGroup, by: Actor) -> None:
    """Delete a group; its members stand in the event."""
    _refuse_read_only(group, by)
    members = named(group.end_users)
    record(
        by=by,
        action="group.deleted",
        subject=group,
        environment=group.environment,
        sentence=f"{by.name} deleted the group {group} of {people(len(members))}.",
        before={"name": group.name, "members": members},
    )
    try:
        group.delete()
    except ProtectedError as error:
        needs = next(iter(error.protected_objects))
        raise ActionError(
            f"The {needs._meta.verbose_name} {needs} still fills this group. Remove that first."
        ) from None


@atomic
def take_over_group(*, group: EndUserGroup, source: Source, by: Actor) -> None:
    """Let an IdP manage a group that was there before: members of other sources are set aside into the event."""
    aside = group.memberships.exclude(source_kind=source.kind, source_id=source.id)
    members = named(EndUser.objects.filter(memberships__in=aside).distinct())
    aside.delete()
    _set_source(group, source)
    record(
        by=by,
        action="group.taken_over",
        subject=group,
        environment=group.environment,
        sentence=f"{by.name} took over the group {group}; {people(len(members))} were set aside.",
        before={"members": members},
    )


@atomic
def release_group(*, group: EndUserGroup, members_of: Source | None = None, by: Actor) -> None:
    """Hand a group back to manual management; the members that a source had put into it stay as members by hand."""
    if members_of is not None:
        _of_source(group, members_of).update(**MANUAL.fields())
    _set_source(group, MANUAL)
    record(
        by=by,
        action="group.released",
        subject=group,
        environment=group.environment,
        sentence=f"{by.name} stopped managing the group {group}{'; its members stay' if members_of else ''}.",
    )


@atomic
def change_members(
    *,
    group: EndUserGroup,
    add: Collection[UUID] = (),
    remove: Collection[UUID] = (),
    source: Source = MANUAL,
    by: Actor,
) -> None:
    """Add and remove end users by id, as far as this source grants their membership."""
    _refuse_read_only(group, by)
    removed = _granted(group, source, remove)
    if removed:
        _of_source(group, source).filter(Among("end_user_id", removed)).delete()
    added = _insert_members(group, add, source)
    if not added and not removed:
        return
    if source.kind != SourceKind.MANUAL:
        _synced(group.pk, timezone.now())
    _record_members(group, _named_by_id(added), _named_by_id(removed), by)


@atomic
def settle_members(*, group: EndUserGroup, members: QuerySet[EndUser], source: Source, by: Actor) -> Settled:
    """Make those whom a source puts into the group exactly these; the caller knows that the source may fill it."""
    settled = settle(group, _of_source(group, source), members, group=group.pk, **source.fields())
    if settled:
        EndUserGroup.objects.filter(pk=group.pk).update(synced_at=timezone.now())
        _record_members(group, settled.came, settled.left, by)
    return settled


def read_only_reason(group: EndUserGroup) -> str:
    """Why people cannot change the group, in a sentence; empty where they can."""
    if group.is_everyone:
        return f"{EVERYONE} holds everybody with access to {group.environment}; it follows by itself."
    if group.is_managed:
        return f"{group.source_name} manages this group. Change its members there."
    return ""


def _insert_members(group: EndUserGroup, ids: Collection[UUID], source: Source) -> list[UUID]:
    """Those whom this source had not put into the group before."""
    return _inserted(group.pk, source.kind, source.id, source.name, timezone.now(), ids) if ids else []


def _record_members(group: EndUserGroup, added: list[list[str]], removed: list[list[str]], by: Actor) -> None:
    parts = [f"added {in_words(added)} to"] if added else []
    parts += [f"removed {in_words(removed)} from"] if removed else []
    record(
        by=by,
        action="group.members_changed",
        subject=group,
        environment=group.environment,
        sentence=f"{by.name} {' and '.join(parts)} the group {group}.",
        before={"removed": removed},
        after={"added": added},
    )


def _of_source(group: EndUserGroup, source: Source) -> QuerySet[GroupMembership]:
    return group.memberships.filter(source_kind=source.kind, source_id=source.id)


def _granted(group: EndUserGroup, source: Source, ids: Collection[UUID]) -> list[UUID]:
    """Which of the people this source has put into the group."""
    if not ids:
        return []
    return list(_of_source(group, source).filter(Among("end_user_id", ids)).values_list("end_user", flat=True))


def _named_by_id(ids: Collection[UUID]) -> list[list[str]]:
    if len(ids) == 1:
        return [[str(one.pk), one.full_name] for one in _one_name(*ids)]
    return named(EndUser.objects.filter(Among("pk", ids))) if ids else []


# IdPs mostly change one member at a time.
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
_synced = Update(
    lambda group, now: (EndUserGroup.objects.filter(pk=group), {"synced_at": now}),
    (EndUserGroup, "id"),
    (EndUserGroup, "synced_at"),
)
_one_name = Prepared(lambda pk: EndUser.objects.filter(pk=pk).only("full_name").order_by(), (EndUser, "id"))


def _set_source(group: EndUserGroup, source: Source) -> None:
    for field, value in source.fields().items():
        setattr(group, field, value)
    group.synced_at = None if source == MANUAL else timezone.now()
    group.save()


def _save_unique(group: EndUserGroup) -> None:
    try:
        group.save()
    except IntegrityError:
        raise ConflictError(
            f"{group.environment} already has a group named {group.name}. Choose another name.", field="name"
        ) from None


def _refuse_read_only(group: EndUserGroup, by: Actor) -> None:
    """Nobody changes Everyone; what an IdP manages is changed by its connection, not by people."""
    if (group.is_everyone or is_by_hand(by)) and (reason := read_only_reason(group)):
        raise ActionError(reason)


def _name(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ActionError("Enter a group name.", field="name")
    if len(name) > 250 or len(canonical(name)) > 500:
        raise ActionError("Shorten the group name to at most 250 characters.", field="name")
    return name
