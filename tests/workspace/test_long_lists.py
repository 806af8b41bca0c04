"""Lists of many people and groups: their queries do not grow, and they walk an index instead of sorting."""

import re

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workspace.pages import names, text
from workspace.actions.end_users import deactivate_end_user
from workspace.db import paging
from workspace.db.paging import newest, numbered, numbered_list
from workspace.events import SYSTEM
from workspace.forms.end_user_filter import EndUserFilter
from workspace.models import ChangeEvent, EndUser, EndUserGroup, EnvironmentAccess, GroupMembership
from workspace.models.groups import member_counts

MANY = 120


@pytest.fixture
def crowd(acme):
    """Return a function that adds so many people to acme, with access to DEV and in Support."""

    def grow(number: int) -> None:
        first = EndUser.objects.count()
        people = [
            EndUser(workspace=acme.workspace, full_name=f"Person {first + n}", email=f"person.{first + n}@acme.example")
            for n in range(number)
        ]
        for person in people:
            person.set_keys()
        EndUser.objects.bulk_create(people)
        EnvironmentAccess.objects.bulk_create(EnvironmentAccess(end_user=each, environment=acme.dev) for each in people)
        GroupMembership.objects.bulk_create(GroupMembership(end_user=each, group=acme.support) for each in people)

    return grow


def listed(acme, query: str):
    return EndUserFilter(QueryDict(query), environment=acme.dev, now=timezone.now())


@pytest.mark.parametrize(
    "path",
    [
        "end-users/",
        "end-users/?q=person",
        "end-users/?page=2",
        "end-users/?access=any",
        "end-users/?status=active",
        "end-users/?sort=-email",
        "end-users/?sort=access",
        "end-users/?sort=-groups&access=any",
        "end-users/?sort=provider",
        "end-users/?sort=-sign-in",
        "end-users/?method=manual&sign_in=never",
        "groups/",
        "groups/{support}/",
        "groups/{support}/?q=person",
        "groups/{everyone}/",
        "groups/{engineering}/members/add/",
        "groups/{support}/delete/",
    ],
)
def test_a_page_among_many_takes_the_same_queries(acme, owner, crowd, query_count, path):
    groups = {name: getattr(acme, name).pk for name in ("support", "everyone", "engineering")}
    if "engineering" in path:
        EndUserGroup.objects.filter(pk=acme.engineering.pk).update(source_kind="manual", source_id="")
    crowd(MANY)
    few = query_count(owner, acme.url + path.format(**groups))
    crowd(MANY)
    assert query_count(owner, acme.url + path.format(**groups)) == few


def test_groups_take_the_same_queries(acme, owner, query_count):
    def grow() -> None:
        for _ in range(60):
            EndUserGroup.objects.create(environment=acme.dev, name=f"Group {EndUserGroup.objects.count():03}")

    grow()
    few = query_count(owner, f"{acme.url}groups/")
    grow()
    assert query_count(owner, f"{acme.url}groups/") == few


def test_more_rows_than_are_counted_are_said_to_be_more(acme, owner, crowd, monkeypatch):
    crowd(MANY)
    assert f"1–50 of {MANY + 2}" in text(owner.get(f"{acme.url}end-users/"))
    monkeypatch.setattr(paging, "COUNTED", 100)
    assert "1–50 of more than 100" in text(owner.get(f"{acme.url}end-users/"))
    # The last page knows how many there are.
    assert f"101–{MANY + 2} of {MANY + 2}" in text(owner.get(f"{acme.url}end-users/?page=3"))


@pytest.mark.parametrize("number", ["0", "-1", "4", "99999", "9" * 30, "²", "x", ""])
def test_a_number_of_no_page_opens_the_first(acme, owner, crowd, number):
    crowd(MANY)
    assert names(owner.get(f"{acme.url}end-users/", {"page": number}))[0] == "Ada Winter"


def test_a_number_of_no_page_counts_no_further_than_others(acme, crowd):
    crowd(MANY)
    (part,) = listed(acme, "").parts()
    with CaptureQueriesContext(connection) as queries:
        assert numbered(listed(acme, "").people, "99999", parts=[part]).number == 1
    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"]]
    assert len(counts) == 1 and "LIMIT 1001" in counts[0]


def test_all_pages_together_have_everybody_once(acme, crowd):
    crowd(MANY)
    for order in ("name", "-name", "email", "-email"):
        form = listed(acme, f"sort={order}")
        (part,) = form.parts()
        found = [person.pk for number in "123" for person in numbered(form.people, number, parts=[part]).rows]
        assert found == list(part) and len(found) == MANY + 2


def test_members_are_counted_once_however_many_sources_they_have(acme, crowd):
    crowd(10)
    GroupMembership.objects.create(group=acme.support, end_user=acme.ada, source_kind="jit", source_id="okta")
    EnvironmentAccess.objects.create(environment=acme.dev, end_user=acme.ada, source_kind="jit", source_id="okta")
    deactivate_end_user(end_user=acme.bo, by=SYSTEM)
    counts = member_counts([acme.support, acme.engineering, acme.everyone])
    assert counts == {acme.support.pk: 11, acme.engineering.pk: 1, acme.everyone.pk: 11}
    assert counts == {group.pk: group.end_users.count() for group in (acme.support, acme.engineering, acme.everyone)}


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("", "end_user_by_name"),
        ("q=person", "end_user_by_name"),
        ("access=any", "end_user_by_name"),
        ("sort=-name", "end_user_by_name"),
        ("status=active", "end_user_by_"),
        ("sort=email", "email"),
        ("sort=status", "end_user_by_status"),
        ("sort=sign-in", "end_user_by_last_sign_in"),
        ("sort=-sign-in", "end_user_by_last_sign_in"),
        ("sort=provider", "access_by_source"),
        ("sort=-provider", "access_by_source"),
    ],
)
def test_the_list_is_read_in_the_order_of_an_index(acme, crowd, query, index):
    crowd(3_000)
    people = listed(acme, query).parts()[0][: paging.PAGE]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE workspace_enduser; ANALYZE workspace_environmentaccess")
    plan = people.explain()
    if connection.vendor == "postgresql":
        assert index in plan and not re.search(r"(?<!Incremental )Sort  \(", plan)
    else:
        assert ("sqlite_autoindex_workspace_enduser" if index == "email" else index) in plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads the rows")
def test_a_search_on_sqlite_reads_the_index_alone(acme):
    for query in ("q=nobody", "status=deactivated&q=a", "sign_in=90"):
        (part,) = listed(acme, f"{query}&access=any").parts()
        assert "COVERING INDEX end_user_by_name" in part[: paging.PAGE].explain()


def test_the_members_of_a_group_are_read_in_the_order_of_names(acme, crowd):
    crowd(3_000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE workspace_enduser; ANALYZE workspace_groupmembership")
    plan = acme.support.end_users.values_list("pk")[: paging.PAGE].explain()
    assert "end_user_by_name" in plan and "B-TREE" not in plan and "Sort" not in plan


@pytest.mark.parametrize(
    ("number", "shown", "has_next"),
    [("1", [0, 1], True), ("2", [2, 3], True), ("3", [4], False), ("4", [0, 1], True), ("x", [0, 1], True)],
)
def test_rows_that_are_read_already_have_pages_too(number, shown, has_next):
    found = numbered_list(range(5), number, 2)
    assert (list(found.rows), found.has_next, found.total) == (shown, has_next, 5)


def test_a_filter_looks_at_so_many_rows_for_one_page(acme, owner, crowd, monkeypatch):
    monkeypatch.setattr(paging, "WALKED", 10)
    everybody = EndUser.objects.order_by("-pk")
    crowd(MANY)
    ada, seen, before = everybody.filter(pk=acme.ada.pk), list[EndUser](), ""
    for _ in range(MANY // 10 + 1):
        found, before = newest(ada, before, among=EndUser.objects.all())
        seen += found
        if not before:
            break
    assert seen == [acme.ada] and before == ""
    pages, before = newest(everybody, "", among=EndUser.objects.all())
    assert len(pages) == 10 and before == str(pages[-1].pk)
    assert newest(everybody, "", among=None)[0] == list(everybody[: paging.PAGE])


def test_the_history_of_a_person_is_one_look_up(acme):
    events = ChangeEvent.objects.of(acme.workspace).latest_about(10, acme.ada.pk)
    assert list(events) == list(ChangeEvent.objects.of(acme.workspace).about(acme.ada.pk)[:10]) != []
    with CaptureQueriesContext(connection) as queries:
        list(ChangeEvent.objects.of(acme.workspace).latest_about(1, acme.ada.pk))
    subjects, found = (query["sql"] for query in queries)
    assert subjects.endswith("DESC LIMIT 1") and "JOIN" not in subjects + found
