"""Charts of the last days: exact numbers by day, bounded, and drawn without styles of their own."""

import random
import re
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext

from workspace.console import days as module
from workspace.console.charts import HEIGHT, chart_of
from workspace.console.days import DAYS, Day, Log, last_days
from workspace.db.keys import first_id_at
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 10, 15, 0, tzinfo=UTC)
KEPT = timedelta(days=90)


def add(acme, at: datetime, number: int = 1, action: str = "x.good") -> None:
    ChangeEvent.objects.bulk_create(
        ChangeEvent(
            pk=UUID(int=first_id_at(at).int | random.getrandbits(62)), at=at, workspace_id=acme.workspace.pk,
            environment_id=acme.dev.pk, actor_kind="system", actor_name="System", action=action, subject_kind="x",
            subject_id="x", subject_name="x", sentence="x",
        )
        for _ in range(number)
    )  # fmt: skip


def log(acme, subject: UUID | None = None) -> Log:
    rows = ChangeEvent.objects.in_environment(acme.dev)
    return Log(subject or uuid4(), "changes", rows, rows.filter(action="x.bad"))


def numbers(found: list[Day]) -> dict[str, tuple[int, int]]:
    return {f"{day.date:%d %b}": (day.good, day.bad) for day in found if day.total}


def drawn(found: list[Day]) -> str:
    chart = chart_of(found, title="Sign-ins", noun="Sign-in attempts", good="signed in", bad="refused")
    return render_to_string("components/chart.html", {"chart": chart})


def test_each_day_has_its_numbers_and_days_without_any_are_there(acme):
    midnight = NOW.replace(hour=0)
    add(acme, midnight, 3)
    add(acme, midnight - timedelta(milliseconds=1), 2)
    add(acme, midnight - timedelta(milliseconds=1), 1, "x.bad")
    add(acme, midnight - timedelta(days=29), 4)
    add(acme, midnight - timedelta(days=29, milliseconds=1), 5)
    found = last_days(log(acme), acme.dev, NOW, KEPT)
    assert len(found) == DAYS
    assert numbers(found) == {"10 Mar": (3, 0), "09 Mar": (2, 1), "09 Feb": (4, 0)}


def test_nothing_of_another_environment_is_counted(acme, globex):
    add(globex, NOW, 3)
    assert numbers(last_days(log(acme), acme.dev, NOW, KEPT)) == {}


def test_a_day_that_is_over_is_counted_once_and_today_each_time(acme):
    subject = uuid4()
    add(acme, NOW - timedelta(days=1))
    last_days(log(acme, subject), acme.dev, NOW, KEPT)
    add(acme, NOW - timedelta(days=1))
    add(acme, NOW)
    assert numbers(last_days(log(acme, subject), acme.dev, NOW, KEPT)) == {"10 Mar": (1, 0), "09 Mar": (1, 0)}
    assert numbers(last_days(log(acme), acme.dev, NOW, KEPT))["09 Mar"] == (2, 0)


def test_in_its_first_hour_a_day_leaves_the_one_before_open(acme):
    subject, early = uuid4(), NOW.replace(hour=0, minute=30)
    last_days(log(acme, subject), acme.dev, early, KEPT)
    add(acme, NOW - timedelta(days=1))
    assert numbers(last_days(log(acme, subject), acme.dev, early, KEPT)) == {"09 Mar": (1, 0)}


def test_what_is_known_is_forgotten_when_it_is_too_much(acme, monkeypatch):
    monkeypatch.setattr(module, "_MOST_KNOWN", 40)
    add(acme, NOW - timedelta(days=1))
    for _ in range(3):
        assert numbers(last_days(log(acme), acme.dev, NOW, KEPT)) == {"09 Mar": (1, 0)}
    assert len(module._known) <= 40


def test_one_query_counts_all(acme):
    of_acme = log(acme)
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            last_days(of_acme, acme.dev, NOW, KEPT)
        assert len(queries) == 1


def test_a_long_day_that_is_not_over_is_counted_as_far_as_a_list_looks(acme, monkeypatch):
    monkeypatch.setattr(module, "WALKED", 10)
    add(acme, NOW, 12)
    add(acme, NOW - timedelta(days=1), 13)
    found = last_days(log(acme), acme.dev, NOW, KEPT)
    assert [(day.good, day.is_more) for day in found[-2:]] == [(13, False), (11, True)]
    assert "more than" in drawn(found)


def test_a_shorter_retention_has_fewer_days_and_says_so(acme):
    add(acme, NOW)
    found = last_days(log(acme), acme.dev, NOW, timedelta(days=7))
    assert len(found) == 7
    assert "Sign-in attempts are kept for 7 days only." in drawn(found)


def test_the_drawing_tells_each_day_on_hover_and_in_a_table_and_has_no_style(acme):
    add(acme, NOW, 1200)
    add(acme, NOW, 3, "x.bad")
    svg = " ".join(drawn(last_days(log(acme), acme.dev, NOW, KEPT)).split())
    assert "<title>10 Mar: 1,200 signed in, 3 refused</title>" in svg
    assert 'role="img" aria-label="30 days: 1,200 signed in, 3 refused."' in svg
    assert '<th scope="row">10 Mar</th><td>1,200</td><td>3</td>' in svg
    assert svg.count("<tr>") == 31 and svg.count("<title>") == 30
    assert "style" not in svg
    assert all(int(height) >= 2 for height in re.findall(r'<rect[^>]* height="(\d+)"', svg))


def test_without_any_row_there_is_a_sentence_instead(acme):
    words = drawn(last_days(log(acme), acme.dev, NOW, KEPT))
    assert "None in 30 days." in words and "<svg" not in words


@pytest.mark.parametrize("most", [1, 2, 7, 999_999])
def test_bars_stay_inside_the_drawing(most):
    found = [Day(NOW.date(), good, most - good, False) for good in sorted({0, 1, most // 2, most})]
    chart = chart_of(found, title="t", noun="n", good="g", bad="b")
    for bar, day in zip(chart.bars, found, strict=True):
        assert 0 <= bar.bad_y <= bar.good_y <= HEIGHT
        assert (bar.good > 0, bar.bad > 0) == (day.good > 0, day.bad > 0)
