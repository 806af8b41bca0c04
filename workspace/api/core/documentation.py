"""The OpenAPI schema, and the page that shows it."""

import json
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from workspace.api.core.schema import document


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Return the schema. It says nothing of any workspace, so it needs no token."""
    return HttpResponse(_text(), content_type="application/json")


@cache
def _text() -> str:
    return json.dumps(document())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the schema to people."""
    return HttpResponse("")
