"""The history of an end-user group, and restoring members that an IdP set aside."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import ngettext

from workspace.action_names import Action
from workspace.actions.bulk_changes import about, counted
from workspace.actions.restoring import SetAside, restore_members, set_aside
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.history import history as history_of
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission, may
from workspace.console.presenters import NAMES_SHOWN
from workspace.console.states import MOST_SHOWN
from workspace.forms import sent
from workspace.forms.groups import RestoreForm
from workspace.isolation import without_controls
from workspace.models import ChangeEvent, EndUserGroup, Environment
from workspace.views.groups import about_group, group_or_404, group_url
from workspace.words import grouped, people


@console
def history(request: ConsoleRequest, environment: Environment, group: UUID) -> HttpResponse:
    """Show the tab History: the changes that concern the group, newest first."""
    found = group_or_404(environment, group)
    may_restore = may(request.administrator, Permission.MANAGE_PEOPLE)
    rows, older = history_of(environment, found.pk, request.GET.get("before", ""), may_restore=may_restore)
    context = {"rows": rows, "older": older, "is_first_page": "before" not in request.GET}
    return render(request, "workspace/groups/history.html", context | about_group(request, found))


@console(needs=Permission.MANAGE_PEOPLE)
def restore(request: ConsoleRequest, environment: Environment, event: UUID) -> HttpResponse:
    """Say who of the members set aside can be restored, then restore them."""
    taken_over = ChangeEvent.objects.in_environment(environment).filter(action=Action.GROUP_TAKEN_OVER)
    found = get_object_or_404(taken_over, pk=event)
    group = environment.groups.filter(pk=found.subject_id).first()
    form = RestoreForm(sent(request), group=group, name=without_controls(found.subject_name))
    if form.is_valid():
        with refusals_in_form(form):
            done = restore_members(event=found, environment=environment, new_name=form.new_name(), by=request.actor)
            done.group.environment = environment
            messages.success(
                request,
                about(
                    done.number,
                    "%(number)s person was restored to %(group)s.",
                    "%(number)s people were restored to %(group)s.",
                    group=done.group,
                ),
            )
            return redirect(group_url(done.group))
    people_aside = set_aside(found, environment)
    list_url = page_url("workspace:groups", environment)
    context = {
        "form": form,
        "found": found,
        "group": group,
        "event_url": page_url("workspace:audit-log-event", environment, event=found.pk),
        "back_url": page_url("workspace:group-history", environment, group=group.pk) if group else list_url,
        **_numbers(people_aside, group),
    }
    return render(request, "workspace/groups/restore.html", context)


def _numbers(aside: SetAside, group: EndUserGroup | None) -> dict[str, object]:
    """Return who would come, who is there already, and who cannot come and why."""
    ids = [person.pk for person in aside.restorable]
    known = set[UUID]()
    if group and not group.is_managed:
        known = set(group.memberships.filter(end_user__in=ids).values_list("end_user", flat=True))
    coming = [person for person in aside.restorable if person.pk not in known]
    total = len(ids) + len(aside.left_out)
    return {
        "effect": ngettext(
            "%(coming)s of %(total)s can be restored.", "%(coming)s of %(total)s can be restored.", len(coming)
        )
        % {"coming": grouped(len(coming)), "total": people(total)},
        "number": len(coming),
        "names": [person.full_name for person in coming[:NAMES_SHOWN]],
        "more": max(0, len(coming) - NAMES_SHOWN),
        "known": "".join(
            counted(
                len(known),
                "%(number)s person is in the group already.",
                "%(number)s people are in the group already.",
            )
        ),
        "left_out": aside.left_out[:MOST_SHOWN],
        "more_left_out": max(0, len(aside.left_out) - MOST_SHOWN),
    }
