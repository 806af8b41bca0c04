"""Two end users who are one person become one: everything of the one who goes moves to the one who stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.action_names import Action
from workspace.actions.end_users import profile_state
from workspace.actions.sources import State, states
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.isolation import isolated
from workspace.merging import Fact, Merge, Moved, lock_all, move_all, moves
from workspace.models import EndUser, EndUserGroup, Environment, MergedEndUser, SourceKind
from workspace.refusals import ActionError
from workspace.words import grouped

GONE = gettext_lazy("One of the two was merged a moment ago. Nothing was changed by this.")
_NAMED = 5


@atomic
def merge_end_users(*, stays: EndUser, goes: EndUser, by: Actor, now: datetime) -> list[Fact]:
    """Move all that one person has to another one of the workspace, and remove the first. Return what happened.

    Nothing undoes it. The event keeps what either of them was.
    """
    lock_all(stays.workspace)
    merge = _locked(stays, goes, now)
    stays, goes = merge.stays, merge.goes
    before = _state(stays)
    facts = _settle(stays, goes)
    moved = move_all(merge)
    # Nothing refers to the row any more: if something does, the database refuses, where delete() would delete it too.
    EndUser.objects.filter(pk=goes.pk)._raw_delete(using=DEFAULT_DB_ALIAS)
    MergedEndUser.objects.create(
        id=goes.pk, end_user=stays, full_name=goes.full_name, email=goes.email, email_key=goes.email_key
    )
    stays.save()
    if goes.last_sign_in_at and (stays.last_sign_in_at is None or stays.last_sign_in_at < goes.last_sign_in_at):
        stays.note_sign_in(goes.last_sign_in_at)
    after = _state(stays)
    record(
        by=by,
        action=Action.END_USER_MERGED,
        subject=stays,
        workspace=stays.workspace,
        sentence=Sentence("{by} merged {goes} into {stays}.", by=by, goes=goes, stays=stays),
        concerns=[goes, *(thing for each in moved for thing in each.concerns)],
        before={key: value for each in moved for key, value in each.before.items()}
        | changed(before, after)
        | {"merged": [str(goes.pk), _state(goes)]},
        after={key: value for each in moved for key, value in each.after.items()} | changed(after, before),
    )
    return [*facts, *(fact for each in moved for fact in each.facts)]


def _locked(stays: EndUser, goes: EndUser, now: datetime) -> Merge:
    """Lock the two in the order of their ids: somebody else may merge them the other way round."""
    workspace = stays.workspace
    rows = workspace.end_users.select_for_update().filter(pk__in=[stays.pk, goes.pk]).order_by("pk")
    people = {person.pk: person for person in rows}
    if len(people) < 2:
        raise ActionError("gone", GONE)
    for person in people.values():
        person.workspace = workspace
    return Merge(people[stays.pk], people[goes.pk], now)


def _state(end_user: EndUser) -> dict[str, object]:
    return profile_state(end_user) | {"status": str(end_user.status)}


# The person's own row.


def _settle(stays: EndUser, goes: EndUser) -> list[Fact]:
    """Decide on name, address, status and password of the one who stays, without saving."""
    # The address comes last: the other lines tell the two apart by it.
    status, password = _settle_status(stays, goes), _settle_password(stays, goes)
    return [Fact(_("Full name"), stays.full_name), _settle_address(stays, goes), status, password]


def _settle_address(stays: EndUser, goes: EndUser) -> Fact:
    """Let the one who stays keep the address; without one, take the other's."""
    if goes.email and not stays.email:
        stays.email, stays.user_name, stays.email_source = goes.email, "", goes.email_source
        return Fact(_("Email address"), stays.email, _("Taken from %(goes)s.") % {"goes": isolated(goes.full_name)})
    hint = (
        _("A sign-in with an IdP that still sends %(goes)s means this person, too.") % {"goes": isolated(goes.email)}
        if goes.email
        else ""
    )
    return Fact(_("Email address"), stays.email or _("None"), hint)


def _settle_status(stays: EndUser, goes: EndUser) -> Fact:
    """Let the person be active if somebody active has access, unless an administrator deactivated the other.

    Deactivation by an administrator leaves the access, while an IdP ends what it gave: other access counts on.
    """
    if stays.is_active == goes.is_active:
        return Fact(_("Status"), stays.get_status_display())
    active, other = (stays, goes) if stays.is_active else (goes, stays)
    names = {"person": _called(other), "active": _called(active)}
    if other.accesses.exists():
        hint = _(
            "%(person)s is deactivated and has access, which reactivation would restore. "
            "Reactivate the person afterwards if that is right."
        )
        stays.status = EndUser.Status.DEACTIVATED
    elif active.accesses.exists():
        hint = _("%(person)s is deactivated without access. The access of %(active)s stays.")
        stays.activate()
    else:
        hint = _("%(person)s is deactivated, and neither has access.")
        stays.status = EndUser.Status.DEACTIVATED
    return Fact(_("Status"), stays.get_status_display(), hint % names)


def _settle_password(stays: EndUser, goes: EndUser) -> Fact:
    """Let the one who stays keep the password; without one, take the other's."""
    if stays.password:
        hint = _("That of %(called)s is dropped.") % {"called": _called(goes)} if goes.password else ""
        return Fact(_("Password"), _("That of %(called)s stays") % {"called": _called(stays)}, hint)
    stays.password = goes.password
    return Fact(
        _("Password"),
        _("That of %(called)s, together with the address above") % {"called": _called(goes)}
        if goes.password
        else _("None"),
    )


def _called(end_user: EndUser) -> str:
    """Return what tells the two apart: they mostly have the same name."""
    return isolated(end_user.identifier or end_user.full_name)


# The rows of this app.


@moves("accesses")
def move_access(merge: Merge) -> Moved:
    """Move access. What moves counts from now on, so it revives no session that has ended."""
    names = dict(merge.stays.workspace.environments.values_list("pk", "name"))
    before, after = _move(merge, merge.goes.accesses.all(), "environment", created_at=merge.now)
    new = [_given(names[UUID(state[2])], state) for state in after]
    return Moved(
        [Fact(_("Access"), _moving(new), _both(len(before) - len(after)))],
        {"access": before},
        {"access": after},
        [Environment(pk=UUID(state[2])) for state in before],
    )


@moves("memberships")
def move_memberships(merge: Merge) -> Moved:
    """Move memberships in groups, whoever gave them."""
    held = set(merge.stays.memberships.values_list("group", flat=True))
    before, after = _move(merge, merge.goes.memberships.all(), "group")
    groups = EndUserGroup.objects.filter(pk__in={state[2] for state in before}).select_related("environment")
    new = [
        _("%(group)s in %(environment)s") % {"group": isolated(group.name), "environment": group.environment}
        for group in groups
        if group.pk not in held
    ]
    return Moved(
        [Fact(_("Groups"), _moving(new), _both(len(groups) - len(new)))],
        {"memberships": before},
        {"memberships": after},
        list(groups),
    )


@moves("merged", "mails")
def move_merged(merge: Merge) -> Moved:
    """Let those who were merged into the one who goes lead to the one who stays, and so does their history."""
    merge.goes.merged.update(end_user=merge.stays)
    merge.goes.mails.update(end_user=merge.stays)
    return Moved([Fact(_("History"), _("Both become one"), _("Old links to either person lead to the one who stays."))])


def _move(merge: Merge, rows: QuerySet[Any], place: str, **fresh: object) -> tuple[list[State], list[State]]:
    """Give the rows to the one who stays, and return them as they were and those that are new.

    A row is deleted where the same source gave the same to both.
    """
    rows, before = rows.order_by(), states(rows, place)
    own = rows.model._default_manager.filter(end_user=merge.stays)
    same = {name: OuterRef(name) for name in (place, "source_kind", "source_id")}
    rows.filter(Exists(own.filter(**same))).delete()
    after = [[str(merge.stays.pk), merge.stays.full_name, *state[2:]] for state in states(rows, place)]
    rows.update(end_user=merge.stays, **fresh)
    return before, after


def _given(environment: str, state: State) -> str:
    """Say who gave an access to the environment."""
    kind, _id, name = state[3:]
    if kind == SourceKind.MANUAL:
        return _("%(environment)s by hand") % {"environment": environment}
    return _("%(environment)s through %(source)s") % {"environment": environment, "source": isolated(name)}


def _moving(names: list[str]) -> str:
    """Return what moves: so many new ones, the first of them by name."""
    if not names:
        return _("None")
    told = {"number": grouped(len(names)), "names": ", ".join(names[:_NAMED]), "more": grouped(len(names) - _NAMED)}
    if len(names) > _NAMED:
        return _("%(number)s new: %(names)s and %(more)s more") % told
    return _("%(number)s new: %(names)s") % told


def _both(number: int) -> str:
    return _("%(number)s that both have.") % {"number": grouped(number)} if number else ""
