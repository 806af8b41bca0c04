"""Provisioning activity: what identity providers changed, and the requests by which they did."""

from collections.abc import Iterable
from urllib.parse import unquote_plus
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from provisioning.forms import ChangeFilter, RequestFilter
from provisioning.models import ScimRequest
from provisioning.remedies import explained
from provisioning.views.day_charts import request_chart, requests_of_environment
from provisioning.views.subjects import request_pages, subjects_of
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.finding import Found
from workspace.console.navigation import page_url, tabs
from workspace.console.presenters import present
from workspace.db.paging import PAGE, newest
from workspace.models import ChangeEvent, Environment

Context = dict[str, object]
# With their charts, the first pages stay below 50 KB.
MOST = 35


@console
@require_safe
def changes(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show what connections changed in the environment, newest first."""
    form = ChangeFilter(request.GET, environment=environment)
    events, older = newest(form.events(), request.GET.get("before", ""), among=form.among(), most=MOST)
    context = _context(request, form, older) | {"rows": _change_rows(events, environment)}
    return render(request, "provisioning/activity/changes.html", context)


@console
@require_safe
def requests(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Show what was asked of the environment's connections, newest first."""
    form = RequestFilter(request.GET, environment=environment)
    exchanges, older = newest(
        form.requests().defer("request_body", "response_body"),
        request.GET.get("before", ""),
        among=form.among(),
        most=MOST,
    )
    subjects = subjects_of(exchanges, environment)
    rows = [_request_row(each, environment, subjects) for each in exchanges]
    context = _context(request, form, older) | {"rows": rows}
    return render(request, "provisioning/activity/requests.html", context)


@console
@require_safe
def exchange(request: ConsoleRequest, environment: Environment, exchange: UUID) -> HttpResponse:
    """Show one request and its answer, what was tolerated, what to do about an error, and what it changed."""
    found = get_object_or_404(ScimRequest.objects.in_environment(environment), pk=exchange)
    events = ChangeEvent.objects.in_environment(environment).filter(request_id=found.request_id)
    kind, has_id, _id = _short_path(found).strip("/").partition("/")
    context = {
        "exchange": _shown(found),
        "found": found,
        # The id would make the title too long.
        "title": f"{found.method} /{kind}{'/…' if has_id else ''}",
        "rows": _change_rows(events[:PAGE], environment),
        "facts": [
            {"label": _("Provider"), "value": found.connection_name},
            {"label": _("Time"), "value": f"{date_format(found.at, 'DATE_FORMAT')}, {found.at:%H:%M:%S} UTC"},
            {"label": _("From address"), "value": found.address},
            {"label": _("Request id"), "value": found.request_id, "mono": True},
        ],
        "requests_url": page_url("provisioning:requests", environment),
    }
    return render(request, "provisioning/activity/request.html", context)


def _short_path(exchange: ScimRequest) -> str:
    """Return the path behind the Base URL: only that differs between requests of a connection."""
    _prefix, separator, path = exchange.path.partition("/v2")
    return (path or "/") if separator else exchange.path


def _readable_query(exchange: ScimRequest) -> str:
    """Return the query decoded, with its question mark."""
    return f"?{unquote_plus(exchange.query)}" if exchange.query else ""


def _request_row(exchange: ScimRequest, environment: Environment, subjects: dict[UUID, Found]) -> Context:
    """Return a request as the list shows it: whom it is about, and its error, else what was tolerated."""
    return {
        "subject": subjects.get(exchange.pk),
        "exchange": exchange,
        "path": _short_path(exchange) + _readable_query(exchange),
        "notes": exchange.error or "; ".join(exchange.notes),
        "url": _request_url(environment, exchange.pk),
    }


def _shown(found: ScimRequest) -> Context:
    """Return a request for the inspector: an error in its own words, then what to do about it."""
    return {
        "method": found.method,
        "path": found.path + _readable_query(found),
        "status": found.status,
        "at": found.at,
        "duration_ms": round(found.duration_ms, 1),
        "request_body": found.request_body,
        "response_body": found.response_body,
        "remedy": explained(found.status, found.error, found.response_body),
    }


def _context(request: ConsoleRequest, form: ChangeFilter | RequestFilter, older: str) -> Context:
    """Return what both lists show around their rows."""
    is_filtered = bool(form.asked()) or "before" in request.GET
    log, now = requests_of_environment(request.environment), timezone.now()
    return {
        "form": form,
        "older": older,
        "is_filtered": is_filtered,
        "chart": None if is_filtered else request_chart(log, request.environment, now),
        "is_first_page": "before" not in request.GET,
        "tabs": tabs(request, [(_("Changes"), "provisioning:activity"), (_("Requests"), "provisioning:requests")]),
        "authentication_url": page_url("authentication:environment", request.environment),
    }


def _request_url(environment: Environment, pk: UUID) -> str:
    return page_url("provisioning:request", environment, exchange=pk)


def _change_rows(events: Iterable[ChangeEvent], environment: Environment) -> list[Context]:
    """Return changes as the timeline shows them, each with the page of the request that caused it."""
    presented = present(events, environment)
    pages = request_pages(environment, {each.event.request_id for each in presented} - {""})
    return [
        {
            "sentence": each.sentence,
            "at": each.at,
            "look": {"icon": each.icon, "tone": each.tone},
            "request_url": pages.get(each.event.request_id, ""),
        }
        for each in presented
    ]
