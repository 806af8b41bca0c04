"""Changes of end-user groups."""

from collections.abc import Collection, Mapping
from uuid import UUID

from django.db.models import Model, ProtectedError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, pgettext

from workspace.action_names import Action
from workspace.actions.members import insert_members, pairs_of
from workspace.actions.read_only import refuse_read_only
from workspace.actions.sources import State, become_manual
from workspace.db.transactions import atomic, save_unique
from workspace.events import Actor, Sentence, record
from workspace.models import MANUAL, EndUserGroup, Environment, Source
from workspace.names import clean_name
from workspace.refusals import ActionError, ConflictError, restored_if_refused
from workspace.words import filled, people, people_named

_NAME_TAKEN = gettext_lazy("%(environment)s already has a group named %(group)s. Choose another name.")


@atomic
def create_group(
    *,
    environment: Environment,
    name: str,
    members: Collection[UUID] = (),
    source: Source = MANUAL,
    concerns: Collection[Model] = (),
    by: Actor,
) -> EndUserGroup:
    """Create a group with these end users (ids) as members. `concerns` is what else the event is about."""
    group = new_group(environment, name, source)
    first = pairs_of(insert_members(group, members, source))
    record(
        by=by,
        action=Action.GROUP_CREATED,
        subject=group,
        environment=environment,
        sentence=Sentence(
            gettext_noop("{by} created the group {group} in {environment} with {members}.")
            if first
            else gettext_noop("{by} created the group {group} in {environment}."),
            by=by,
            group=group,
            environment=environment,
            members=people_named(first),
        ),
        concerns=concerns,
        people=[pk for pk, _ in first],
        after={"name": group.name, "source": source.listed()} | ({"members": first} if first else {}),
    )
    return group


def new_group(environment: Environment, name: str, source: Source = MANUAL) -> EndUserGroup:
    """Store a group without members. The caller records it."""
    group = EndUserGroup(environment=environment, name=_clean(name, ""), **source.fields())
    _save_unique(group)
    return group


@atomic
def rename_group(*, group: EndUserGroup, name: str, by: Actor) -> bool:
    """Rename a group, and say whether its name changed."""
    before, wanted = group.name, _clean(name, group.name)
    if before == wanted:
        return False
    refuse_read_only(group, by)
    with restored_if_refused(group):
        group.name = wanted
        _save_unique(group)
    record(
        by=by,
        action=Action.GROUP_RENAMED,
        subject=group,
        environment=group.environment,
        sentence=Sentence("{by} renamed the group {before} to {group}.", by=by, before=before, group=group),
        before={"name": before},
        after={"name": group.name},
    )
    return True


@atomic
def delete_group(
    *, group: EndUserGroup, concerns: Collection[Model] = (), before: Mapping[str, object] | None = None, by: Actor
) -> None:
    """Delete a group. The event lists its members.

    `concerns` is what else the event is about; `before` adds to its state before.
    """
    refuse_read_only(group, by)
    members = group.memberships.states()
    record(
        by=by,
        action=Action.GROUP_DELETED,
        subject=group,
        environment=group.environment,
        sentence=Sentence(
            gettext_noop("{by} deleted the group {group} of {members}.")
            if members
            else gettext_noop("{by} deleted the group {group}."),
            by=by,
            group=group,
            members=people(len({member[0] for member in members})),
        ),
        concerns=concerns,
        people=[member[0] for member in members],
        before={"name": group.name, "source": group.source.listed(), "members": members, **(before or {})},
    )
    try:
        group.delete()
    except ProtectedError as error:
        needs = next(iter(error.protected_objects))
        message = _("The %(kind)s %(name)s still fills this group. Remove that first.") % {
            "kind": pgettext("kind of thing", str(needs._meta.verbose_name)),
            "name": needs,
        }
        raise ActionError("group_in_use", message) from None


@atomic
def take_over_group(*, group: EndUserGroup, source: Source, concerns: Collection[Model] = (), by: Actor) -> None:
    """Let an IdP manage an existing group. Members of other sources are removed; the event lists them."""
    # Members that are being restored come first, or not at all.
    EndUserGroup.objects.select_for_update().get(pk=group.pk)
    aside = group.memberships.exclude_source(source)
    members, before = aside.states(), group.source
    aside.delete()
    _set_source(group, source)
    record(
        by=by,
        action=Action.GROUP_TAKEN_OVER,
        subject=group,
        environment=group.environment,
        sentence=Sentence(
            gettext_noop("{by} took over the group {group} and set {members} aside.")
            if members
            else gettext_noop("{by} took over the group {group}."),
            by=by,
            group=group,
            members=people(len({member[0] for member in members})),
        ),
        concerns=concerns,
        people=[member[0] for member in members],
        before={"source": before.listed(), "members": members},
        after={"source": source.listed()},
    )


@atomic
def release_group(
    *,
    group: EndUserGroup,
    members_of: Source | None = None,
    concerns: Collection[Model] = (),
    before: Mapping[str, object] | None = None,
    by: Actor,
) -> None:
    """Make a group manual again. Members that `members_of` had added become members by hand."""
    kept = group.memberships.of_source(members_of) if members_of else group.memberships.none()
    source = group.source
    gone, new = become_manual(kept, "group")
    _set_source(group, MANUAL)
    record(
        by=by,
        action=Action.GROUP_RELEASED,
        subject=group,
        environment=group.environment,
        sentence=Sentence(
            gettext_noop("{by} stopped managing the group {group}; its members stay.")
            if members_of
            else gettext_noop("{by} stopped managing the group {group}."),
            by=by,
            group=group,
        ),
        concerns=concerns,
        people=[member[0] for member in gone],
        before={"source": source.listed(), "members": _without_place(gone), **(before or {})},
        after={"source": MANUAL.listed(), "members": _without_place(new)},
    )


def _without_place(states: list[State]) -> list[State]:
    """Return memberships as an event about one group keeps them."""
    return [[person, name, *source] for person, name, _, *source in states]


def _set_source(group: EndUserGroup, source: Source) -> None:
    for field, value in source.fields().items():
        setattr(group, field, value)
    group.synced_at = None if source.is_manual else timezone.now()
    group.save()


def _save_unique(group: EndUserGroup) -> None:
    taken = filled(_NAME_TAKEN, {"environment": group.environment, "group": group})
    save_unique(group, lambda error: ConflictError("group_name_taken", taken, field="name"))


def _clean(name: str, known: str) -> str:
    return clean_name(name, what=_("group name"), missing=_("Enter a group name."), known=known)
