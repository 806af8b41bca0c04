"""Django admin for operators, at /operator/."""

from enum import StrEnum
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from workspace.console.second_factor import ask_for_second_factor, has_second_factor
from workspace.console.sessions import end_sooner
from workspace.health import checked


class Section(StrEnum):
    """The groups of tables on the operators' pages, in their order."""

    WORKSPACES = "Workspaces"
    PEOPLE = "People"
    SIGN_IN = "Sign-in"
    PROVISIONING = "Provisioning"
    RECORDS = "Records"
    INSTALLATION = "Installation"


class OperatorSite(AdminSite):
    """The operators' pages. Operators sign in on the console's sign-in page."""

    site_header = site_title = "Operator"
    index_title = "Installation"
    site_url = "/"

    def has_permission(self, request: HttpRequest) -> bool:
        """Say whether an operator is signed in, with both factors unless this is an installation of a developer."""
        if not super().has_permission(request) or not (settings.DEBUG or has_second_factor(request)):
            return False
        end_sooner(request)
        return True

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        target = request.GET.get("next", reverse("admin:index"))
        if super().has_permission(request):
            return ask_for_second_factor(request, target)
        return redirect_to_login(target, reverse("workspace:sign-in"))

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables by section instead of by app."""
        entries = {each["model"]: each for app in super().get_app_list(request) for each in app["models"]}
        sections: dict[str, list[Any]] = {section: [] for section in Section}
        for model, registered in sorted(
            self._registry.items(), key=lambda item: not getattr(item[1], "is_first", False)
        ):
            if model in entries:
                sections[getattr(registered, "section", Section.INSTALLATION)].append(entries[model])
        url = reverse("admin:index")
        return [
            {"name": name, "app_label": name.lower(), "app_url": url, "has_module_perms": True, "models": models}
            for name, models in sections.items()
            if models
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what the frame of every page shows: the tables as the sidebar, and the menu of the account."""
        context = super().each_context(request)
        sidebar = [
            {
                "label": section["name"],
                "items": [
                    {
                        "label": capfirst(table["name"]),
                        "url": table["admin_url"],
                        "current": request.path.startswith(table["admin_url"]),
                    }
                    for table in section["models"]
                ],
            }
            for section in context["available_apps"]
        ]
        return context | {"sidebar": sidebar, "is_personal": True}

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Show the health of the installation, then the tables."""
        return super().index(request, {"health": checked(timezone.now()), **(extra_context or {})})

    def app_index(self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead to the first page, which has the tables of all apps."""
        return redirect("admin:index")
