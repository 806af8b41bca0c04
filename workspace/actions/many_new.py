"""Many new people at once, all or none: a few statements, and one event that names all."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from workspace.action_names import Action
from workspace.actions.end_users import email_taken, set_profile
from workspace.db.together import write_together
from workspace.db.transactions import atomic, naming_conflicts
from workspace.events import Actor, Sentence, record
from workspace.models import MANUAL, EndUser, EndUserGroup, Environment, EnvironmentAccess, GroupMembership, Workspace
from workspace.profile import Profile
from workspace.refusals import ActionError
from workspace.words import people_named


@dataclass(frozen=True)
class NewPerson:
    """A person to add by hand. The groups belong to the environments."""

    profile: Profile
    environments: Sequence[Environment]
    groups: Sequence[EndUserGroup]


class ManyRefusedError(Exception):
    """Some of many are refused, so nothing was changed. `refusals` has the index of each."""

    def __init__(self, refusals: Sequence[tuple[int, ActionError]]) -> None:
        super().__init__(f"{len(refusals)} are refused")
        self.refusals = refusals


@atomic
def create_end_users(*, workspace: Workspace, people: Sequence[NewPerson], by: Actor, now: datetime) -> list[EndUser]:
    """Add people to the workspace, and return them in the given order. Raises ManyRefusedError if one is refused."""
    persons = _checked(workspace, people, now)
    with naming_conflicts(EndUser, lambda _: ActionError("email_taken", _AT_ONCE)):
        # In the order of the unique index, so that two requests do not wait for each other in a circle.
        ordered = sorted(persons, key=lambda person: person.email_key or "")
        write_together(ordered)
    pairs = list(zip(persons, people, strict=True))
    granted = {"created_at": now, **MANUAL.fields()}
    accesses = [
        EnvironmentAccess(end_user=person, environment=each, **granted)
        for person, new in pairs
        for each in new.environments
    ]
    members = [GroupMembership(end_user=person, group=each, **granted) for person, new in pairs for each in new.groups]
    if rows := [*accesses, *members]:
        write_together(rows)
    record(
        by=by,
        action=Action.END_USERS_CREATED,
        subject=workspace,
        workspace=workspace,
        sentence=Sentence(
            "{by} added {people}.", by=by, people=people_named([[str(each.pk), each.full_name] for each in persons])
        ),
        concerns=dict.fromkeys(group for new in people for group in new.groups),
        people=[person.pk for person in persons],
        after={
            "created": [[*_named(each), *each.name_source.listed(), each.email] for each in persons],
            "access": [[*_named(each.end_user), str(each.environment_id), *MANUAL.listed()] for each in accesses],
            "memberships": [[*_named(each.end_user), str(each.group_id), *MANUAL.listed()] for each in members],
        },
    )
    return persons


_AT_ONCE = "Somebody added one of these addresses at the same moment. Nothing was changed: send the request again."
_REPEATED = "This address stands more than once in the request."


def _checked(workspace: Workspace, people: Sequence[NewPerson], now: datetime) -> list[EndUser]:
    """Return the people, not stored yet. Raises ManyRefusedError naming all who are refused."""
    persons = [EndUser(workspace=workspace, created_at=now, updated_at=now, active_since=now) for _ in people]
    refusals = dict[int, ActionError]()
    first: dict[str, int] = {}
    for index, (person, new) in enumerate(zip(persons, people, strict=True)):
        try:
            set_profile(person, new.profile)
        except ActionError as refusal:
            refusals[index] = refusal
            continue
        person.set_keys()
        if first.setdefault(person.email_key or "", index) != index:
            refusals[index] = ActionError("email_repeated", _REPEATED, field="email")
    for taken in workspace.end_users.filter(email_key__in=list(first)).values_list("email_key", flat=True):
        index = first[taken or ""]
        refusals[index] = email_taken(persons[index])("")
    if refusals:
        raise ManyRefusedError(sorted(refusals.items()))
    return persons


def _named(person: EndUser) -> list[str]:
    return [str(person.pk), person.full_name]
