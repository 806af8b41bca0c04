"""Notes of imported lines: stored in English, whoever has them judged, and told in the reader’s language."""

import pytest
from django.utils import translation

from tests import factories
from tests.workspace.builders import pushed_group
from tests.workspace.importing import Importing, outcomes
from tests.workspace.pages import text
from workspace.imports.notes import new_note, note_told
from workspace.jobs import IMPORT_FAILED
from workspace.models import PeopleImport

FILE = (
    "Name;E-mail;Environments;Groups\n"
    'Cy Moor;cy@acme.example;DEV, prod;"Support;Sales, all"\n'
    "Ada Summer;ada@acme.example;;\n"
    "Dee Poe;dee@acme.example;;PROD: Sales\n"
    "Eve Roe;nobody;;\n"
    f"Eve Roe;eve@acme.example;;{'x' * 300}\n"
    "Fay Loe;fay@acme.example;;Pushed\n"
)
ENGLISH = [
    "New: access to DEV, PROD; groups Support in DEV, Sales, all in DEV.",
    "New: name instead of Ada Winter.",
    "Sales in PROD is only for people with access to that environment.",
    "Enter an email address like ada@example.com.",
    "Shorten the name of the group to at most 250 characters.",
    "Pushed in DEV: Okta Dev manages this group. Change its members there.",
]
GERMAN = [
    "Neu: Zugriff auf DEV, PROD; Gruppen Support in DEV, Sales, all in DEV.",
    "Neu: Name statt Ada Winter.",
    "Sales in PROD",
]


@pytest.mark.django_db
def test_lines_judged_for_a_german_are_stored_in_english_and_told_in_each_language(acme, owner):
    factories.group(acme.prod, name="Sales")
    factories.group(acme.dev, name="Sales, all")
    pushed_group(acme.dev, "Pushed")
    owner.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    importing = Importing(owner, acme.url)
    job = importing.check(FILE, creates_groups="on")
    assert [note for _, _, note in outcomes(job)] == ENGLISH

    german = text(owner.get(f"{importing.url}{job.pk}/"))
    report = b"".join(owner.get(f"{importing.url}{job.pk}/report.csv").streaming_content).decode()
    for note in GERMAN:
        assert note in german and note in report
    assert not [note for note in ENGLISH if note in german or note in report]
    owner.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    english = text(owner.get(f"{importing.url}{job.pk}/"))
    assert not [note for note in ENGLISH if note not in english]


@pytest.mark.django_db
def test_the_reason_of_a_stop_is_told_in_the_readers_language(acme, owner):
    importing = Importing(owner, acme.url)
    job = importing.check(FILE, creates_groups="on")
    PeopleImport.objects.filter(pk=job.pk).update(state="stopped", note=IMPORT_FAILED)
    page = text(owner.get(f"{importing.url}{job.pk}/", headers={"Accept-Language": "de"}))
    assert "Der Import ist fehlgeschlagen" in page and IMPORT_FAILED not in page


@pytest.mark.parametrize("name", ["", "Ada; access to X", "a\nb. ", "100 % (sure)s"])
@pytest.mark.parametrize("places", ["", "DEV, R and D"])
@pytest.mark.parametrize("groups", ["", "S; T in DEV"])
def test_each_part_of_a_note_is_told_and_names_stay(name, places, groups):
    note = new_note(name, places, groups)
    assert note_told(note) == note
    with translation.override("de"):
        if "; access to" not in name:
            assert note_told(note) == new_note(name, places, groups)
        assert note_told("") == "" and note_told("What nobody marked.") == "What nobody marked."


def test_numbers_are_written_as_the_reader_does():
    with translation.override("de"):
        assert "1.234" in note_told("Line 1,234 has the same address.")
