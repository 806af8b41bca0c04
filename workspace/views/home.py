"""The way from the front door to a workspace's first page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from workspace.console.navigation import page_url
from workspace.models import Administrator


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """On to the only workspace; a choice of several; operators without one go to their own site."""
    roles = list(
        Administrator.objects.filter(user=request.user.pk).select_related("workspace").order_by("workspace__name")
    )
    if len(roles) == 1:
        return redirect("workspace:workspace", workspace=roles[0].workspace.slug)
    if not roles and request.user.is_staff:
        return redirect("admin:index")
    return render(request, "workspace/home.html", {"roles": roles})


@login_required
def workspace(request: HttpRequest, workspace: str) -> HttpResponse:
    """On to the first environment, where Workspace admin opens on the end-user groups."""
    role = (
        Administrator.objects.filter(user=request.user.pk, workspace__slug=workspace)
        .select_related("workspace")
        .first()
    )
    if role is None:
        raise Http404
    first = role.workspace.environments.all()[0]
    return redirect(page_url("workspace:groups", first))
