"""The OpenAPI schema, and the page that shows it."""

import json
from functools import cache
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from workspace.api.core.reading import Section, marked, sections


@cache
def document() -> dict[str, Any]:
    """Return the schema, in English. It stays the same while the process runs."""
    # Here and not at the top: a worker loads drf-spectacular only if somebody reads the documentation.
    from drf_spectacular.generators import SchemaGenerator

    with translation.override(settings.LANGUAGE_CODE):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """Return the schema. It says nothing of any workspace, so it needs no token."""
    return HttpResponse(_text(), content_type="application/json")


@cache
def _text() -> str:
    return json.dumps(document())


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the schema to people: an overview, or the operation that is asked for. It is in English, like the API."""
    if asked := request.GET.get("operation"):
        return _operation(request, asked)
    described = document()
    context = {
        "about": marked(described["info"]["description"]),
        "sections": _sections(),
        "first": f'curl {settings.ORIGIN}/api/v1/workspace -H "Authorization: Bearer $TOKEN"',
        "schema_url": reverse("api:schema"),
    }
    return render(request, "workspace/api/docs.html", context)


def _operation(request: HttpRequest, asked: str) -> HttpResponse:
    operation = next((each for section in _sections() for each in section.operations if each.id == asked), None)
    if operation is None:
        raise Http404
    call = marked(f"`{operation.method} {operation.path}`")
    context = {"operation": operation, "call": call, "docs_url": reverse("api:docs")}
    return render(request, "workspace/api/operation.html", context)


@cache
def _sections() -> list[Section]:
    return sections(document())
