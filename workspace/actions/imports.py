"""The life of an import: file, columns, check of the lines in steps, and the import itself.

Every step is a transaction that starts from the import's row and leaves there how far it came. So whoever asks for the
next step goes on, after a crash too, and of two at once one waits and does the step after.
"""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from workspace.actions.import_checks import BATCH, add_people, key_of, known_of, line_of
from workspace.actions.importing import import_people
from workspace.db.together import write_together
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.imports.columns import Columns, cells_of, check, matched
from workspace.imports.decoding import Decoded
from workspace.imports.judging import judge
from workspace.imports.reading import Table, read_table
from workspace.models import Environment, ImportedLine, PeopleImport
from workspace.names import cut_name
from workspace.refusals import ActionError

State = PeopleImport.State
_MOST_OF_A_FILE_NAME = 100
# Somebody may create the same person while the import does.
_TRIES = 3
_CHANGED = _("This import has gone on meanwhile. The page shows how far it came.")


@atomic
def upload_people(*, environment: Environment, file_name: str, content: Decoded, by: Actor) -> PeopleImport:
    """Keep a file for an import. Raises ActionError for one that cannot be read. Nothing of it is changed yet."""
    table = read_table(content.text)
    columns = {field: places[0] for field, places in matched(table.head).items() if len(places) == 1}
    return PeopleImport.objects.create(
        workspace=environment.workspace,
        environment=environment,
        file_name=cut_name(file_name)[:_MOST_OF_A_FILE_NAME],
        encoding=content.encoding,
        text=content.text,
        line_count=len(table.lines),
        columns=columns,
        default_access=[str(environment.pk)],
        uploaded_by=by.name,
    )


@atomic
def choose_columns(
    *, job: PeopleImport, columns: Columns, default_access: Collection[Environment], creates_groups: bool
) -> None:
    """Set what each column means, and let the lines be checked from the first one."""
    check(columns)
    job = _locked(job, State.UPLOADED, State.CHECKING, State.CHECKED)
    job.lines.all().delete()
    job.columns, job.creates_groups = dict(columns), creates_groups
    job.default_access = [str(environment.pk) for environment in default_access]
    job.state, job.checked_count = State.CHECKING, 0
    job.save()


@atomic
def start_import(*, job: PeopleImport, by: Actor) -> None:
    """Let the checked lines be imported, by the one who asks for it."""
    job = _locked(job, State.CHECKED)
    job.actor, job.state = asdict(by), State.IMPORTING
    job.save()


@atomic
def discard_import(*, job: PeopleImport) -> None:
    """Delete an import with its file, if it has not begun."""
    _locked(job, State.UPLOADED, State.CHECKING, State.CHECKED, State.STOPPED).delete()


def stop_import(*, job: PeopleImport, note: str) -> None:
    """End an import that cannot go on. Nothing of it was applied."""
    PeopleImport.objects.filter(pk=job.pk).working().update(state=State.STOPPED, note=note, text="")


def advance(*, job: PeopleImport, now: datetime) -> PeopleImport:
    """Do the next step of an import, and return how far it is. Call it outside transactions.

    A step checks some lines, or imports all of them at once. Without work it does nothing.
    """
    for tries_left in reversed(range(_TRIES)):
        try:
            with transaction.atomic(), translation.override(settings.LANGUAGE_CODE):  # the notes are stored
                return _step(job, now)
        except IntegrityError:
            if not tries_left:
                raise
    raise AssertionError("the last try raises")


def _step(job: PeopleImport, now: datetime) -> PeopleImport:
    # Not the workspace and the environment: whoever creates the same person refers to them, and would wait in a circle.
    locked = PeopleImport.objects.select_for_update(of=("self",), no_key=True)
    job = locked.select_related("workspace", "environment").get(pk=job.pk)
    if job.state == State.CHECKING:
        _check_some(job)
    elif job.state == State.IMPORTING:
        import_people(job, Actor(**job.actor), now)
        job.state, job.text = State.IMPORTED, ""
    else:
        return job
    job.save()
    return job


def _check_some(job: PeopleImport) -> None:
    """Judge the next lines of the file, and store them."""
    table = read_table(job.text)
    lines = _judged(job, table)
    write_together(lines)
    job.checked_count += len(lines)
    if job.checked_count >= len(table.lines):
        job.state = State.CHECKED


def _judged(job: PeopleImport, table: Table) -> list[ImportedLine]:
    """Return the next lines with their outcomes, to be stored."""
    known = known_of(job)
    some = table.lines[job.checked_count : job.checked_count + BATCH]
    cells = [cells_of(line, job.columns) for line in some]
    keys = {key for each in cells if (key := key_of(each.email))}
    add_people(known, job, keys)
    before = job.lines.filter(email_key__in=keys).order_by("-number").values_list("email_key", "number")
    known.lines |= dict(before)
    return [line_of(job, each, judge(each, known)) for each in cells]


def _locked(job: PeopleImport, *states: State) -> PeopleImport:
    """Return the import's row, locked. Raises ActionError where it is in another state, or gone."""
    found = PeopleImport.objects.select_for_update().filter(pk=job.pk).first()
    if not found or found.state not in states:
        raise ActionError("changed", _CHANGED)
    return found
