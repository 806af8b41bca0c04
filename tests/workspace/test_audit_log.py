"""The audit log: what it shows, whom it finds, and who may read it."""

import html
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.utils import translation

from tests.workspace.pages import text_of
from workspace.actions.end_users import save_end_user
from workspace.console.states import differences
from workspace.db.keys import new_id
from workspace.events import SYSTEM, Actor, Kind, Sentence, record
from workspace.forms.audit import AuditFilter
from workspace.models import ChangeEvent, ChangeSubject
from workspace.profile import Profile
from workspace.views.audit import MOST as PAGE
from workspace.visits import Visit

OFFICE = Visit("192.0.2.7", "", "01a21c31-04b5-7e9c-959b-2dc88e681121", "0123456789abcdef")
SOMEBODY = Actor.of(Kind.OPERATOR, "01a21c31-0000-7000-8000-000000000001", "op@example.com", OFFICE)


def log(acme, query=""):
    return f"{acme.url}audit-log/{query}"


def sentences(client, acme, query=""):
    page = html.unescape(client.get(log(acme, query)).content.decode())
    return [re.sub("<[^>]+>", "", row) for row in re.findall(r'<th scope="row"><div>(.*?)</div></th>', page, re.S)]


def change(acme, by=SOMEBODY, subject=None, environment=None, **more):
    subject = subject or acme.support
    sentence = Sentence("{by} renamed {group}.", by=by, group=subject)
    return record(
        by=by, action="group.renamed", subject=subject, sentence=sentence, workspace=acme.workspace,
        environment=environment, **more,
    )  # fmt: skip


def test_a_row_says_when_who_from_where_what_and_in_which_environment(acme, owner):
    change(acme, environment=acme.dev)
    row = text_of(re.search(r"<tr>\n<th scope=\"row\">.*?</tr>", owner.get(log(acme)).content.decode(), re.S)[0])
    now = datetime.now(UTC)
    assert "op@example.com renamed Support" in row and "Operator 192.0.2.7 DEV" in row
    assert f"{now:%-d %b %Y}, " in row and "just now" in row


def test_a_change_in_the_console_keeps_address_and_session_but_no_key_of_it(acme, owner):
    owner.post(f"{acme.url}groups/{acme.support.pk}/edit/", {"name": "Help"}, REMOTE_ADDR="192.0.2.9")
    event = ChangeEvent.objects.first()
    assert (event.action, event.address, event.actor_kind) == ("group.renamed", "192.0.2.9", "administrator")
    assert len(event.session) == 16 and event.session not in owner.session.session_key


@pytest.mark.parametrize("role", ["viewer", "admin", "owner"])
def test_every_role_reads_the_log_a_change_and_both_files(acme, as_role, role):
    event = change(acme)
    for path in ("", f"{event.pk}/", "export.csv", "export.jsonl"):
        response = as_role(role).get(log(acme, path))
        assert response.status_code == 200
        assert b"".join(response) if response.streaming else response.content


def test_nothing_of_another_workspace_is_shown_found_or_sent(acme, globex, owner):
    foreign = change(globex, subject=globex.ada)
    assert owner.get(log(acme, f"{foreign.pk}/")).status_code == 404
    assert owner.get(log(globex)).status_code == 404
    for query in (
        f"?actor={SOMEBODY.id}",
        f"?person={globex.ada.pk}",
        f"?environment={globex.dev.pk}",
        "?person=globex",
    ):
        assert "Globex" not in "".join(sentences(owner, acme, query)) and str(foreign.pk) not in str(
            owner.get(log(acme, query)).content
        )
    assert str(foreign.pk).encode() not in b"".join(owner.get(log(acme, "export.jsonl")))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("person=ada@acme.example", True),
        ("person=ADA WINTER", True),
        ("person={ada}", True),
        ("person=bo@acme.example", False),
        ("person=nobody", False),
        ("actor={actor}", True),
        ("actor=system", False),
        ("action=group.renamed", True),
        ("action=group.deleted", False),
        ("environment={dev}", True),
        ("environment={prod}", False),
        ("environment=none", False),
        ("since={today}&until={today}", True),
        ("since={tomorrow}", False),
        ("until={yesterday}", False),
        ("person={ada}&actor={actor}&action=group.renamed&environment={dev}&since={today}", True),
        ("person={bo}&actor={actor}", False),
    ],
)
def test_a_filter_lets_through_what_it_says(acme, owner, query, found):
    change(acme, environment=acme.dev, people=[acme.ada.pk])
    today = datetime.now(UTC).date()
    words = query.format(
        ada=acme.ada.pk, bo=acme.bo.pk, actor=SOMEBODY.id, dev=acme.dev.pk, prod=acme.prod.pk, today=today,
        tomorrow=today + timedelta(days=1), yesterday=today - timedelta(days=1),
    )  # fmt: skip
    shown = sentences(owner, acme, f"?{words}")
    assert ("op@example.com renamed Support." in shown) is found
    page = owner.get(log(acme, f"?{words}")).content.decode()
    assert ">Clear</a>" in page and (bool(shown) or "No change matches" in page)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=tomorrow", "Enter a valid date."),
        ("since=0001-01-01", "Enter a date from the year 2000 on."),
        ("until=9999-12-31", "Enter a date before the year 3000."),
        ("since=2026-02-01&until=2026-01-01", "Enter a date that is not before the first one."),
        ("action=no.such", "Select a valid choice."),
        ("environment=11111111-1111-1111-1111-111111111111", "Select a valid choice."),
        ("actor=%00&person=%00", "Null characters are not allowed."),
        ("before=nonsense", ""),
    ],
)
def test_a_wrong_value_is_named_and_filters_nothing(acme, owner, query, says):
    change(acme)
    response = owner.get(log(acme, f"?{query}"))
    assert response.status_code == 200 and says in text_of(response.content.decode())
    if "person" not in query:
        assert "op@example.com renamed Support." in sentences(owner, acme, f"?{query}")


def test_who_acted_long_ago_is_found_by_a_link_and_named(acme, owner):
    change(acme)
    _crowd(acme, 1001)
    page = owner.get(log(acme, f"?actor={SOMEBODY.id}")).content.decode()
    assert f'<option value="{SOMEBODY.id}" selected>op@example.com</option>' in page
    assert sentences(owner, acme, f"?actor={SOMEBODY.id}") == ["op@example.com renamed Support."]


def test_a_thing_that_a_link_means_is_named_in_the_filter(acme, globex, owner):
    change(acme, people=[acme.ada.pk])
    change(globex)
    page = owner.get(log(acme, f"?person={acme.ada.pk}")).content.decode()
    assert f'<option value="{acme.ada.pk}" selected>Ada Winter &lt;ada@acme.example&gt;</option>' in page
    assert ">About person</label>" in page
    group = str(acme.support.pk)
    acme.support.delete()
    page = owner.get(log(acme, f"?person={group}")).content.decode()
    assert f'<option value="{group}" selected>Support</option>' in page and ">About</label>" in page
    page = owner.get(log(acme, f"?person={globex.support.pk}")).content.decode()
    assert f'<option value="{globex.support.pk}" selected>{globex.support.pk}</option>' in page


def test_pages_lead_on_without_losing_or_repeating_a_change(acme, owner):
    _crowd(acme, PAGE + 10)
    seen, query = [], "?actor=system"
    while query:
        page = owner.get(log(acme, query)).content.decode()
        seen += re.findall(r'href="([0-9a-f-]{36})/"', page)
        older = re.search(r'rel="next" href="(\?[^"]*)"', page)
        query = older and older[1].replace("&amp;", "&")
    expected = ChangeEvent.objects.of(acme.workspace).filter(actor_kind="system")
    assert seen == [str(pk) for pk in expected.values_list("pk", flat=True)]


def test_a_change_in_full_shows_before_after_request_session_and_whom_it_concerns(acme, owner):
    by = Actor.administrator(acme.roles["owner"], OFFICE)
    profile = Profile("Ada Summer", acme.ada.email, by.source)
    save_end_user(end_user=acme.ada, profile=profile, environments=[acme.dev], by=by)
    event = ChangeEvent.objects.first()
    page = text_of(owner.get(log(acme, f"{event.pk}/")).content.decode())
    for words in ("End user updated", "Name Ada Winter Ada Summer", OFFICE.request_id, OFFICE.session, OFFICE.address):
        assert words in page
    assert f"?person={acme.ada.pk}" in owner.get(log(acme, f"{event.pk}/")).content.decode()


def test_pages_have_so_many_queries_whatever_the_log_holds(acme, owner, query_count):
    change(acme, people=[acme.ada.pk])
    few = query_count(owner, log(acme)), query_count(owner, log(acme, f"{ChangeEvent.objects.first().pk}/"))
    _crowd(acme, PAGE * 2)
    event = change(acme, people=[acme.ada.pk, acme.bo.pk], environment=acme.dev)
    assert query_count(owner, log(acme)) <= few[0] and query_count(owner, log(acme, f"{event.pk}/")) <= few[1]


def test_a_full_page_weighs_less_than_50_kb(acme, owner):
    _crowd(acme, PAGE)
    assert len(owner.get(log(acme)).content) < 50_000


INDEXES = {
    "": "event_by_workspace",
    "since=2026-01-01": "event_by_workspace",
    "actor={actor}": "event_by_actor",
    "action=group.renamed": "event_by_action",
    "environment={prod}": "event_by_environment",
    "person={ada}": "subject_of_event_unique",
}


def test_every_filter_has_its_index(acme):
    change(acme, environment=acme.prod, people=[acme.ada.pk])
    _crowd(acme, 100)
    _crowd(acme, 3000, workspace_id=new_id())
    if connection.vendor == "postgresql":  # it rather sorts a few rows than walk an index
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE; SET LOCAL enable_bitmapscan = off")
    for query, index in INDEXES.items():
        words = query.format(actor=SOMEBODY.id, prod=acme.prod.pk, ada=acme.ada.pk)
        plan = AuditFilter(QueryDict(words), workspace=acme.workspace).events()[:PAGE].explain()
        # SQLite names the index of a unique constraint by a number.
        assert index in plan or "sqlite_autoindex_workspace_changesubject" in plan, plan
        assert "Seq Scan" not in plan and "SCAN workspace" not in plan, plan


def _crowd(acme, number: int, workspace_id=None) -> None:
    """Changes by the system in DEV, each about a person of its own."""
    events = [
        ChangeEvent(
            workspace_id=workspace_id or acme.workspace.pk,
            environment_id=acme.dev.pk, environment_name="DEV", actor_kind=SYSTEM.kind, actor_name=SYSTEM.name,
            action="end_user.updated", subject_kind="enduser", subject_id="",
            subject_name="Somebody", sentence=f"System changed title of Somebody {each} <somebody@acme.example>.",
        )
        for each in range(number)
    ]  # fmt: skip
    ChangeEvent.objects.bulk_create(events)
    ChangeSubject.objects.bulk_create(
        ChangeSubject(event=event, kind="enduser", subject_id=event.pk) for event in events
    )


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_change_of_any_number_of_people_is_shown(number):
    rows = [[str(new_id()), f"Person {each}"] for each in range(number)]
    (row,) = differences({}, {"given": rows})
    assert row.after.lines == [f"Person {each}" for each in range(number)]


@pytest.mark.parametrize("kind", [*ChangeEvent.ActorKind.values, "of a later release"])
def test_the_kind_of_an_actor_is_called_as_django_calls_it(kind):
    event = ChangeEvent(actor_kind=kind)
    with translation.override("de"):
        assert event.actor_kind_in_words == event._get_FIELD_display(ChangeEvent._meta.get_field("actor_kind"))
