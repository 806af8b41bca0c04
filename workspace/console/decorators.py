"""How a console view gets its workspace and environment, and who may open it."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from workspace.console.acting import refused
from workspace.console.navigation import current_entry, page_url
from workspace.console.permissions import Permission, may
from workspace.console.proof import RECENT, ask_for_proof, is_proved
from workspace.events import Actor
from workspace.models import Administrator, Environment
from workspace.refusals import ActionError


class ConsoleRequest(HttpRequest):
    """A request inside a workspace, as `console` hands it to the view."""

    administrator: Administrator
    environment: Environment
    actor: Actor
    request_id: str


def console(
    view: Callable[..., HttpResponse] | None = None,
    *,
    needs: Permission = Permission.READ,
    to_post: Permission | None = None,
    recent: timedelta | None = None,
) -> Any:
    """Call `view(request, environment, …)` for administrators of the workspace named in the URL.

    Somebody else's workspace is 404, a role without the permission 403. `to_post` is what a change needs.
    `recent`: the password must have been given to this session within 15 minutes to open the page, and within that
    time to change something (`RECENT` for a button, `OPENED_RECENTLY` for a form); otherwise it is asked for again.
    The request carries `administrator`, `environment` and `actor`. A refusal of an action becomes a message.
    """
    if view is None:
        return lambda function: console(function, needs=needs, to_post=to_post, recent=recent)

    @login_required
    @wraps(view)
    def wrapper(request: ConsoleRequest, workspace: str, environment: str, **kwargs: Any) -> HttpResponse:
        request.administrator = _administrator(request, workspace)
        request.environment = _environment(request.administrator, environment)
        request.actor = Actor.administrator(request.administrator, request.request_id)
        _check(request.administrator, to_post if to_post and request.method == "POST" else needs)
        if recent and not is_proved(request, RECENT if request.method in ("GET", "HEAD") else recent):
            return ask_for_proof(request)
        try:
            return view(request, request.environment, **kwargs)
        except ActionError as refusal:
            return refused(request, refusal, page_url(current_entry(request), request.environment))

    return wrapper


def _check(administrator: Administrator, permission: Permission) -> None:
    if not may(administrator, permission):
        role, workspace = administrator.get_role_display(), administrator.workspace
        raise PermissionDenied(f"Your role {role} may not {permission}. Ask an owner of {workspace}.")


def _administrator(request: HttpRequest, workspace: str) -> Administrator:
    roles = Administrator.objects.select_related("workspace", "user")
    try:
        return roles.get(user=request.user.pk, workspace__slug=workspace)
    except Administrator.DoesNotExist:
        raise Http404 from None


def _environment(administrator: Administrator, slug: str) -> Environment:
    for environment in administrator.workspace.environments.all():
        if environment.slug == slug:
            environment.workspace = administrator.workspace
            return environment
    raise Http404
