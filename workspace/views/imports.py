"""Import CSV: upload, columns, progress, preview, import and report."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from workspace.actions.import_checks import BATCH
from workspace.actions.imports import advance, choose_columns, discard_import, start_import, upload_people
from workspace.console.acting import refusals_in_form
from workspace.console.decorators import ConsoleRequest, console
from workspace.console.navigation import page_url
from workspace.console.permissions import Permission
from workspace.db.paging import numbered
from workspace.exports import csv_file
from workspace.forms import sent
from workspace.forms.imports import ColumnsForm, LineFilter, UploadForm
from workspace.imports.columns import FIELDS
from workspace.imports.decoding import WINDOWS
from workspace.imports.notes import note_told
from workspace.imports.reading import Table, read_table
from workspace.languages import spoken_to
from workspace.models import Environment, ImportedLine, PeopleImport

State, Outcome = PeopleImport.State, ImportedLine.Outcome
_TONES = {Outcome.CREATE: "success", Outcome.CHANGE: "info", Outcome.UNCHANGED: "neutral", Outcome.REFUSED: "danger"}
# So many names of the file are shown where its encoding is guessed.
_SAMPLES = 5
_RECENT = 20


@console(needs=Permission.MANAGE_PEOPLE)
def upload(request: ConsoleRequest, environment: Environment) -> HttpResponse:
    """Take a file, and list the imports of the last days."""
    form = UploadForm(sent(request), request.FILES or None)
    if form.is_valid():
        with refusals_in_form(form):
            answers = form.cleaned_data
            job = upload_people(
                environment=environment,
                file_name=answers["file_name"],
                content=answers["content"],
                by=request.actor,
            )
            return redirect(_url("columns", environment, job))
    jobs = environment.workspace.people_imports.select_related("environment").defer("text")[:_RECENT]
    context = {
        "form": form,
        "jobs": [{"job": job, "url": _url("", environment, job)} for job in jobs],
        "kept_days": PeopleImport.KEPT.days,
        "list_url": page_url("workspace:end-users", environment),
    }
    return render(request, "workspace/end_users/import_upload.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def example(request: ConsoleRequest, environment: Environment) -> StreamingHttpResponse:
    """Send a file to start from."""
    name = environment.name
    rows = [("Ada Winter", "ada@example.com", name, "Support; Sales"), ("Bo Lind", "bo@example.com", name, "")]
    return csv_file("people-example.csv", _head(), [rows])


@console(needs=Permission.MANAGE_PEOPLE)
def columns(request: ConsoleRequest, environment: Environment, job: UUID) -> HttpResponse:
    """Ask what the columns mean, then check the lines."""
    found = _job(environment, job)
    if not found.is_open:
        return redirect(_url("", environment, found))
    table = read_table(found.text)
    form = ColumnsForm(sent(request), job=found, table=table)
    if form.is_valid():
        with refusals_in_form(form):
            choose_columns(
                job=found,
                columns=form.columns(),
                default_access=form.cleaned_data["default_access"],
                creates_groups=form.cleaned_data["creates_groups"],
            )
            return _go_on(environment, found)
    context = {
        "job": found,
        "form": form,
        "samples": _doubtful(table) if found.encoding == WINDOWS else [],
        "encoding": found.encoding,
        "discard_url": _url("discard", environment, found),
        "upload_url": page_url("workspace:end-user-import", environment),
    }
    return render(request, "workspace/end_users/import_columns.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def detail(request: ConsoleRequest, environment: Environment, job: UUID) -> HttpResponse:
    """Show how far an import is: its progress, the preview of its lines, or the report."""
    found = _job(environment, job)
    if found.state == State.UPLOADED:
        return redirect(_url("columns", environment, found))
    form = LineFilter(request.GET)
    outcome, counts = form.asked(), found.counts()
    lines = found.lines.filter(outcome=outcome) if outcome else found.lines.all()
    page = numbered(lines, request.GET.get("page"))
    context = {
        "job": found,
        "form": form,
        "page_obj": page,
        "stopped": note_told(found.note),
        "rows": [
            {"line": line, "note": note_told(line.note), "tone": _TONES[Outcome(line.outcome)]} for line in page.rows
        ],
        "counts": [(Outcome(each).label, number) for each, number in counts.items()],
        "does_count": counts[Outcome.CREATE] + counts[Outcome.CHANGE],
        "unread": _unread(found),
        "urls": {
            name: _url(name, environment, found) for name in ("columns", "continue", "start", "discard", "report", "")
        },
        "upload_url": page_url("workspace:end-user-import", environment),
        "list_url": page_url("workspace:end-users", environment),
    }
    return render(request, "workspace/end_users/import_detail.html", context)


@console(needs=Permission.MANAGE_PEOPLE)
def go_on(request: ConsoleRequest, environment: Environment, job: UUID) -> HttpResponse:
    """Do the next step."""
    found = _job(environment, job)
    if request.method == "POST":
        advance(job=found, now=timezone.now())
    return redirect(_url("", environment, found))


@console(needs=Permission.MANAGE_PEOPLE)
def start(request: ConsoleRequest, environment: Environment, job: UUID) -> HttpResponse:
    """Begin the import of the checked lines."""
    found = _job(environment, job)
    if request.method != "POST":
        return redirect(_url("", environment, found))
    start_import(job=found, by=request.actor)
    return _go_on(environment, found)


@console(needs=Permission.MANAGE_PEOPLE)
def discard(request: ConsoleRequest, environment: Environment, job: UUID) -> HttpResponse:
    """Delete an import that has not begun."""
    found = _job(environment, job)
    if request.method != "POST":
        return redirect(_url("", environment, found))
    discard_import(job=found)
    messages.success(request, _("%(found)s was discarded. No end user was changed.") % {"found": found})
    return redirect(page_url("workspace:end-user-import", environment))


@console(needs=Permission.MANAGE_PEOPLE)
def report(request: ConsoleRequest, environment: Environment, job: UUID) -> StreamingHttpResponse:
    """Send what became of each line."""
    found = _job(environment, job)
    head = [_("Line"), *_head(), _("Outcome"), _("Details"), _("Outcome in the preview")]
    return csv_file(
        f"import-{found.created_at:%Y-%m-%d}.csv", head, _report_parts(found, translation.get_language() or "")
    )


def _head() -> list[str]:
    return [str(label) for label, _names in FIELDS.values()]


def _report_parts(job: PeopleImport, language: str) -> Iterator[list[Sequence[object]]]:
    """Return the lines some at a time, each part by a query of its own."""
    last = 0
    while part := list(job.lines.filter(number__gt=last)[:BATCH]):
        # Parts are written after the request has ended, and with it the language of its reader.
        with spoken_to(language):
            rows = [_reported(line) for line in part]
        yield rows
        last = part[-1].number


def _reported(line: ImportedLine) -> Sequence[object]:
    outcome = line.get_outcome_display()
    return [
        *(line.number, line.full_name, line.email, line.access, line.groups),
        *(outcome, note_told(line.note), line.get_foreseen_display() or outcome),
    ]


def _job(environment: Environment, pk: UUID) -> PeopleImport:
    """Return the import of the workspace with that id, else raise Http404."""
    return get_object_or_404(environment.workspace.people_imports.select_related("workspace", "environment"), pk=pk)


def _url(name: str, environment: Environment, job: PeopleImport) -> str:
    return page_url(f"workspace:end-user-import-{name or 'job'}", environment, job=job.pk)


def _go_on(environment: Environment, job: PeopleImport) -> HttpResponse:
    """Do a short work at once. The page shows the progress of a longer one."""
    if job.line_count <= BATCH:
        advance(job=job, now=timezone.now())
    return redirect(_url("", environment, job))


def _unread(job: PeopleImport) -> list[str]:
    """Return the names of the columns that the import does not read."""
    if not job.text:
        return []
    head = read_table(job.text).head
    return [name for place, name in enumerate(head) if place not in job.columns.values()]


def _doubtful(table: Table) -> list[str]:
    """Return values with letters that a wrong encoding would change."""
    return [cell for line in table.lines for cell in line.cells if not cell.isascii()][:_SAMPLES]
