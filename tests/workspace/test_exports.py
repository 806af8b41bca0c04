"""Files of many rows: complete, sent in parts, and without formulas."""

import csv
import gc
import io
import json
import tracemalloc
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from workspace.db.keys import new_id
from workspace.exports import csv_file, newest_first, safe_cell
from workspace.models import ChangeEvent

MANY = 3_000
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x","y")']


def rows_of(response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(response).decode(), newline="")))


def log_of(acme, number: int) -> None:
    ChangeEvent.objects.bulk_create(
        (
            ChangeEvent(
                workspace_id=acme.workspace.pk, actor_kind="system", actor_name="System", action="group.renamed",
                subject_kind="endusergroup", subject_id="1", subject_name="x", sentence="x" * 500,
            )
            for _ in range(number)
        ),
        batch_size=1000,
    )  # fmt: skip


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text):
    assert rows_of(csv_file("x.csv", ["a", "b"], [[["x", text]]])) == [["a", "b"], ["x", f"'{text}"]]


@pytest.mark.parametrize("text", ["a=1", "", "Zoë; Ltd.", 'said "no"', "two\nlines", "1,5", "ada@acme.example"])
def test_other_cells_stay_as_they_are(text):
    assert safe_cell(text) == text
    assert rows_of(csv_file("x.csv", ["a"], [[[text, "."]]]))[1] == [text, "."]


def test_a_name_that_is_a_formula_is_none_in_the_file(acme, owner):
    owner.post(f"{acme.url}groups/{acme.support.pk}/edit/", {"name": "=cmd|' /C calc'!A0"})
    head, row, *_ = rows_of(owner.get(f"{acme.url}audit-log/export.csv"))
    assert row[head.index("subject_name")] == "'=cmd|' /C calc'!A0"


def test_both_files_hold_what_is_filtered_and_nothing_else(acme, owner):
    expected = ChangeEvent.objects.of(acme.workspace).filter(action="group.created")
    query = "?action=group.created&before=ignored"
    head, *rows = rows_of(owner.get(f"{acme.url}audit-log/export.csv{query}"))
    lines = [json.loads(line) for line in b"".join(owner.get(f"{acme.url}audit-log/export.jsonl{query}")).splitlines()]
    ids = [str(event.pk) for event in expected]
    assert [row[head.index("id")] for row in rows] == [line["id"] for line in lines] == ids and ids
    assert lines[0]["after"] == expected[0].after and json.loads(rows[0][head.index("after")]) == expected[0].after
    concerned = {(each.kind, str(each.subject_id)) for each in expected[0].subjects.all()}
    assert {(each["kind"], each["id"]) for each in lines[0]["subjects"]} == concerned


def test_a_file_has_its_type_its_name_and_is_not_cached(acme, owner):
    response = owner.get(f"{acme.url}audit-log/export.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8" and response["Cache-Control"] == "no-store"
    name = f"audit-log-acme-{datetime.now(UTC):%Y-%m-%d}.csv"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_thousands_of_changes_are_sent_in_parts(acme, owner, ending):
    log_of(acme, MANY)
    response = owner.get(f"{acme.url}audit-log/export.{ending}")
    largest, number = 0, 0
    tracemalloc.start()
    with CaptureQueriesContext(connection) as queries:
        for part in response.streaming_content:
            largest, number = max(largest, len(part)), number + part.count(b"group.renamed")
            gc.collect()  # when Python does it itself depends on other tests
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert number == MANY
    # Two queries for each 500, and memory for one of these parts, not for all of them.
    assert len(queries) <= 2 * (MANY // 500 + 1) and largest < 750_000 and peak < 20_000_000


def test_every_row_is_read_once_whatever_comes_meanwhile(acme, monkeypatch):
    monkeypatch.setattr("workspace.exports._PAGE", 3)
    expected = list(ChangeEvent.objects.of(acme.workspace))
    seen = []
    for part in newest_first(ChangeEvent.objects.of(acme.workspace)):
        seen += part
        ChangeEvent.objects.create(id=new_id(), workspace_id=acme.workspace.pk, actor_kind="system", sentence="new")
    assert seen == expected and len(expected) > 3
