"""The frame of the console: environment switch, workspaces, sidebar and tabs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.console.permissions import Permission, may
from workspace.models import Administrator, EndUser, Environment, MergedEndUser
from workspace.words import Text

if TYPE_CHECKING:
    from workspace.console.decorators import ConsoleRequest

# A tab, a choice or an entry, as templates read it.
Item: TypeAlias = dict[str, object]

# Sections of (label, route, icon). Pages of the apps above are named by route.
SIDEBAR: list[tuple[Text, list[tuple[Text, str, str]]]] = [
    (
        gettext_lazy("Workspace admin"),
        [
            (gettext_lazy("Access control"), "workspace:access-control", "lock"),
            (gettext_lazy("End users"), "workspace:end-users", "users"),
            (gettext_lazy("Authentication & Groups"), "workspace:groups", "shield"),
            (gettext_lazy("Login experience"), "workspace:login-experience", "palette"),
            (gettext_lazy("API tokens"), "workspace:api-tokens", "code"),
        ],
    ),
    (
        gettext_lazy("Monitoring"),
        [
            (gettext_lazy("Provisioning activity"), "provisioning:activity", "activity"),
            (gettext_lazy("Sign-in attempts"), "authentication:attempts", "key"),
            (gettext_lazy("Audit log"), "workspace:audit-log", "list"),
        ],
    ),
]
# Above the others, until the administrator closes it.
GET_STARTED = (gettext_lazy("Get started"), "workspace:get-started", "check")
# What the query of a list says of one environment only: its place in the list, and things and access there.
_OF_THIS_ENVIRONMENT = ("page", "before", "access", "group", "provider")
# The sidebar entry of each route, by the longest prefix of the route's name.
_UNDER = {
    "authentication:": "workspace:groups",
    "authentication:end-user": "workspace:end-users",
    "authentication:attempts": "authentication:attempts",
    "authentication:sso-bypass": "workspace:access-control",
    "provisioning:overview": "workspace:groups",
    "provisioning:setup": "workspace:groups",
    "provisioning:method": "workspace:groups",
    "provisioning:save": "workspace:groups",
    "provisioning:mapping": "workspace:groups",
    "provisioning:end-user": "workspace:end-users",
    "provisioning:request": "provisioning:activity",
    "provisioning:": "provisioning:activity",
    "workspace:administrator": "workspace:access-control",
    "workspace:access-control": "workspace:access-control",
    "workspace:api-token": "workspace:api-tokens",
    "workspace:audit-log": "workspace:audit-log",
    "workspace:environment": "workspace:environments",
    "workspace:get-started": "workspace:get-started",
    "workspace:go-to": "workspace:go-to",
    "workspace:group": "workspace:groups",
    "workspace:login-experience": "workspace:login-experience",
    "workspace:end-user": "workspace:end-users",
}


def navigation(request: "ConsoleRequest") -> dict[str, object]:
    """Return the context of the frame on console pages; empty on other pages."""
    environment: Environment | None = getattr(request, "environment", None)
    if environment is None:
        return {}
    administrator: Administrator = request.administrator
    return {
        "administrator": administrator,
        "workspace": environment.workspace,
        "environment": environment,
        "environment_choices": _environments(request, environment),
        "environments_url": page_url("workspace:environments", environment),
        "workspace_choices": _workspaces(administrator),
        "sidebar": _sidebar(request, environment),
        "may": {permission.name.lower(): may(administrator, permission) for permission in Permission},
    }


def authentication_and_groups_tabs(request: "ConsoleRequest") -> list[Item]:
    """Return the tabs of Authentication & Groups, whose pages belong to two apps."""
    entries = [(_("End-user groups"), "workspace:groups"), (_("Authentication"), "authentication:environment")]
    return tabs(request, entries)


def end_user_tabs(request: "ConsoleRequest", end_user: EndUser) -> list[Item]:
    """Return the tabs of an end user, one an app."""
    entries = [
        (_("Overview"), "workspace:end-user"),
        (_("Sign-in"), "authentication:end-user"),
        (_("Provisioning"), "provisioning:end-user"),
    ]
    return tabs(request, entries, end_user=end_user.pk)


def page_url(route: str, environment: Environment, **kwargs: object) -> str:
    """Return the URL of a console page in an environment."""
    return reverse(route, kwargs={"workspace": environment.workspace.slug, "environment": environment.slug, **kwargs})


def page_after_merge(request: "ConsoleRequest") -> str:
    """Return the URL of the same page of the person into whom the one of this URL was merged; empty if there is none.

    A page that takes a POST only has no such page: whatever was pressed was meant for somebody else.
    """
    match = request.resolver_match
    merged = MergedEndUser.objects.filter(end_user__workspace=request.environment.workspace_id)
    pk = match.kwargs.get("end_user") if match and request.method in ("GET", "HEAD") else None
    found = merged.filter(pk=pk).first() if pk else None
    return reverse(match.view_name, kwargs=match.kwargs | {"end_user": found.end_user_id}) if match and found else ""


def tabs(request: "ConsoleRequest", entries: Sequence[tuple[Text, str]], **kwargs: object) -> list[Item]:
    """Return tabs for pages about the same thing. Entries are (label, route)."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    current = max((route for _, route in entries if name.startswith(route)), key=len, default="")
    return [
        {"label": label, "url": page_url(route, request.environment, **kwargs), "current": route == current}
        for label, route in entries
    ]


def _environments(request: "ConsoleRequest", current: Environment) -> list[Item]:
    return [
        {
            "name": environment.name,
            "url": _same_page(request, environment),
            "current": environment == current,
            "colour": environment.colour,
            "tone": "warning" if environment.kind == Environment.Kind.PROD else "neutral",
        }
        for environment in current.workspace.environments.all()
    ]


def _same_page(request: "ConsoleRequest", environment: Environment) -> str:
    """Return the URL of the same page in another environment, with its filters.

    What the page is about may not exist there: then `page_above` leads to the list.
    """
    environment.workspace = request.administrator.workspace
    match = request.resolver_match
    if match is None:
        return page_url(current_entry(request), environment)
    query = request.GET.copy()
    for name in _OF_THIS_ENVIRONMENT:
        query.pop(name, None)
    url = reverse(match.view_name, kwargs=match.kwargs | {"environment": environment.slug})
    return f"{url}?{query.urlencode()}" if query else url


def page_above(request: "ConsoleRequest", before: str) -> str:
    """Return the list above a page that this environment does not have, if the switch led here from `before`.

    Empty otherwise: an id that is nowhere stays a 404.
    """
    try:
        match, other = request.resolver_match, resolve(urlsplit(before).path)
    except Resolver404:
        return ""
    if (
        match is None
        or other.view_name != match.view_name
        or other.kwargs["environment"] == match.kwargs["environment"]
    ):
        return ""
    if other.kwargs | {"environment": match.kwargs["environment"]} != match.kwargs:
        return ""
    return _list_above(request.path) or page_url(current_entry(request), request.environment)


def _list_above(path: str) -> str:
    """Return the nearest page above a path that is about nothing in particular; empty if there is none."""
    while path := path.rstrip("/").rpartition("/")[0]:
        try:
            if set(resolve(f"{path}/").kwargs) == {"workspace", "environment"}:
                return f"{path}/"
        except Resolver404:
            continue
    return ""


def _workspaces(administrator: Administrator) -> list[Item]:
    roles = Administrator.objects.filter(user=administrator.user).select_related("workspace")
    return [
        {
            "name": role.workspace.name,
            "url": reverse("workspace:workspace", kwargs={"workspace": role.workspace.slug}),
            "current": role.workspace == administrator.workspace,
        }
        for role in roles.order_by("workspace__name")
    ]


def _sidebar(request: "ConsoleRequest", environment: Environment) -> list[Item]:
    current = current_entry(request)
    first = [] if request.administrator.has_closed_get_started else [("", [GET_STARTED])]
    return [
        {
            "label": label,
            "items": [
                {"label": text, "url": page_url(route, environment), "current": route == current, "icon": icon}
                for text, route, icon in entries
            ],
        }
        for label, entries in first + SIDEBAR
    ]


def current_entry(request: "ConsoleRequest") -> str:
    """Return the route of the sidebar entry to which the page belongs."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    prefixes = [prefix for prefix in _UNDER if name.startswith(prefix)]
    return _UNDER[max(prefixes, key=len)] if prefixes else "workspace:groups"
