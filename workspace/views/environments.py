"""Manage environments: list, add, change, order and remove."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from workspace.actions.environments import (
    add_environment,
    change_environment,
    move_environment,
    remove_environment,
    why_it_stays,
)
from workspace.console.acting import refusals_as_messages, refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.methods import post_only
from workspace.console.navigation import Item, page_url
from workspace.console.permissions import Permission, may
from workspace.console.proof import OPENED_RECENTLY
from workspace.forms import sent
from workspace.forms.environments import EnvironmentForm, EnvironmentRemovalForm, NewEnvironmentForm
from workspace.models import Environment


@console
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show the environments in their order."""
    found = list(environment.workspace.environments.all())
    may_change = may(request.administrator, Permission.MANAGE_ENVIRONMENTS)
    rows = [_row(environment, each, found, may_change) for each in found]
    return render(request, "workspace/environments/index.html", {"rows": rows})


@console(needs=Permission.MANAGE_ENVIRONMENTS)
def add(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Add an environment, and go on in it."""
    initial = {"kind": Environment.Kind.TEST, "colour": Environment.Colour.TEAL}
    form = NewEnvironmentForm(sent(request), initial=initial)
    if form.is_valid():
        with refusals_in_form(form):
            added = add_environment(workspace=environment.workspace, by=request.actor, **form.answers())
            messages.success(
                request,
                _("%(added)s is added. Its sign-in is password only until you set up a provider.") % {"added": added},
            )
            return redirect(page_url("workspace:environments", added))
    context = {"form": form, "list_url": page_url("workspace:environments", environment)}
    return render(request, "workspace/environments/add.html", context)


@console(needs=Permission.MANAGE_ENVIRONMENTS)
def edit(request: ConsoleRequest, environment: Environment, other: UUID) -> HttpResponse:
    """Change name, kind and colour."""
    found, list_url = _environment(environment, other), page_url("workspace:environments", environment)
    initial = {"name": found.name, "kind": found.kind, "colour": found.colour}
    form = EnvironmentForm(sent(request), initial=initial)
    if form.is_valid():
        with refusals_in_form(form):
            is_changed = change_environment(environment=found, by=request.actor, **form.answers())
            messages.success(request, _("The environment is saved.") if is_changed else _("Nothing was changed."))
            return redirect(list_url)
    return render(request, "workspace/environments/edit.html", {"form": form, "found": found, "list_url": list_url})


@post_only("workspace:environments")
@console(needs=Permission.MANAGE_ENVIRONMENTS)
def move(request: ConsoleRequest, environment: Environment, other: UUID) -> HttpResponse:
    """Move one place up or down."""
    found = _environment(environment, other)
    with refusals_as_messages(request):
        move_environment(environment=found, is_up=request.POST.get("direction") == "up", by=request.actor)
    return redirect(page_url("workspace:environments", environment))


@console(needs=Permission.MANAGE_ENVIRONMENTS, recent=OPENED_RECENTLY)
def remove(request: ConsoleRequest, environment: Environment, other: UUID) -> HttpResponse:
    """Confirm with the typed name, then remove an environment that nothing uses."""
    found = _environment(environment, other)
    form = EnvironmentRemovalForm(sent(request), environment=found)
    if form.is_valid():
        with refusals_in_form(form):
            remove_environment(environment=found, by=request.actor)
            left = environment if found != environment else environment.workspace.environments.all()[0]
            messages.warning(request, _("%(found)s is removed.") % {"found": found})
            return redirect(page_url("workspace:environments", left))
    context = {
        "found": found,
        "form": form,
        "obstacle": why_it_stays(found),
        "effect": _("%(found)s goes for good, with its groups, sign-in attempts and settings.") % {"found": found},
        "notes": [_("Nobody has access to it, and no identity provider uses it.")],
        "submit": _("Remove environment"),
        "list_url": page_url("workspace:environments", environment),
    }
    return render(request, "workspace/environments/remove.html", context)


def _environment(environment: Environment, pk: UUID) -> Environment:
    found = get_object_or_404(environment.workspace.environments, pk=pk)
    found.workspace = environment.workspace
    return found


def _row(here: Environment, each: Environment, found: list[Environment], may_change: bool) -> dict[str, object]:
    """Return an environment as the list shows it."""
    urls = {what: page_url(f"workspace:environment-{what}", here, other=each.pk) for what in ("edit", "move", "remove")}
    items: list[Item] = [{"label": _("Edit"), "url": urls["edit"]}]
    if len(found) > 1:
        items.append({"label": _("Remove"), "url": urls["remove"], "danger": True})
    each.workspace = here.workspace
    return {
        "environment": each,
        "url": page_url("workspace:groups", each),
        "menu": items if may_change else [],
        "move_url": urls["move"] if may_change and len(found) > 1 else "",
        "is_first": each == found[0],
        "is_last": each == found[-1],
    }
