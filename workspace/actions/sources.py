"""The end of a source: what it granted is ended or becomes manual.

The caller records the event. It gets the rows that are gone ("before") and the rows that are new ("after"), each as
[person, name, place, source kind, source id, source name].
"""

from dataclasses import dataclass, field

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils import timezone

from workspace.models import (
    MANUAL,
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    Source,
    SourceKind,
    Workspace,
)

State = list[str]
# Keys: "access", "memberships" and "groups" for rows, "deactivated" for people.
States = dict[str, list[State]]


@dataclass
class Change:
    """The rows that are gone and the rows that are new."""

    before: States = field(default_factory=dict)
    after: States = field(default_factory=dict)

    @property
    def people(self) -> list[str]:
        """Return the ids of the people in the change."""
        rows = [state for name, states in self.before.items() if "groups" not in name for state in states]
        return list(dict.fromkeys(state[0] for state in rows))


def hand_over(*, workspace: Workspace, source: Source, memberships: QuerySet[GroupMembership]) -> Change:
    """Make the access and the groups of a source manual, and these memberships of its groups."""
    change = _hand_over_groups(workspace, source, memberships)
    change.before["access"], change.after["access"] = become_manual(_accesses(workspace, source), "environment")
    return change


def end(*, workspace: Workspace, source: Source, memberships: QuerySet[GroupMembership]) -> Change:
    """End the access of a source and deactivate people without other access. Groups and memberships become manual."""
    change = _hand_over_groups(workspace, source, memberships)
    # Who gives one of them access commits first, or waits.
    people = workspace.end_users.filter(pk__in=_accesses(workspace, source).order_by().values("end_user"))
    list(people.order_by("pk").select_for_update(no_key=True).values_list("pk"))
    accesses, alone = _accesses(workspace, source), workspace.end_users.depending_on(source)
    change.before |= {"access": states(accesses, "environment"), "deactivated": alone.pairs()}
    alone.update(status=EndUser.Status.DEACTIVATED, updated_at=timezone.now())
    accesses.delete()
    return change


def become_manual(rows: QuerySet[Model], place: str) -> tuple[list[State], list[State]]:
    """Make rows of a source manual, and return the rows that are gone and the rows that are new.

    Each person keeps one manual row a place: a row with a manual twin is deleted. `place` is the field that names the
    place, "environment" or "group".
    """
    before = states(rows, place)
    same = Q(**{place: OuterRef(place)}, end_user=OuterRef("end_user"))
    manual = rows.model._default_manager.filter(same, source_kind=SourceKind.MANUAL)
    twin = rows.order_by().filter(same, pk__lt=OuterRef("pk"))
    rows.filter(Exists(manual) | Exists(twin)).delete()
    after = [[*state[:3], *MANUAL.listed()] for state in states(rows, place)]
    rows.update(**MANUAL.fields())
    return before, after


def _hand_over_groups(workspace: Workspace, source: Source, memberships: QuerySet[GroupMembership]) -> Change:
    before, after = become_manual(memberships, "group")
    groups = EndUserGroup.objects.of_source(source).filter(environment__workspace=workspace)
    states = [[str(group.pk), group.name, *group.source.listed()] for group in groups]
    groups.update(**MANUAL.fields(), synced_at=None, updated_at=timezone.now())
    manual = [[pk, name, *MANUAL.listed()] for pk, name, *_ in states]
    return Change({"memberships": before, "groups": states}, {"memberships": after, "groups": manual})


def _accesses(workspace: Workspace, source: Source) -> QuerySet[EnvironmentAccess]:
    return EnvironmentAccess.objects.of_source(source).filter(environment__workspace=workspace)


def states(rows: QuerySet[Model], place: str) -> list[State]:
    """Return rows as an event keeps them. `place` is the field that names the place, "environment" or "group"."""
    columns = ("end_user", "end_user__full_name", place, "source_kind", "source_id", "source_name")
    found = rows.order_by("end_user", "pk").values_list(*columns)
    return [[str(person), name, str(where), *source] for person, name, where, *source in found]
