"""Members of an end-user group: add and remove."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from workspace.actions.bulk_changes import about
from workspace.actions.members import change_members
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest
from workspace.console.picking import picker
from workspace.console.presenters import first_names
from workspace.forms.groups import AddMembersForm, RemoveMembersForm
from workspace.models import EndUserGroup, Environment, SourceKind
from workspace.views.groups import changing, group_url


@changing
def add(request: ConsoleRequest, environment: Environment, group: EndUserGroup) -> HttpResponse:
    """Add people with access, chosen from a list or typed by address."""
    candidates = environment.workspace.end_users.with_access_to(environment).outside(group)
    picked = picker(request, candidates)
    form = AddMembersForm(picked.sent, initial=picked.typed, environment=environment, candidates=candidates)
    if form.is_valid():
        with refusals_in_form(form):
            chosen = form.cleaned_data["people"]
            change_members(group=group, add=[person.pk for person in chosen], by=request.actor)
            messages.success(
                request,
                about(
                    len(chosen),
                    "%(number)s person is in %(group)s now.",
                    "%(number)s people are in %(group)s now.",
                    group=group,
                ),
            )
            return redirect(group_url(group))
    context = {"form": form, "picker": picked, "group": group, "back_url": group_url(group)}
    return render(request, "workspace/groups/add_members.html", context)


@changing
def remove(request: ConsoleRequest, environment: Environment, group: EndUserGroup) -> HttpResponse:
    """Confirm with the names of the chosen members, then remove them."""
    # Members of another source cannot be removed here: its next sync would add them again.
    by_hand = group.memberships.filter(source_kind=SourceKind.MANUAL).values("end_user")
    form = RemoveMembersForm(request.POST or request.GET, members=group.end_users.filter(pk__in=by_hand))
    if not form.is_valid():
        messages.warning(request, form.problem)
        return redirect(group_url(group))
    chosen = form.cleaned_data["members"]
    ids = [person.pk for person in chosen]
    if request.method == "POST":
        change_members(group=group, remove=ids, by=request.actor)
        messages.success(
            request,
            about(
                len(ids),
                "%(number)s person was removed from %(group)s.",
                "%(number)s people were removed from %(group)s.",
                group=group,
            ),
        )
        return redirect(group_url(group))
    context = {
        "group": group,
        "effect": about(
            len(ids),
            "%(number)s person will no longer be in %(group)s.",
            "%(number)s people will no longer be in %(group)s.",
            group=group,
        ),
        "notes": [_("They stay end users and keep their access to the environment.")],
        "submit": about(len(ids), "Remove %(number)s person", "Remove %(number)s people"),
        "hidden": [("members", pk) for pk in ids],
        "back_url": group_url(group),
        **first_names(chosen, len(ids)),
    }
    return render(request, "workspace/groups/remove_members.html", context)
