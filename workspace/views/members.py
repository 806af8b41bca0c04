"""Members of an end-user group: add and remove."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from workspace.actions.members import change_members
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest
from workspace.console.picking import picker
from workspace.console.presenters import first_names
from workspace.forms.groups import AddMembersForm, RemoveMembersForm
from workspace.models import EndUserGroup, Environment, SourceKind
from workspace.views.groups import changing, group_url
from workspace.words import people


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
            messages.success(request, f"{people(len(chosen), 'is', 'are')} in {group} now.")
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
        messages.success(request, f"{people(len(ids), 'was', 'were')} removed from {group}.")
        return redirect(group_url(group))
    context = {
        "group": group,
        "effect": f"{people(len(ids))} will no longer be in {group}.",
        "notes": ["They stay end users and keep their access to the environment."],
        "submit": f"Remove {people(len(ids))}",
        "hidden": [("members", pk) for pk in ids],
        "back_url": group_url(group),
        **first_names(chosen, len(ids)),
    }
    return render(request, "workspace/groups/remove_members.html", context)
