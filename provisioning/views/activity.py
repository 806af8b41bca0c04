"""Provisioning activity: what identity providers changed, and the requests by which they did."""

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import unquote_plus
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from provisioning.forms import ChangeFilter, RequestFilter
from provisioning.models import ScimRequest
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.presenters import present
from workspace.db.paging import PAGE, newest
from workspace.models import ChangeEvent, Environment

_LOST = "Nothing is lost: once the cause is mended, let the provider send it again."
# What an administrator can do about an answer: by status and scimType, else by status.
_REMEDIES = {
    "401": "The provider sent no live SCIM token of this connection. Copy a token and the Base URL from the same page, "
    "End user and group provisioning, into the provider, and test the connection there.",
    "403": "SCIM is switched off for this provider. Save the provisioning method SCIM, then let it try again.",
    "404": "The provider asked for something that is not here: it was deleted, or it belongs to another Base URL. "
    "Most providers then create it anew; otherwise unassign and assign it again there.",
    "405": "The provider used a method that this address does not have. Check that the Base URL was pasted whole.",
    "409": f"Somebody or something here has this name, address or id already. Rename one of the two. {_LOST}",
    "412": "Something else changed it in between. The provider reads it again and repeats the change by itself.",
    "413": "The request is too large. Let the provider send fewer members or operations at once.",
    "415": "The body is no JSON. Choose SCIM 2.0 with JSON at the provider.",
    "429": "The provider sent too much at once. It waits and goes on by itself.",
    "501": "This server does not offer what was asked. Most providers go on without it.",
    "503": "The database was busy. The provider repeats the request by itself.",
    "400": f"The request could not be understood. Its response says why. {_LOST}",
    "400 invalidFilter": "The provider looked somebody up in a way that is not understood here. "
    "Let it match people by userName, externalId or email.",
    "400 invalidPath": "The provider changed an attribute that does not exist here. "
    "Remove it from the attribute mapping there.",
    "400 invalidSyntax": "The body is not what SCIM 2.0 asks for. Choose SCIM 2.0, not 1.1, at the provider.",
    "400 invalidValue": "A value is missing or not accepted; the response names it. "
    f"Correct the attribute mapping at the provider. {_LOST}",
    "400 mutability": "The provider tried to change what only this server sets. "
    "Remove it from the attribute mapping there.",
    "400 noTarget": "The provider changed a value that is not here. Let it send the person or group as a whole once.",
    "400 tooMany": "The look-up finds too many. Let the provider ask more precisely, or in pages.",
}
_UNEXPECTED = "Something went wrong here. The provider tries again; if this stays, give the operator the request id."


@console
@require_safe
def changes(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """What connections changed in the environment, newest first."""
    form = ChangeFilter(request.GET, environment=environment)
    events, older = newest(form.events(), request.GET.get("before", ""))
    context = _context(request, form, older) | {"rows": _change_rows(events, environment)}
    return render(request, "provisioning/activity/changes.html", context)


@console
@require_safe
def requests(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """What was asked of the environment's connections, newest first."""
    form = RequestFilter(request.GET, environment=environment)
    exchanges, older = newest(form.requests().defer("request_body", "response_body"), request.GET.get("before", ""))
    context = _context(request, form, older) | {"rows": [_request_row(each, environment) for each in exchanges]}
    return render(request, "provisioning/activity/requests.html", context)


@console
@require_safe
def exchange(request: ConsoleRequest, environment: Environment, exchange: UUID) -> HttpResponse:
    """One request and our answer, what was tolerated, what to do about an error, and what came of it."""
    found = get_object_or_404(ScimRequest.objects.in_environment(environment), pk=exchange)
    events = ChangeEvent.objects.in_environment(environment).filter(request_id=found.request_id)
    context = {
        "exchange": _shown(found),
        "found": found,
        "title": f"{found.method} {_kind_of_path(found)}",
        "rows": _change_rows(events[:PAGE], environment),
        "facts": _facts(found),
        "requests_url": page_url("provisioning:requests", environment),
    }
    return render(request, "provisioning/activity/request.html", context)


def short_path(exchange: ScimRequest) -> str:
    """The path behind the Base URL: all that tells one request of a connection from another."""
    _, separator, path = exchange.path.partition("/v2")
    return (path or "/") if separator else exchange.path


def readable_query(exchange: ScimRequest) -> str:
    """The query as it was meant, with its question mark."""
    return f"?{unquote_plus(exchange.query)}" if exchange.query else ""


def _kind_of_path(exchange: ScimRequest) -> str:
    """The path without the id that makes it long: "/Users/…"."""
    kind, separator, _ = short_path(exchange).strip("/").partition("/")
    return f"/{kind}/…" if separator else f"/{kind}"


def remedy(status: int, response_body: str) -> str:
    """What an administrator can do about an answer that is an error."""
    if status < 400:
        return ""
    return _REMEDIES.get(f"{status} {_scim_type(response_body)}") or _REMEDIES.get(str(status), _UNEXPECTED)


def _scim_type(response_body: str) -> str:
    try:
        answer = json.loads(response_body)
    except ValueError:
        return ""
    return str(answer.get("scimType", "")) if isinstance(answer, dict) else ""


def _request_row(exchange: ScimRequest, environment: Environment) -> dict[str, Any]:
    """A request as the list shows it: what was wrong with it, else what was tolerated."""
    return {
        "exchange": exchange,
        "path": short_path(exchange) + readable_query(exchange),
        "notes": exchange.error or "; ".join(exchange.notes),
        "url": _request_url(environment, exchange.pk),
    }


def _shown(found: ScimRequest) -> dict[str, Any]:
    """The exchange for the inspector: for an error its own words, then what to do about it."""
    return {
        "method": found.method,
        "path": found.path + readable_query(found),
        "status": found.status,
        "at": found.at,
        "duration_ms": round(found.duration_ms, 1),
        "request_body": found.request_body,
        "response_body": found.response_body,
        "remedy": f"{found.error} {remedy(found.status, found.response_body)}".strip(),
    }


def _facts(found: ScimRequest) -> list[dict[str, Any]]:
    return [
        {"label": "Provider", "value": found.connection_name},
        {"label": "Time", "value": f"{found.at:%-d %B %Y, %H:%M:%S} UTC"},
        {"label": "From address", "value": found.address},
        {"label": "Request id", "value": found.request_id, "mono": True},
    ]


def _context(request: ConsoleRequest, form: ChangeFilter | RequestFilter, older: str) -> dict[str, Any]:
    return {
        "form": form,
        "older": older,
        "is_filtered": bool(form.asked()) or "before" in request.GET,
        "is_first_page": "before" not in request.GET,
        "tabs": _tabs(request),
        "authentication_url": page_url("authentication:environment", request.environment),
    }


def _tabs(request: ConsoleRequest) -> list[dict[str, Any]]:
    entries = {"Changes": "provisioning:activity", "Requests": "provisioning:requests"}
    current = request.resolver_match.view_name if request.resolver_match else ""
    return [
        {"label": label, "url": page_url(route, request.environment), "current": route == current}
        for label, route in entries.items()
    ]


def _request_url(environment: Environment, pk: UUID) -> str:
    return page_url("provisioning:request", environment, exchange=pk)


def _change_rows(events: Iterable[ChangeEvent], environment: Environment) -> list[dict[str, Any]]:
    """Return changes as the timeline shows them, each with the page of the request that caused it."""
    changes = present(events, environment)
    requests = _requests_of([each.event for each in changes], environment)
    return [
        {
            "sentence": each.sentence,
            "at": each.at,
            "look": {"icon": each.icon, "tone": each.tone},
            "request_url": requests.get(each.event.request_id, ""),
        }
        for each in changes
    ]


def _requests_of(events: list[ChangeEvent], environment: Environment) -> dict[str, str]:
    """Return request ids with the pages of their requests, as far as the log still has them."""
    ids = {event.request_id for event in events if event.request_id}
    found = ScimRequest.objects.in_environment(environment).filter(request_id__in=ids)
    return {request_id: _request_url(environment, pk) for request_id, pk in found.values_list("request_id", "pk")}
