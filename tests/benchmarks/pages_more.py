"""Further pages that are measured among many people: logs, confirmations, files, Django admin and the API."""

from base64 import urlsafe_b64encode
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.urls import reverse
from django.utils import timezone

from tests.benchmarks.pages_seed import Crowded
from workspace.actions.bulk import BULK_CHANGES
from workspace.console.navigation import page_url
from workspace.models import ChangeEvent


def further_pages(there: Crowded) -> dict[str, str]:
    """Return the paths of further pages of the console by name."""
    middle = there.people[len(there.people) // 2]

    def url(route: str, query: str = "", **kwargs: Any) -> str:
        return page_url(route, there.environment, **kwargs) + query

    provider: dict[str, Any] = {"provider": there.provider}
    confirmed = {f"bulk {name}": f"?do={name}&all=1&to={there.team.pk}&access=any" for name in BULK_CHANGES}
    return {
        **{f"audit log{name}": url("workspace:audit-log", query) for name, query in _audit(there).items()},
        "audit log event": url("workspace:audit-log-event", event=_middle_event(there)),
        "audit log CSV": url("workspace:audit-log-csv"),
        "audit log JSON": url("workspace:audit-log-json-lines"),
        "end-users CSV": url("workspace:end-users-csv"),
        "end-users CSV of few": url("workspace:end-users-csv", "?q=ada+winter"),
        "bulk group": url("workspace:end-users-selected", "?do=add-to-group&all=1"),
        **{name: url("workspace:end-users-selected", query) for name, query in confirmed.items()},
        "environments": url("workspace:environments"),
        "environment edit": url("workspace:environment-edit", other=there.environment.pk),
        "environment remove": url("workspace:environment-remove", other=there.environment.pk),
        "get started": url("workspace:get-started"),
        "go to": url("workspace:go-to", "?q=ada+winter"),
        "access control": url("workspace:access-control"),
        "API tokens": url("workspace:api-tokens"),
        "login experience": url("workspace:login-experience"),
        "import": url("workspace:end-user-import"),
        "group history": url("workspace:group-history", group=there.half.pk),
        "group edit": url("workspace:group-edit", group=there.half.pk),
        "group create": url("workspace:group-create"),
        "end-user merge": url("workspace:end-user-merge", end_user=middle),
        "end-user merge with": url("workspace:end-user-merge-with", end_user=middle, other=there.people[-1]),
        "end-user erase": url("workspace:end-user-erase", end_user=there.people[0]),
        "provider edit": url("authentication:provider-edit", **provider),
        "provider settings": url("authentication:provider-settings", **provider),
        "provider use": url("authentication:provider-use", **provider),
        "provider remove": url("authentication:provider-remove", **provider),
        "SSO bypasses": url("authentication:sso-bypasses"),
        "SSO bypass choose": url("authentication:sso-bypass-choose"),
    }  # fmt: skip


def _audit(there: Crowded) -> dict[str, str]:
    person, day = there.people[len(there.people) // 2], timezone.now().date() - timedelta(days=1)
    place, connection = there.environment, ChangeEvent.objects.filter(actor_kind="connection").first()
    assert connection
    return {
        "": "",
        " far": f"?before={_middle_event(there)}",
        " of a person": f"?person={person}",
        " of a name": "?person=ada+winter",
        " of an address": "?person=bo.winter.1%40example.com",
        " by a connection": f"?actor={connection.actor_id}",
        " of an action": "?action=end_user.updated",
        " of an action none does": "?action=workspace.renamed",
        " of days": f"?since={day}&until={day + timedelta(days=1)}",
        " of the environment": f"?environment={place.pk}",
        " of the workspace": "?environment=none",
        " of several": f"?environment=none&action=end_user.updated&actor={connection.actor_id}",
    }


def _middle_event(there: Crowded) -> UUID:
    events = ChangeEvent.objects.of(there.environment.workspace).order_by("pk").values_list("pk", flat=True)
    return events[len(there.people) // 2]


def operator_pages(there: Crowded) -> dict[str, str]:
    """Return the paths of all lists of Django admin, and of searches in the long ones."""
    found = {"operator": reverse("admin:index")}
    for model in admin.site._registry:
        name = f"{model._meta.app_label}_{model._meta.model_name}"
        found[f"operator {model.__name__}"] = path = reverse(f"admin:{name}_changelist")
        if model._default_manager.count() > len(there.people) // 2:
            found[f"operator {model.__name__} far"] = f"{path}?p=500"
            found[f"operator {model.__name__} search"] = f"{path}?q=ada.winter"
            found[f"operator {model.__name__} search id"] = f"{path}?q={there.people[7]}"
    person = apps.get_model("workspace", "EndUser")
    found["operator end user"] = reverse(
        f"admin:{person._meta.label_lower.replace('.', '_')}_change", args=[there.people[7]]
    )
    return found


def api_lists(there: Crowded) -> dict[str, str]:
    """Return the paths of lists of the management API, at their beginning and in the middle."""
    middle = there.people[len(there.people) // 2]
    cursor, place, group = urlsafe_b64encode(middle.bytes).rstrip(b"=").decode(), there.environment.pk, there.half.pk
    paths = {
        "end users": "end-users?limit=100",
        "end users far": f"end-users?limit=100&cursor={cursor}",
        "end users of an environment": f"end-users?limit=100&environment={place}&cursor={cursor}",
        "end users of a group": f"end-users?limit=100&group={group}&cursor={cursor}",
        "end users deactivated": f"end-users?limit=100&status=deactivated&cursor={cursor}",
        "end users search": "end-users?limit=100&query=ada+winter",
        "end users search none": "end-users?limit=100&query=nobody-has-this",
        "end users of a provider none has": "end-users?limit=100&provider=nobody",
        "groups": f"groups?limit=100&environment={place}",
        "members": f"groups/{group}/members?limit=100&cursor={cursor}",
        "audit events": "audit-events?limit=100",
        "audit events far": f"audit-events?limit=100&cursor={cursor}",
        "audit events of a person": f"audit-events?limit=100&subject={middle}",
        "audit events of an action none does": "audit-events?limit=100&action=workspace.renamed",
        "sign-in attempts": f"sign-in-attempts?limit=100&environment={place}",
        "sign-in attempts refused": f"sign-in-attempts?limit=100&environment={place}&outcome=refused&cursor={cursor}",
        "sessions": f"end-users/{middle}/sessions",
        "administrators": "administrators",
        "providers": "providers",
    }
    return {f"API {name}": f"/api/v1/{path}" for name, path in paths.items()}
