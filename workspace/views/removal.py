"""The danger zone of Access control: rename the workspace, remove it, and take it back."""

from collections.abc import Callable
from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from workspace.actions.workspaces import remove_workspace, rename_workspace, restore_workspace
from workspace.console.acting import refusals_as_messages, refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.middleware import IdentifiedRequest
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission, may, require
from workspace.console.proof import OPENED_RECENTLY
from workspace.console.second_factor import ask_for_second_factor, has_second_factor
from workspace.events import Actor
from workspace.forms import sent
from workspace.forms.workspaces import RemovalForm, WorkspaceForm
from workspace.models import Administrator, EndUserGroup, Environment, Workspace
from workspace.visits import Visit
from workspace.words import count

# What goes with a workspace: its relations, those of the apps above too, and what one of their rows is called.
_GOES: dict[str, Callable[[int], str]] = {
    "environments": lambda number: count(number, "environment", "environments"),
    "identity_providers": lambda number: count(number, "identity provider", "identity providers"),
    "administrators": lambda number: count(number, "administrator", "administrators"),
}


@console(needs=Permission.RENAME_WORKSPACE)
def rename(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Rename the workspace."""
    workspace, list_url = environment.workspace, page_url("workspace:access-control", environment)
    form = WorkspaceForm(sent(request), initial={"name": workspace.name})
    if form.is_valid():
        with refusals_in_form(form):
            name = form.cleaned_data["name"]
            is_changed = rename_workspace(workspace=workspace, name=name, by=request.actor)
            messages.success(request, _("The workspace was renamed.") if is_changed else _("Nothing was changed."))
            return redirect(list_url)
    return render(request, "workspace/access/rename.html", {"form": form, "list_url": list_url})


@console(needs=Permission.REMOVE_WORKSPACE, recent=OPENED_RECENTLY)
def remove(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Confirm with the effect in numbers and the typed name, then remove the workspace."""
    workspace = environment.workspace
    form = RemovalForm(sent(request), workspace=workspace)
    if form.is_valid():
        remove_workspace(workspace=workspace, by=request.actor, now=timezone.now())
        return redirect("workspace:removed", workspace=workspace.slug)
    end_users = count(workspace.end_users.count(), "end user", "end users")
    context = {
        "form": form,
        "effect": _("%(workspace)s closes at once for %(end_users)s and all administrators.")
        % {"workspace": workspace, "end_users": end_users},
        "notes": [
            _("This removes %(what_goes)s.") % {"what_goes": _what_goes(workspace)},
            _("Sign-in ends in all environments, and identity providers can provision nobody."),
            _("You can take it back within 7 days. After that, everything is deleted for good."),
        ],
        "submit": _("Remove this workspace"),
        "list_url": page_url("workspace:access-control", environment),
    }
    return render(request, "workspace/access/remove_workspace.html", context)


@login_required
def removed(request: IdentifiedRequest, workspace: str) -> HttpResponse:
    """Say that the workspace was removed and until when an owner can take it back; for a POST, take it back."""
    roles = Administrator.objects.select_related("workspace", "user")
    administrator = get_object_or_404(roles, user=cast(HttpRequest, request).user.pk, workspace__slug=workspace)
    found = administrator.workspace
    if found.requires_second_factor and not has_second_factor(request):
        return ask_for_second_factor(request)
    if request.method == "POST":
        require(administrator, Permission.REMOVE_WORKSPACE)
        with refusals_as_messages(request):
            by = Actor.administrator(administrator, Visit.of(request))
            restore_workspace(workspace=found, by=by, now=timezone.now())
            messages.success(request, _("%(found)s is open again, as it was.") % {"found": found})
        return redirect("workspace:workspace", workspace=workspace)
    if not found.removed_at:
        return redirect("workspace:workspace", workspace=workspace)
    context = {
        "workspace_removed": found,
        "may_restore": may(administrator, Permission.REMOVE_WORKSPACE),
        "is_too_late": found.deleted_from <= timezone.now() if found.deleted_from else False,
        "has_others": roles.filter(user=administrator.user).count() > 1,
        "owners": list(found.administrators.owners().values_list("user__email", flat=True)),
    }
    return render(request, "workspace/access/removed.html", context)


def _what_goes(workspace: Workspace) -> str:
    """Return the numbers of what is deleted with the workspace, in words."""
    numbers = [told(getattr(workspace, relation).count()) for relation, told in _GOES.items()]
    groups = EndUserGroup.objects.filter(environment__workspace=workspace, is_everyone=False)
    return _("%(numbers)s and %(count)s") % {
        "numbers": ", ".join(numbers),
        "count": count(groups.count(), "end-user group", "end-user groups"),
    }
