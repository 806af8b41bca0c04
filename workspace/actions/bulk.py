"""What can be done with many end users at once, and how: first the plan, then exactly that.

A kind of change is a `BulkChange`. The apps above register theirs as they load.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import ClassVar
from uuid import UUID

from django.utils.translation import gettext as _

from workspace.db.packed import PackedIds
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import ChangeEvent, EndUserGroup, Environment
from workspace.models.people import EndUserQuerySet, count_active
from workspace.refusals import ActionError
from workspace.words import Text, grouped, people


@dataclass(frozen=True)
class Selection:
    """People of the environment's workspace, and the group that the change is about, if it is about one.

    `has_everybody` says that all who have access to the environment are among them, which an index can list.
    """

    environment: Environment
    people: EndUserQuerySet
    group: EndUserGroup | None = None
    has_everybody: bool = False

    def count_allowed(self) -> int:
        """Return how many of them may sign in to the environment."""
        if self.has_everybody:
            return count_active(self.environment)
        return self.people.with_access_to(self.environment).count()

    @property
    def given_group(self) -> EndUserGroup:
        """Return the group. Raises ActionError if there is none."""
        if self.group is None:
            raise ActionError("no_group", _("Choose the group first."))
        return self.group


@dataclass(frozen=True)
class Plan:
    """Who will change, and in sentences: who is left out and why, and what else follows."""

    ids: PackedIds
    left_out: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def mark(self) -> str:
        """Return what tells the plan from one with other people: their number, and a digest of their ids."""
        return f"{len(self.ids)}-{sha256(self.ids.packed).hexdigest()}"


class BulkChange:
    """A kind of change of many people."""

    # In URLs, in the menu, and as the title of the page.
    name: ClassVar[str]
    label: ClassVar[Text]
    needs_group: ClassVar[bool] = False
    # A harmful change takes something from people.
    is_harmful: ClassVar[bool] = False

    def plan(self, selection: Selection) -> Plan:
        """Return what the change would do now."""
        raise NotImplementedError

    def change(self, selection: Selection, ids: Sequence[UUID], by: Actor, now: datetime) -> ChangeEvent | None:
        """Change these people, and return the event; None if there was nothing to change."""
        raise NotImplementedError

    def effect(self, selection: Selection, number: int) -> str:
        """Return what will happen to so many people, as a sentence."""
        raise NotImplementedError

    def done(self, selection: Selection, number: int) -> str:
        """Return what has happened to so many people, as a sentence."""
        raise NotImplementedError


BULK_CHANGES: dict[str, BulkChange] = {}


def bulk_change(kind: type[BulkChange]) -> type[BulkChange]:
    """Register a kind of change; the list of end users offers it."""
    BULK_CHANGES[kind.name] = kind()
    return kind


@atomic
def change_many(
    *, change: BulkChange, selection: Selection, expected: str, by: Actor, now: datetime
) -> tuple[Plan, ChangeEvent | None]:
    """Change exactly the people of a plan, whose mark is expected. Raises ActionError if it would be others by now."""
    # The rows stay as the plan sees them. All of them are locked in one order, so that two changes do not block.
    list(selection.people.order_by("pk").select_for_update(no_key=True, of=("self",)).values_list("pk"))
    plan = change.plan(selection)
    if plan.mark != expected:
        raise ActionError("changed_since", _changed(plan, expected))
    return plan, change.change(selection, plan.ids, by, now) if plan.ids else None


def _changed(plan: Plan, expected: str) -> str:
    before, now = expected.partition("-")[0], grouped(len(plan.ids))
    if not before.isdecimal() or len(before) > 9:
        return _("Look at the numbers, then confirm.")
    if int(before) == len(plan.ids):
        return _("Somebody changed these people meanwhile: it is as many as before, but others. Confirm again.")
    return _(
        "Somebody changed these people meanwhile: it is %(people)s now, and was %(before)s before. "
        "Confirm %(now)s instead."
    ) % {"people": people(len(plan.ids)), "before": grouped(int(before)), "now": now}
