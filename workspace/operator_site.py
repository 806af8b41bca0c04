"""Django admin for operators, at /operator/."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse


class OperatorSite(AdminSite):
    """The operators' pages. Operators sign in on the console's sign-in page."""

    site_header = site_title = "Operator"
    index_title = "Installation"
    site_url = "/"

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        return redirect_to_login(request.GET.get("next", reverse("admin:index")), reverse("workspace:sign-in"))
