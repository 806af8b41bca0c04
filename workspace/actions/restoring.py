"""Members that an IdP set aside when it took a group over: who of them can be restored, and restoring them."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from workspace.action_names import Action
from workspace.actions.groups import new_group
from workspace.actions.members import insert_members, pairs_of
from workspace.actions.read_only import refuse_read_only
from workspace.db.parameters import Among
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.field_words import HAS_NO_ACCESS, IS_DEACTIVATED, WAS_DELETED, value_in_words
from workspace.models import MANUAL, ChangeEvent, EndUser, EndUserGroup, Environment, MergedEndUser
from workspace.refusals import ActionError
from workspace.words import people_named

_TO_GROUP = gettext_noop("{by} restored {members} to the group {group}, set aside when {idp} took over {old}.")
_TO_NEW_GROUP = gettext_noop(
    "{by} restored {members} into the new group {group}, set aside when {idp} took over {old}."
)


@dataclass(frozen=True)
class LeftOut:
    """Somebody who cannot be restored, and why."""

    id: str
    name: str
    why: str

    @property
    def told(self) -> str:
        """Return the reason in the language that is spoken."""
        return value_in_words("left_out", self.why)


@dataclass(frozen=True)
class SetAside:
    """The members that a take-over set aside, as they are now."""

    restorable: list[EndUser]
    left_out: list[LeftOut]


@dataclass(frozen=True)
class Restored:
    """The group into which members were restored, and how many."""

    group: EndUserGroup
    number: int


def set_aside(event: ChangeEvent, environment: Environment) -> SetAside:
    """Return who can be restored, and who cannot and why. Of merged people it is the one who stayed."""
    names = {str(row[0]): str(row[1]) for row in event.before.get("members", ())}
    merged = MergedEndUser.objects.filter(Among("pk", list(names)), end_user__workspace=environment.workspace_id)
    stayed = {str(gone): str(pk) for gone, pk in merged.values_list("pk", "end_user")}
    ids = list(dict.fromkeys(stayed.get(pk, pk) for pk in names))
    known = environment.workspace.end_users.filter(Among("pk", ids))
    found = {str(person.pk): person for person in known}
    allowed = set(map(str, known.with_access_to(environment).order_by().values_list("pk", flat=True)))
    left_out = [_left_out(pk, names, found, environment) for pk in ids if pk not in allowed]
    return SetAside([person for pk, person in found.items() if pk in allowed], left_out)


@atomic
def restore_members(
    *, event: ChangeEvent, environment: Environment, new_name: str | None = None, by: Actor
) -> Restored:
    """Restore the members that a take-over set aside.

    They come into the group that was taken over, once no IdP manages it any more, or into a new one with this name.
    They become members by hand: what granted their membership then may be gone.
    """
    old = EndUserGroup.objects.select_for_update().filter(pk=event.subject_id, environment=environment).first()
    if old:
        old.environment = environment
    group = old if new_name is None else new_group(environment, new_name)
    if group is None:
        raise ActionError("group_deleted", _("The group was deleted. Restore its members into a new group."))
    refuse_read_only(group, by)
    found = set_aside(event, environment)
    added = pairs_of(insert_members(group, [person.pk for person in found.restorable], MANUAL))
    if not added:
        raise ActionError("nobody_to_restore", _("Nobody is left to restore: see below why."))
    record(
        by=by,
        action=Action.GROUP_MEMBERS_RESTORED,
        subject=group,
        environment=environment,
        sentence=Sentence(
            _TO_GROUP if group == old else _TO_NEW_GROUP,
            by=by,
            members=people_named(added),
            group=group,
            idp=event.actor_name,
            old=old or event.subject_name,
        ),
        concerns=[old] if old else [],
        people=[pk for pk, _ in added],
        before={"taken_over": str(event.pk)},
        after={
            **({} if group == old else {"name": group.name}),
            "added": added,
            "source": MANUAL.listed(),
            "left_out": [[each.id, each.name, each.why] for each in found.left_out],
        },
    )
    return Restored(group, len(added))


def _left_out(pk: str, names: Mapping[str, str], found: Mapping[str, EndUser], environment: Environment) -> LeftOut:
    person = found.get(pk)
    if person is None:
        return LeftOut(pk, names[pk], WAS_DELETED)
    if not person.is_active:
        return LeftOut(pk, person.full_name, IS_DEACTIVATED)
    return LeftOut(pk, person.full_name, HAS_NO_ACCESS % {"environment": environment})
