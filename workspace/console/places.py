"""Where an administrator was last in a workspace. Their browser keeps it, so that no view writes to the database."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from workspace.console.navigation import SIDEBAR, current_entry, page_url
from workspace.models import Administrator

if TYPE_CHECKING:
    from workspace.console.decorators import ConsoleRequest

GET_STARTED, HOME = "workspace:get-started", "workspace:groups"
# Pages that every administrator may open in every environment. Of any other page, the list above it is kept.
PLACES = {route for _, entries in SIDEBAR for _, route, _ in entries} | {
    GET_STARTED,
    "authentication:environment",
    "provisioning:requests",
    "workspace:environments",
}
_COOKIE = "place"
_SECONDS = 365 * 24 * 60 * 60
# It leads to other pages, and stands under none of the sidebar.
_NO_PLACE = "workspace:go-to"


def keep_place(request: "ConsoleRequest", response: HttpResponseBase) -> None:
    """Let the browser keep the environment and the page that it shows now."""
    name = request.resolver_match.view_name if request.resolver_match else _NO_PLACE
    is_page = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if request.method != "GET" or response.status_code != 200 or name == _NO_PLACE or not is_page:
        return
    place = f"{request.environment.slug} {name if name in PLACES else current_entry(request)}"
    if place == _kept(request, request.administrator):
        return
    response.set_signed_cookie(
        _COOKIE,
        place,
        salt=_salt(request.administrator),
        max_age=_SECONDS,
        path=f"/workspaces/{request.administrator.workspace.slug}/",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def last_page(request: HttpRequest, administrator: Administrator) -> str:
    """Return the URL with which the workspace opens: where the administrator was last, at first Get started.

    What no longer exists is left out: another environment is the first one, a closed Get started the groups.
    """
    slug, _, route = _kept(request, administrator).partition(" ")
    if route not in PLACES:
        route = GET_STARTED
    if route == GET_STARTED and administrator.has_closed_get_started:
        route = HOME
    environments = list(administrator.workspace.environments.all())
    environment = next((each for each in environments if each.slug == slug), environments[0])
    environment.workspace = administrator.workspace
    return page_url(route, environment)


def _kept(request: HttpRequest, administrator: Administrator) -> str:
    return str(request.get_signed_cookie(_COOKIE, default="", salt=_salt(administrator)) or "")


def _salt(administrator: Administrator) -> str:
    """Return what binds the cookie to the workspace and to the account: several may use one browser."""
    return f"{_COOKIE}:{administrator.pk}"
