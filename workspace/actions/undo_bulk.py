"""Taking back a change of many people: the opposite change, of whoever nobody changed in the same way since."""

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Exists, OuterRef

from workspace.action_names import Action
from workspace.actions.bulk import BULK_CHANGES, BulkChange, Selection
from workspace.db.parameters import Among
from workspace.models import ChangeEvent, ChangeSubject, EndUserGroup, Environment, SourceKind

# What an event keeps of the people, in `before` or `after`, and the change that takes it back.
_OPPOSITES: dict[str, dict[str, str]] = {
    Action.GROUP_MEMBERS_CHANGED: {"added": "remove-from-group", "removed": "add-to-group"},
    Action.ENVIRONMENT_ACCESS_SETTLED: {"given": "end-access", "ended": "give-access"},
    Action.END_USERS_DEACTIVATED: {"deactivated": "reactivate"},
    Action.END_USERS_REACTIVATED: {"active": "deactivate"},
}
UNDOABLE = _OPPOSITES.keys()
_STATUS = [
    *(Action.END_USER_DEACTIVATED, Action.END_USER_REACTIVATED, Action.END_USER_ACCESS_ENDED, Action.END_USER_LINKED),
    *(Action.END_USER_ACCESS_RESTORED, Action.END_USERS_DEACTIVATED, Action.END_USERS_REACTIVATED),
]
# Later changes of these kinds decide about a person, and stay.
_LATER: dict[str, list[Action]] = {
    Action.GROUP_MEMBERS_CHANGED: [Action.GROUP_MEMBERS_CHANGED],
    Action.ENVIRONMENT_ACCESS_SETTLED: [
        *(Action.ENVIRONMENT_ACCESS_SETTLED, Action.END_USER_ACCESS_CHANGED, Action.END_USER_ACCESS_ENDED),
        *(Action.END_USER_ACCESS_RESTORED, Action.END_USER_LINKED),
    ],
    Action.END_USERS_DEACTIVATED: _STATUS,
    Action.END_USERS_REACTIVATED: _STATUS,
}


def opposite_of(event: ChangeEvent, environment: Environment) -> tuple[BulkChange, Selection] | None:
    """Return the change that takes an event back, with its people; None if nothing can."""
    if event.action not in UNDOABLE or event.environment_id not in (None, environment.pk):
        return None
    state: Mapping[str, object] = {**event.before, **event.after}
    source = state.get("source")
    sides = [(opposite, state[key]) for key, opposite in _OPPOSITES[event.action].items() if state.get(key)]
    if len(sides) != 1 or (isinstance(source, list) and source[0] != SourceKind.MANUAL):
        return None
    opposite, pairs = sides[0]
    change = BULK_CHANGES[opposite]
    group = _group(event, environment) if change.needs_group else None
    if change.needs_group and group is None:
        return None
    ids = [UUID(pk) for pk, _ in pairs] if isinstance(pairs, list) else []
    later = ChangeSubject.objects.filter(
        subject_id=OuterRef("pk"), event__gt=event.pk, event__action__in=_LATER[event.action]
    )
    if group:
        later = later.filter(event__subject_id=str(group.pk))
    people = environment.workspace.end_users.filter(Among("pk", ids)).exclude(Exists(later))
    return change, Selection(environment, people, group)


def _group(event: ChangeEvent, environment: Environment) -> EndUserGroup | None:
    """Return the group of an event if people may fill it."""
    manual = environment.groups.filter(is_everyone=False, source_kind=SourceKind.MANUAL)
    group = manual.filter(pk=event.subject_id).first()
    if group:
        group.environment = environment
    return group
