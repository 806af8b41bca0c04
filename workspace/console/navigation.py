"""What the console's frame shows: environment switch, workspaces, sidebar."""

from typing import TYPE_CHECKING, Any

from django.urls import reverse

from workspace.console.permissions import Permission, may
from workspace.models import Administrator, EndUser, Environment

if TYPE_CHECKING:
    from workspace.console.decorators import ConsoleRequest

# Pages of the apps above are named by route only; a route's namespace and first words tell what is current.
SIDEBAR = [
    (
        "Workspace admin",
        [
            ("Authentication & Groups", "workspace:groups", "shield"),
            ("End users", "workspace:end-users", "users"),
        ],
    ),
    (
        "Monitoring",
        [
            ("Sign-in attempts", "authentication:attempts", "key"),
            ("Provisioning activity", "provisioning:activity", "activity"),
        ],
    ),
]
# Routes that stand under another sidebar entry than the one they are named like.
_UNDER = {
    "authentication:": "workspace:groups",
    "authentication:end-user": "workspace:end-users",
    "authentication:attempts": "authentication:attempts",
    "provisioning:setup": "workspace:groups",
    "provisioning:method": "workspace:groups",
    "provisioning:save": "workspace:groups",
    "provisioning:mapping": "workspace:groups",
    "provisioning:end-user": "workspace:end-users",
    "provisioning:request": "provisioning:activity",
    "provisioning:": "provisioning:activity",
    "workspace:group": "workspace:groups",
    "workspace:end-user": "workspace:end-users",
}


def navigation(request: "ConsoleRequest") -> dict[str, Any]:
    """The frame's context on console pages, nothing elsewhere."""
    environment: Environment | None = getattr(request, "environment", None)
    if environment is None:
        return {}
    administrator: Administrator = request.administrator
    return {
        "administrator": administrator,
        "workspace": environment.workspace,
        "environment": environment,
        "environment_choices": _environments(request, environment),
        "workspace_choices": _workspaces(administrator),
        "sidebar": _sidebar(request, environment),
        "may": {permission.name.lower(): may(administrator, permission) for permission in Permission},
    }


def authentication_and_groups_tabs(request: "ConsoleRequest") -> list[dict[str, Any]]:
    """The two tabs of Authentication & Groups; their pages belong to two apps."""
    return tabs(request, [("End-user groups", "workspace:groups"), ("Authentication", "authentication:environment")])


def end_user_tabs(request: "ConsoleRequest", end_user: EndUser) -> list[dict[str, Any]]:
    """The tabs of one end user: what each app knows of the person."""
    entries = [
        ("Overview", "workspace:end-user"),
        ("Sign-in", "authentication:end-user"),
        ("Provisioning", "provisioning:end-user"),
    ]
    return tabs(request, entries, end_user=end_user.pk)


def page_url(route: str, environment: Environment, **kwargs: Any) -> str:
    """The URL of a console page in an environment."""
    return reverse(route, kwargs={"workspace": environment.workspace.slug, "environment": environment.slug, **kwargs})


def tabs(request: "ConsoleRequest", entries: list[tuple[str, str]], **kwargs: Any) -> list[dict[str, Any]]:
    """Tabs of label and route, for pages about the same thing."""
    current = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"label": label, "url": page_url(route, request.environment, **kwargs), "current": current.startswith(route)}
        for label, route in entries
    ]


def _environments(request: "ConsoleRequest", current: Environment) -> list[dict[str, Any]]:
    return [
        {
            "name": environment.name,
            "url": _same_page(request, environment),
            "current": environment == current,
            "tone": "warning" if environment.kind == Environment.Kind.PROD else "neutral",
        }
        for environment in current.workspace.environments.all()
    ]


def _same_page(request: "ConsoleRequest", environment: Environment) -> str:
    """The same page of another environment; from a page about one thing, the list it belongs to."""
    environment.workspace = request.administrator.workspace
    match = request.resolver_match
    if match is None or set(match.kwargs) != {"workspace", "environment"}:
        return page_url(current_entry(request), environment)
    return page_url(match.view_name, environment)


def _workspaces(administrator: Administrator) -> list[dict[str, Any]]:
    roles = Administrator.objects.filter(user=administrator.user).select_related("workspace")
    return [
        {
            "name": role.workspace.name,
            "url": reverse("workspace:workspace", kwargs={"workspace": role.workspace.slug}),
            "current": role.workspace == administrator.workspace,
        }
        for role in roles.order_by("workspace__name")
    ]


def _sidebar(request: "ConsoleRequest", environment: Environment) -> list[dict[str, Any]]:
    current = current_entry(request)
    return [
        {
            "label": label,
            "items": [
                {"label": text, "url": page_url(route, environment), "current": route == current, "icon": icon}
                for text, route, icon in entries
            ],
        }
        for label, entries in SIDEBAR
    ]


def current_entry(request: "ConsoleRequest") -> str:
    """The sidebar entry that the page stands under: the longest route prefix wins."""
    name = request.resolver_match.view_name if request.resolver_match else ""
    prefixes = [prefix for prefix in _UNDER if name.startswith(prefix)]
    return _UNDER[max(prefixes, key=len)] if prefixes else "workspace:groups"
