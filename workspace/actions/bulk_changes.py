"""The changes of many people that this app offers: groups, access and status."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from workspace.actions.bulk import BulkChange, Plan, Selection, bulk_change
from workspace.actions.many import deactivate_many, end_many_access, give_many_access, reactivate_many
from workspace.actions.members import change_members
from workspace.db.packed import PackedIds
from workspace.db.parameters import Literal
from workspace.events import Actor
from workspace.models import (
    ChangeEvent,
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    SourceKind,
)
from workspace.models.people import EndUserQuerySet, active_holders
from workspace.words import grouped

_Rows: TypeAlias = "QuerySet[EnvironmentAccess] | QuerySet[GroupMembership]"


def about(number: int, one: str, many: str, **names: object) -> str:
    """Return a sentence about a number of people, in which it and the other names stand as %(number)s."""
    return ngettext(one, many, number) % {"number": grouped(number), **names}


def counted(number: int, one: str, many: str, **names: object) -> list[str]:
    """Return the same sentence in a list; an empty list about nobody."""
    return [about(number, one, many, **names)] if number else []


@bulk_change
class AddToGroup(BulkChange):
    """Add people to a group by hand."""

    name, label, needs_group = "add-to-group", gettext_lazy("Add to group"), True

    def plan(self, selection: Selection) -> Plan:
        group, here = selection.given_group, selection.environment
        ids = _allowed_outside(group, selection)
        members = selection.people.filter(_having(group.memberships.all())).count()
        barred = selection.people.count() - members - len(ids)
        return Plan(
            ids,
            [
                *counted(
                    members,
                    "%(number)s person is in %(group)s already.",
                    "%(number)s people are in %(group)s already.",
                    group=group,
                ),
                *counted(
                    barred,
                    "%(number)s person cannot sign in to %(environment)s. Give access or reactivate first.",
                    "%(number)s people cannot sign in to %(environment)s. Give access or reactivate first.",
                    environment=here,
                ),
            ],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return change_members(group=selection.given_group, add=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will be added to %(group)s.",
            "%(number)s people will be added to %(group)s.",
            group=selection.group,
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person was added to %(group)s.",
            "%(number)s people were added to %(group)s.",
            group=selection.group,
        )


@bulk_change
class RemoveFromGroup(BulkChange):
    """Remove people from a group who were added by hand."""

    name, label, needs_group, is_harmful = "remove-from-group", gettext_lazy("Remove from group"), True, True

    def plan(self, selection: Selection) -> Plan:
        memberships = GroupMembership.objects.filter(group=selection.given_group)
        manual, idp = _by_hand_alone(selection.people, memberships), _by_idps(selection.people, memberships)
        ids, kept = PackedIds.of(manual), idp.count()
        others = selection.people.count() - len(ids) - kept
        return Plan(
            ids,
            [
                *counted(
                    kept,
                    "%(number)s person is in %(group)s through an identity provider. Remove them there.",
                    "%(number)s people are in %(group)s through an identity provider. Remove them there.",
                    group=selection.group,
                ),
                *counted(
                    others,
                    "%(number)s person is not in %(group)s.",
                    "%(number)s people are not in %(group)s.",
                    group=selection.group,
                ),
            ],
            [_("They stay end users and keep their access to the environment.")],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return change_members(group=selection.given_group, remove=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will no longer be in %(group)s.",
            "%(number)s people will no longer be in %(group)s.",
            group=selection.group,
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person was removed from %(group)s.",
            "%(number)s people were removed from %(group)s.",
            group=selection.group,
        )


@bulk_change
class GiveAccess(BulkChange):
    """Give people access to the environment by hand."""

    name, label = "give-access", gettext_lazy("Give access")

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        chosen = selection.people.exclude(Exists(here.accesses.filter(end_user=OuterRef("pk"))))
        ids = PackedIds.of(chosen)
        have = selection.people.count() - len(ids)
        paused = chosen.filter(status=Literal(EndUser.Status.DEACTIVATED)).count() if ids else 0
        return Plan(
            ids,
            counted(
                have,
                "%(number)s person has access to %(environment)s already.",
                "%(number)s people have access to %(environment)s already.",
                environment=here,
            ),
            counted(
                paused,
                "%(number)s person of them is deactivated and cannot sign in until reactivated.",
                "%(number)s people of them are deactivated and cannot sign in until reactivated.",
            ),
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return give_many_access(environment=selection.environment, ids=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will get access to %(environment)s.",
            "%(number)s people will get access to %(environment)s.",
            environment=selection.environment,
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person has access to %(environment)s now.",
            "%(number)s people have access to %(environment)s now.",
            environment=selection.environment,
        )


@bulk_change
class EndAccess(BulkChange):
    """End the access to the environment that people have by hand alone."""

    name, label, is_harmful = "end-access", gettext_lazy("End access"), True

    def plan(self, selection: Selection) -> Plan:
        here = selection.environment
        accesses = EnvironmentAccess.objects.filter(environment=here)
        chosen = _by_hand_alone(selection.people, accesses)
        ids, kept = PackedIds.of(chosen), _by_idps(selection.people, accesses).count()
        others = selection.people.count() - len(ids) - kept
        elsewhere = EnvironmentAccess.objects.filter(end_user=OuterRef("pk")).exclude(environment=here)
        nowhere = chosen.exclude(Exists(elsewhere)).count() if ids else 0
        return Plan(
            ids,
            [
                *counted(
                    kept,
                    "%(number)s person has access through an identity provider. End it there.",
                    "%(number)s people have access through an identity provider. End it there.",
                ),
                *counted(
                    others,
                    "%(number)s person has no access to %(environment)s.",
                    "%(number)s people have no access to %(environment)s.",
                    environment=here,
                ),
            ],
            [
                *counted(
                    nowhere,
                    "%(number)s person of them has no other access, and can sign in nowhere then.",
                    "%(number)s people of them have no other access, and can sign in nowhere then.",
                ),
                _("Their sessions in %(here)s end. Their groups are kept.") % {"here": here},
            ],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return end_many_access(environment=selection.environment, ids=ids, by=by)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will lose access to %(environment)s.",
            "%(number)s people will lose access to %(environment)s.",
            environment=selection.environment,
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person lost access to %(environment)s.",
            "%(number)s people lost access to %(environment)s.",
            environment=selection.environment,
        )


@bulk_change
class Deactivate(BulkChange):
    """Deactivate people whom no IdP provisions by SCIM."""

    name, label, is_harmful = "deactivate", gettext_lazy("Deactivate"), True

    def plan(self, selection: Selection) -> Plan:
        active = selection.people.filter(status=Literal(EndUser.Status.ACTIVE))
        by_scim = EnvironmentAccess.objects.filter(end_user=OuterRef("pk"), source_kind=SourceKind.SCIM)
        ids = PackedIds.of(active.exclude(Exists(by_scim)))
        # An index has them together; they are fewer.
        already = selection.people.filter(status=Literal(EndUser.Status.DEACTIVATED)).count()
        return Plan(
            ids,
            [
                *counted(
                    selection.people.count() - already - len(ids),
                    "%(number)s person is managed by an identity provider. Deactivate them there.",
                    "%(number)s people are managed by an identity provider. Deactivate them there.",
                ),
                *counted(
                    already,
                    "%(number)s person is deactivated already.",
                    "%(number)s people are deactivated already.",
                ),
            ],
            [_("They can sign in nowhere then. Access and groups are kept, and reactivation restores them.")],
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return deactivate_many(workspace=selection.environment.workspace, ids=ids, by=by, now=now)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will be deactivated in all environments.",
            "%(number)s people will be deactivated in all environments.",
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person was deactivated and can no longer sign in.",
            "%(number)s people were deactivated and can no longer sign in.",
        )


@bulk_change
class Reactivate(BulkChange):
    """Reactivate people."""

    name, label = "reactivate", gettext_lazy("Reactivate")

    def plan(self, selection: Selection) -> Plan:
        chosen = selection.people.filter(status=Literal(EndUser.Status.DEACTIVATED))
        ids = PackedIds.of(chosen)
        accesses = EnvironmentAccess.objects.filter(end_user=OuterRef("pk"))
        nowhere = chosen.exclude(Exists(accesses)).count() if ids else 0
        return Plan(
            ids,
            counted(
                selection.people.count() - len(ids),
                "%(number)s person is active already.",
                "%(number)s people are active already.",
            ),
            counted(
                nowhere,
                "%(number)s person of them has no access. Give access afterwards.",
                "%(number)s people of them have no access. Give access afterwards.",
            ),
        )

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        return reactivate_many(workspace=selection.environment.workspace, ids=ids, by=by, now=now)

    def effect(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person will be active again, with the same access and groups as before.",
            "%(number)s people will be active again, with the same access and groups as before.",
        )

    def done(self, selection: Selection, number: int) -> str:
        return about(
            number,
            "%(number)s person is active again.",
            "%(number)s people are active again.",
        )


def _allowed_outside(group: EndUserGroup, selection: Selection) -> PackedIds:
    """Return who may sign in here, and is not in the group yet."""
    if not selection.has_everybody:
        return PackedIds.of(selection.people.outside(group).with_access_to(selection.environment))
    members = group.memberships.filter(end_user=OuterRef("end_user"))
    return PackedIds.of(active_holders(selection.environment).exclude(Exists(members)), "end_user")


def _by_hand_alone(chosen: EndUserQuerySet, rows: _Rows) -> EndUserQuerySet:
    others = rows.order_by().filter(end_user=OuterRef("pk")).exclude(source_kind=SourceKind.MANUAL)
    return chosen.filter(_having(rows.filter(source_kind=SourceKind.MANUAL))).exclude(Exists(others))


def _by_idps(chosen: EndUserQuerySet, rows: _Rows) -> EndUserQuerySet:
    return chosen.filter(_having(rows.exclude(source_kind=SourceKind.MANUAL)))


def _having(rows: _Rows) -> Q:
    """Return the condition that somebody has one of the rows. SQLite reads them once, and looks none up."""
    return Q(pk__in=rows.order_by().values("end_user"))
