"""The decorator of console views: tenant, permission, proof of identity and refusals."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, overload

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect

from workspace.console.acting import page_before, refused
from workspace.console.kept import sign_in_first
from workspace.console.navigation import current_entry, page_above, page_after_merge, page_url
from workspace.console.permissions import Permission, require
from workspace.console.places import keep_place
from workspace.console.proof import RECENT, ask_for_proof, is_proved
from workspace.console.second_factor import ask_for_second_factor, has_second_factor
from workspace.events import Actor
from workspace.models import Administrator, Environment
from workspace.refusals import ActionError
from workspace.visits import Visit


class ConsoleRequest(HttpRequest):
    """A request in a workspace, as `console` passes it to the view."""

    administrator: Administrator
    environment: Environment
    actor: Actor
    request_id: str


Given = ParamSpec("Given")
View: TypeAlias = Callable[Concatenate[ConsoleRequest, Environment, Given], HttpResponseBase]
# A view as URLs call it.
Page: TypeAlias = Callable[..., HttpResponseBase]


@overload
def console(view: View[Given], /) -> Page: ...


@overload
def console(
    *, needs: Permission = ..., to_post: Permission | None = ..., recent: timedelta | None = ...
) -> Callable[[View[Given]], Page]: ...


def console(
    view: View[Given] | None = None,
    *,
    needs: Permission = Permission.READ,
    to_post: Permission | None = None,
    recent: timedelta | None = None,
) -> Page | Callable[[View[Given]], Page]:
    """Call `view(request, environment, …)` for administrators of the workspace named in the URL.

    Another tenant's workspace is 404, a role without the permission `needs` (for a POST `to_post`) is 403. A removed
    workspace has one page only, which says so. A workspace that requires a second factor opens with one only.
    With `recent`, the session must have proved its password: within 15 minutes to open the page, within `recent` to
    change something (`RECENT` for a button, `OPENED_RECENTLY` for a form). Otherwise the password is asked for again.
    The request carries `administrator`, `environment` and `actor`. A refusal of an action becomes a message.
    """
    if view is None:
        return lambda function: _console(function, needs, to_post or needs, recent)
    return _console(view, needs, to_post or needs, recent)


def _console(view: View[Given], to_read: Permission, to_post: Permission, recent: timedelta | None) -> Page:
    @wraps(view)
    def wrapper(
        request: ConsoleRequest, workspace: str, environment: str, *args: Given.args, **kwargs: Given.kwargs
    ) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return sign_in_first(request) if request.method == "POST" else redirect_to_login(request.get_full_path())
        roles = Administrator.objects.select_related("workspace", "user")
        request.administrator = get_object_or_404(roles, user=request.user.pk, workspace__slug=workspace)
        tenant = request.administrator.workspace
        if tenant.removed_at:
            return redirect("workspace:removed", workspace=tenant.slug)
        if tenant.requires_second_factor and not has_second_factor(request):
            return ask_for_second_factor(request)
        request.environment = get_object_or_404(tenant.environments, slug=environment)
        request.environment.workspace = tenant
        request.actor = Actor.administrator(request.administrator, Visit.of(request))
        require(request.administrator, to_post if request.method == "POST" else to_read)
        if recent and not is_proved(request, RECENT if request.method in ("GET", "HEAD") else recent):
            return ask_for_proof(request)
        try:
            response = view(request, request.environment, *args, **kwargs)
        except Http404:
            if page := page_after_merge(request) or page_above(request, page_before(request)):
                return redirect(page)
            raise
        except ActionError as refusal:
            return refused(request, refusal, page_url(current_entry(request), request.environment))
        keep_place(request, response)
        return response

    return wrapper
