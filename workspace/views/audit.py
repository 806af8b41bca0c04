"""The audit log: every change of the workspace, one change in full, and both as files."""

import json
from collections import defaultdict
from uuid import UUID

from django.apps import apps
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_safe

from workspace.action_words import words_of
from workspace.actions.undo_bulk import UNDOABLE, opposite_of
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.history import restore_url
from workspace.console.navigation import page_url
from workspace.console.presenters import Pages, find_pages, present
from workspace.console.states import MOST_SHOWN, differences, names_in
from workspace.db.paging import newest
from workspace.exports import csv_file, json_lines_file, newest_first
from workspace.forms.audit import AuditFilter
from workspace.models import ChangeEvent, ChangeSubject, Environment

Context = dict[str, object]
# A page of more is over 50 KB.
MOST = 40
# What each kind of subject is called, and those that events are about in the language of the page.
_KINDS = {model._meta.model_name: str(model._meta.verbose_name) for model in apps.get_models()}
_IN_WORDS = {
    "administrator": pgettext_lazy("kind of thing", "administrator"),
    "administrator invitation": pgettext_lazy("kind of thing", "administrator invitation"),
    "API token": pgettext_lazy("kind of thing", "API token"),
    "end user": pgettext_lazy("kind of thing", "end user"),
    "end user group": pgettext_lazy("kind of thing", "end user group"),
    "environment": pgettext_lazy("kind of thing", "environment"),
    "environment policy": pgettext_lazy("kind of thing", "environment policy"),
    "environment provider": pgettext_lazy("kind of thing", "environment provider"),
    "group mapping": pgettext_lazy("kind of thing", "group mapping"),
    "identity provider": pgettext_lazy("kind of thing", "identity provider"),
    "login experience": pgettext_lazy("kind of thing", "login experience"),
    "provisioned group": pgettext_lazy("kind of thing", "provisioned group"),
    "provisioned user": pgettext_lazy("kind of thing", "provisioned user"),
    "provisioning connection": pgettext_lazy("kind of thing", "provisioning connection"),
    "scim token": pgettext_lazy("kind of thing", "scim token"),
    "service provider key": pgettext_lazy("kind of thing", "service provider key"),
    "user": pgettext_lazy("kind of thing", "user"),
    "SSO bypass": pgettext_lazy("kind of thing", "SSO bypass"),
    "workspace": pgettext_lazy("kind of thing", "workspace"),
}
_COLUMNS = [
    *("id", "at", "environment_id", "environment_name", "actor_kind", "actor_id", "actor_name", "address", "session"),
    *("action", "subject_kind", "subject_id", "subject_name", "sentence", "before", "after", "request_id"),
]


@console
@require_safe
def index(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """List the changes of the workspace that the filter lets through, newest first."""
    form = AuditFilter(request.GET, workspace=environment.workspace)
    events, older = newest(form.events(), request.GET.get("before", ""), among=form.among(), most=MOST)
    query = request.GET.copy()
    query.pop("before", None)
    context = {
        "form": form,
        "rows": present(events, environment),
        "older": older,
        "is_filtered": form.is_asked() or "before" in request.GET,
        "is_first_page": "before" not in request.GET,
        "query": query.urlencode(),
    }
    return render(request, "workspace/audit/index.html", context)


@console
@require_safe
def detail(request: ConsoleRequest, environment: Environment, event: UUID) -> HttpResponse:
    """Show one change in full."""
    found = get_object_or_404(ChangeEvent.objects.of(environment.workspace), pk=event)
    subjects = found.subjects.order_by("pk").values_list("kind", "subject_id")
    things = [(kind, str(pk)) for kind, pk in subjects[:MOST_SHOWN]]
    pages = find_pages(environment, [*things, ("request", found.request_id)])
    list_url = page_url("workspace:audit-log", environment)
    names = names_in(found)
    context = {
        "title": words_of(found.action),
        "row": present([found], environment)[0],
        "facts": _facts(found, pages),
        "differences": differences(found.before, found.after, found.action),
        "subjects": [
            {
                "name": names.get(pk, pk),
                "kind": _IN_WORDS.get(name := _KINDS.get(kind, kind), name),
                "url": pages.get(pk, ""),
                "changes": f"{list_url}?person={pk}",
            }
            for kind, pk in things
        ],
        "more": max(0, subjects.count() - MOST_SHOWN),
        "json": _as_json([found])[0],
        "list_url": list_url,
        "restore_url": restore_url(found, environment),
        "undo_url": _undo_url(found, environment),
    }
    return render(request, "workspace/audit/event.html", context)


@console
@require_safe
def export_csv(request: ConsoleRequest, environment: Environment) -> StreamingHttpResponse:
    """Send the changes that the filter lets through as CSV."""
    events = AuditFilter(request.GET, workspace=environment.workspace).events()
    rows = (map(_cells, part) for part in newest_first(events))
    return csv_file(_name(environment, "csv"), _COLUMNS, rows)


@console
@require_safe
def export_json_lines(request: ConsoleRequest, environment: Environment) -> StreamingHttpResponse:
    """Send the changes that the filter lets through as JSON lines, each with everything that it concerns."""
    events = AuditFilter(request.GET, workspace=environment.workspace).events()
    return json_lines_file(_name(environment, "jsonl"), map(_as_json, newest_first(events)))


def _undo_url(event: ChangeEvent, environment: Environment) -> str:
    """Return the page that takes a change of many people back; empty if nothing does."""
    if event.action not in UNDOABLE:
        return ""
    environments = environment.workspace.environments.select_related("workspace")
    place = environments.filter(pk=event.environment_id).first() if event.environment_id else environment
    can_undo = place is not None and opposite_of(event, place) is not None
    return page_url("workspace:end-users-undo", place or environment, event=event.pk) if can_undo else ""


def _name(environment: Environment, ending: str) -> str:
    return f"audit-log-{environment.workspace.slug}-{timezone.now():%Y-%m-%d}.{ending}"


def _as_json(events: list[ChangeEvent]) -> list[dict[str, object]]:
    """Return all of some events, as the file and the page of one hold it."""
    subjects = defaultdict[UUID, list[tuple[str, str]]](list)
    # Not by objects: a part of the file has hundreds of events.
    rows = ChangeSubject.objects.filter(event__in=events).values_list("event", "kind", "subject_id")
    for event, kind, pk in rows:
        subjects[event].append((kind, str(pk)))
    return [
        _values(each) | {"subjects": [{"kind": kind, "id": pk} for kind, pk in sorted(subjects[each.pk])]}
        for each in events
    ]


def _values(event: ChangeEvent) -> dict[str, object]:
    values = {name: getattr(event, name) for name in _COLUMNS}
    values |= {"id": str(event.pk), "at": event.at.isoformat()}
    return values | {"environment_id": str(event.environment_id) if event.environment_id else None}


def _cells(event: ChangeEvent) -> list[object]:
    return [_cell(value) for value in _values(event).values()]


def _cell(value: object) -> object:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else "" if value is None else value


def _facts(event: ChangeEvent, pages: Pages) -> list[Context]:
    return [
        {"label": _("When"), "value": f"{date_format(event.at)}, {event.at:%H:%M:%S.%f} UTC"},
        {"label": _("Done by"), "value": event.actor_name, "hint": event.actor_kind_in_words},
        {"label": _("From address"), "value": event.address, "mono": bool(event.address)},
        {"label": _("Session"), "value": event.session, "mono": bool(event.session)},
        {"label": _("Environment"), "value": event.environment_name or _("The workspace itself")},
        {"label": _("Action"), "value": event.action, "mono": True},
        {"label": _("Request id"), "value": event.request_id, "url": pages.get(event.request_id, "")},
        {"label": _("Event id"), "value": event.pk, "mono": True},
    ]
