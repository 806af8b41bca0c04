"""The way from the start page to the first page of a workspace."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from workspace.console.places import last_page
from workspace.models import Administrator


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Redirect to the only workspace, or show a choice. Operators without a workspace go to their own site."""
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
    """Redirect to the page where the administrator was last."""
    role = (
        Administrator.objects.filter(user=request.user.pk, workspace__slug=workspace)
        .select_related("workspace")
        .first()
    )
    if role is None:
        raise Http404
    if role.workspace.removed_at:
        return redirect("workspace:removed", workspace=workspace)
    return redirect(last_page(request, role))
