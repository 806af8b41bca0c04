"""Django admin for operators, at /operator/."""

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from workspace.console.second_factor import ask_for_second_factor, has_second_factor
from workspace.console.sessions import end_sooner


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
