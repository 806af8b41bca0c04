"""The changes of many people that this app offers: groups, access and status."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from workspace.actions.bulk import BulkChange, Plan, Selection, bulk_change
from workspace.actions.many import deactivate_many, end_many_access, give_many_access, reactivate_many
from workspace.actions.members import change_members
from workspace.events import Actor
from workspace.models import (
    ChangeEvent,
    EndUser,
    EnvironmentAccess,
    GroupMembership,
    SourceKind,
)
from workspace.models.people import EndUserQuerySet
from workspace.words import people


def ids_of(chosen: EndUserQuerySet) -> list[UUID]:
    """Return the ids of people in their order."""
    return list(chosen.order_by("pk").values_list("pk", flat=True))


def sentences(*counted: tuple[int, str, str, str]) -> list[str]:
    """Return a sentence for each number of people that is not 0, with the verb for one and for several, and an end."""
    return [f"{people(number, one, many)} {end}" for number, one, many, end in counted if number]


@bulk_change
class AddToGroup(BulkChange):
    """Add people to a group by hand."""

    name, label, needs_group = "add-to-group", "Add to group", True

    def plan(self, selection: Selection) -> Plan:
        group, here = selection.given_group, selection.environment
        outside = selection.people.outside(group)
        ids = ids_of(outside.with_access_to(here))
        members, barred = selection.people.count() - outside.count(), outside.count() - len(ids)
        return Plan(
            ids,
            sentences(
                (members, "is", "are", f"in {group} already."),
                (barred, "cannot", "cannot", f"sign in to {here}. Give access or reactivate first."),
            ),
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return change_members(group=selection.given_group, add=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will be added to {selection.group}."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number, 'was', 'were')} added to {selection.group}."


@bulk_change
class RemoveFromGroup(BulkChange):
    """Remove people from a group who were added by hand."""

    name, label, needs_group, is_harmful = "remove-from-group", "Remove from group", True, True

    def plan(self, selection: Selection) -> Plan:
        memberships = GroupMembership.objects.filter(group=selection.given_group)
        manual, idp = _by_hand_alone(selection.people, memberships), _by_idps(selection.people, memberships)
        ids, kept = ids_of(manual), idp.count()
        others = selection.people.count() - len(ids) - kept
        return Plan(
            ids,
            sentences(
                (kept, "is", "are", f"in {selection.group} through an identity provider. Remove them there."),
                (others, "is", "are", f"not in {selection.group}."),
            ),
            ["They stay end users and keep their access to the environment."],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return change_members(group=selection.given_group, remove=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will no longer be in {selection.group}."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number, 'was', 'were')} removed from {selection.group}."


@bulk_change
class GiveAccess(BulkChange):
    """Give people access to the environment by hand."""

    name, label = "give-access", "Give access"

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        chosen = selection.people.exclude(Exists(here.accesses.filter(end_user=OuterRef("pk"))))
        ids = ids_of(chosen)
        have = selection.people.count() - len(ids)
        paused = chosen.filter(status=EndUser.Status.DEACTIVATED).count()
        return Plan(
            ids,
            sentences((have, "has", "have", f"access to {here} already.")),
            sentences((paused, "of them is", "of them are", "deactivated and cannot sign in until reactivated.")),
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return give_many_access(environment=selection.environment, ids=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will get access to {selection.environment}."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number, 'has', 'have')} access to {selection.environment} now."


@bulk_change
class EndAccess(BulkChange):
    """End the access to the environment that people have by hand alone."""

    name, label, is_harmful = "end-access", "End access", True

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        accesses = EnvironmentAccess.objects.filter(environment=here)
        chosen = _by_hand_alone(selection.people, accesses)
        ids, kept = ids_of(chosen), _by_idps(selection.people, accesses).count()
        others = selection.people.count() - len(ids) - kept
        elsewhere = EnvironmentAccess.objects.filter(end_user=OuterRef("pk")).exclude(environment=here)
        nowhere = chosen.exclude(Exists(elsewhere)).count()
        return Plan(
            ids,
            sentences(
                (kept, "has", "have", "access through an identity provider. End it there."),
                (others, "has", "have", f"no access to {here}."),
            ),
            [
                *sentences((nowhere, "of them has", "of them have", "no other access, and can sign in nowhere then.")),
                f"Their sessions in {here} end. Their groups are kept.",
            ],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return end_many_access(environment=selection.environment, ids=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will lose access to {selection.environment}."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number)} lost access to {selection.environment}."


@bulk_change
class Deactivate(BulkChange):
    """Deactivate people whom no IdP provisions by SCIM."""

    name, label, is_harmful = "deactivate", "Deactivate", True

    def plan(self, selection: Selection) -> Plan:
        active = selection.people.filter(status=EndUser.Status.ACTIVE)
        by_scim = EnvironmentAccess.objects.filter(end_user=OuterRef("pk"), source_kind=SourceKind.SCIM)
        ids = ids_of(active.exclude(Exists(by_scim)))
        number = active.count()
        return Plan(
            ids,
            sentences(
                (number - len(ids), "is", "are", "managed by an identity provider. Deactivate them there."),
                (selection.people.count() - number, "is", "are", "deactivated already."),
            ),
            ["They can sign in nowhere then. Access and groups are kept, and reactivation restores them."],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return deactivate_many(workspace=selection.environment.workspace, ids=ids, by=by, now=now)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will be deactivated in all environments."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number, 'was', 'were')} deactivated and can no longer sign in."


@bulk_change
class Reactivate(BulkChange):
    """Reactivate people."""

    name, label = "reactivate", "Reactivate"

    def plan(self, selection: Selection) -> Plan:
        chosen = selection.people.filter(status=EndUser.Status.DEACTIVATED)
        ids = ids_of(chosen)
        nowhere = chosen.exclude(Exists(EnvironmentAccess.objects.filter(end_user=OuterRef("pk")))).count()
        return Plan(
            ids,
            sentences((selection.people.count() - len(ids), "is", "are", "active already.")),
            sentences((nowhere, "of them has", "of them have", "no access. Give access afterwards.")),
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return reactivate_many(workspace=selection.environment.workspace, ids=ids, by=by, now=now)

    def effect(self, selection: Selection, number: int) -> str:
        return f"{people(number)} will be active again, with the same access and groups as before."

    def done(self, selection: Selection, number: int) -> str:
        return f"{people(number, 'is', 'are')} active again."


def _by_hand_alone(
    chosen: EndUserQuerySet, rows: QuerySet[EnvironmentAccess] | QuerySet[GroupMembership]
) -> EndUserQuerySet:
    theirs = rows.order_by().filter(end_user=OuterRef("pk"))
    by_hand, others = theirs.filter(source_kind=SourceKind.MANUAL), theirs.exclude(source_kind=SourceKind.MANUAL)
    return chosen.filter(Exists(by_hand)).exclude(Exists(others))


def _by_idps(chosen: EndUserQuerySet, rows: QuerySet[EnvironmentAccess] | QuerySet[GroupMembership]) -> EndUserQuerySet:
    theirs = rows.order_by().filter(end_user=OuterRef("pk"))
    return chosen.filter(Exists(theirs.exclude(source_kind=SourceKind.MANUAL)))
