"""Who may call the baseline."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from django.http import HttpRequest, HttpResponse

TOKEN = "baseline"


def bearer(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Lets the one token in: django-scim2 wants a user, and a look-up of a token would only make it slower."""

    def handle(request: Any) -> HttpResponse:
        request.user = SimpleNamespace(is_authenticated=request.headers.get("Authorization") == f"Bearer {TOKEN}")
        return get_response(request)

    return handle
