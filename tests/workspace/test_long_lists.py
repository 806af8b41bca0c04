"""Lists of many people and groups: their queries do not grow, and they walk an index instead of sorting."""

import re
from datetime import timedelta
from html import unescape
from itertools import pairwise
from uuid import UUID

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.workspace.pages import names, text
from workspace.actions.end_users import deactivate_end_user
from workspace.db import paging
from workspace.db.paging import Place, newest, numbered, numbered_list
from workspace.db.parameters import Literal
from workspace.events import SYSTEM
from workspace.forms import end_user_filter
from workspace.forms.end_user_filter import EndUserFilter
from workspace.models import ChangeEvent, EndUser, EndUserGroup, EnvironmentAccess, GroupMembership
from workspace.models.groups import member_counts
from workspace.models.imports import ImportedLine, PeopleImport

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


PAGES = [
    "end-users/",
    "end-users/?q=person",
    "end-users/?page=2",
    "end-users/?access=any",
    "end-users/?status=active",
    "end-users/?sort=-email",
    "end-users/?sort=access",
    "end-users/?sort=groups",
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
]


def test_a_page_among_many_takes_the_same_queries(acme, owner, crowd, query_count):
    groups = {name: getattr(acme, name).pk for name in ("support", "everyone", "engineering")}
    # Members are chosen for a group that no IdP manages.
    EndUserGroup.objects.filter(pk=acme.engineering.pk).update(source_kind="manual", source_id="")
    crowd(MANY)
    few = {path: query_count(owner, acme.url + path.format(**groups)) for path in PAGES}
    crowd(MANY)
    assert {path: query_count(owner, acme.url + path.format(**groups)) for path in PAGES} == few


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
    first = owner.get(f"{acme.url}end-users/")
    assert "1–50 of more than 100" in text(first)
    german = owner.get(f"{acme.url}end-users/", headers={"Accept-Language": "de"})
    assert "1–50 von mehr als 100" in text(german)
    second = owner.get(acme.url + "end-users/" + link(first, "next"))
    # The last page knows how many there are.
    last = owner.get(acme.url + "end-users/" + link(second, "next"))
    assert f"101–{MANY + 2} of {MANY + 2}" in text(last) and 'rel="next"' not in last.content.decode()
    assert names(owner.get(acme.url + "end-users/" + link(last, "prev"))) == names(second)
    assert link(second, "prev") == "?page=1"


def link(page, rel: str) -> str:
    return unescape(re.search(rf'rel="{rel}"\s+href="([^"]+)"', page.content.decode())[1])


WRONG = ["0", "-1", "4", "99999", "9" * 30, "²", "x", "", "1.after.x", "4.after.\0", f"4.before.{UUID(int=1)}"]


def test_a_place_of_no_page_opens_the_first(acme, owner, crowd):
    crowd(MANY)
    for place in WRONG:
        page = owner.get(f"{acme.url}end-users/", {"page": place})
        assert names(page)[0] == "Ada Winter", place


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (None, Place()),
        ("2", Place(2)),
        (f"3.after.{UUID(int=1)}", Place(3, "after", str(UUID(int=1)))),
        ("3.before.17", Place(3, "before", "17")),
        *((f"2{rest}", Place(2)) for rest in (".", ".after", ".after.", f".behind.{UUID(int=1)}", ".5")),
        (f"1.after.{UUID(int=1)}", Place()),
    ],
)
def test_a_place_is_written_as_it_is_read(text, place):
    assert Place.of(text) == place and Place.of(str(place)) == place


def test_a_number_far_from_the_start_reads_no_rows_to_skip_them(acme, crowd, monkeypatch):
    crowd(MANY)
    monkeypatch.setattr(paging, "COUNTED", 100)
    form = listed(acme, "")
    with CaptureQueriesContext(connection) as queries:
        assert numbered(form.listed, "3", parts=form.parts).number == 1
    assert not [each["sql"] for each in queries if "OFFSET" in each["sql"]]
    counts = [each["sql"] for each in queries if "COUNT(" in each["sql"]]
    assert len(counts) == 1 and "LIMIT 101" in counts[0]


@pytest.fixture(params=["few", "many"])
def is_few(request, monkeypatch):
    """Whether the people of a list are found by their ids, or in the order of an index."""
    if request.param == "many":
        monkeypatch.setattr(end_user_filter, "_FEW", 0)


@pytest.fixture
def mixed(acme, crowd):
    """People of all kinds: with and without address, access here and elsewhere, groups, and sign-ins."""
    crowd(10)
    people = list(EndUser.objects.order_by("pk"))
    for number, person in enumerate(people):
        person.full_name, person.status = f"Person {number % 5}", EndUser.Status.choices[number % 2][0]
        if number % 3 == 0:
            person.email = ""
        person.save()
        if number % 4 == 0:
            person.note_sign_in(timezone.now() - timedelta(days=number % 3))
    acme.dev.accesses.filter(end_user__in=people[::5]).delete()
    EnvironmentAccess.objects.bulk_create(
        EnvironmentAccess(end_user=person, environment=place)
        for place, some in ((acme.test, people[::2]), (acme.prod, people[1::3]))
        for person in some
    )
    GroupMembership.objects.filter(end_user__in=people[::4]).delete()
    GroupMembership.objects.bulk_create(GroupMembership(end_user=each, group=acme.engineering) for each in people[::6])
    return people


@pytest.mark.parametrize("sort", ["name", "email", "access", "groups", "provider", "sign-in", "status"])
def test_next_and_previous_lead_through_everybody_once(acme, mixed, is_few, monkeypatch, sort):
    monkeypatch.setattr(paging, "COUNTED", 3)
    for asked in (
        f"sort={sort}",
        f"sort=-{sort}&access=any",
        f"sort={sort}&access=none",
        f"sort=-{sort}&q=1&access=any",
    ):
        form = listed(acme, asked)
        everybody = [pk for part in form.parts() for pk in part.ids()]
        assert sorted(everybody) == sorted(form.people.values_list("pk", flat=True)) != []
        pages = [numbered(form.listed, "", 2, parts=form.parts)]
        while pages[-1].has_next:
            pages.append(numbered(form.listed, str(pages[-1].after), 2, parts=form.parts))
        assert [person.pk for page in pages for person in page.rows] == everybody
        for earlier, page in pairwise(pages):
            back = numbered(form.listed, str(page.before), 2, parts=form.parts)
            assert back.rows == earlier.rows and back.number == earlier.number and back.has_next


def test_a_page_whose_row_has_gone_is_found_by_its_number(acme, crowd, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 20)
    crowd(MANY)
    form = listed(acme, "")
    first = numbered(form.listed, "", 30, parts=form.parts)
    second = numbered(form.listed, str(first.after), 30, parts=form.parts)
    third = str(second.after)
    second.rows[-1].delete()
    form = listed(acme, "")
    page = numbered(form.listed, third, 30, parts=form.parts)
    assert (page.number, page.first) == (3, 61)
    assert [person.pk for person in page.rows] == list(form.people.values_list("pk", flat=True)[60:90])


def test_a_page_before_the_first_rows_is_the_first(acme, crowd):
    crowd(MANY)
    form = listed(acme, "")
    second = numbered(form.listed, "2", 30, parts=form.parts).rows[0]
    page = numbered(form.listed, f"3.before.{second.pk}", 40, parts=form.parts)
    assert page.number == 1 and len(page.rows) == 40


def test_groups_and_members_have_places_too(acme, owner, crowd, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 10)
    crowd(MANY)
    EndUserGroup.objects.bulk_create(
        EndUserGroup(environment=acme.dev, name=f"Group {n:03}", name_key=f"group {n:03}") for n in range(MANY)
    )
    for path in ("groups/", f"groups/{acme.support.pk}/", f"groups/{acme.everyone.pk}/"):
        first = owner.get(acme.url + path)
        second = owner.get(acme.url + path + link(first, "next"))
        assert "51–100 of more than 10" in text(second) and set(names(first)).isdisjoint(names(second))
        third = owner.get(acme.url + path + link(second, "next"))
        assert names(owner.get(acme.url + path + link(third, "prev"))) == names(second)


@pytest.mark.parametrize("counted", [3, 7, 8, 9, 1000])
def test_the_first_page_of_a_search_is_counted_by_the_read_that_finds_it(acme, crowd, monkeypatch, counted):
    monkeypatch.setattr(paging, "COUNTED", counted)
    crowd(8)
    for words, found in (("person", 8), ("person 5", 1), ("nobody", 0)):
        rows = acme.support.end_users.matching(words)
        for size in (2, 5, 8, 9):
            expected = numbered(rows, "", size)
            with CaptureQueriesContext(connection) as queries:
                page = numbered(rows, "", size, is_search=True)
            assert page == expected and page.total == (None if size < found > counted else found)
            assert len(queries) <= 2 and not any("COUNT(" in each["sql"] for each in queries)
            if page.has_next:
                second = str(page.after)
                assert numbered(rows, second, size, is_search=True) == numbered(rows, second, size)


@pytest.mark.parametrize("path", ["", "members/add/"])
def test_members_and_candidates_that_are_searched_for_are_read_once(acme, owner, crowd, path):
    crowd(MANY)
    group = EndUserGroup.objects.create(environment=acme.dev, name="New") if path else acme.support
    with CaptureQueriesContext(connection) as queries:
        page = owner.get(f"{acme.url}groups/{group.pk}/{path}?q=person")
    assert f"of {MANY}" in text(page)
    assert sum("search_key" in each["sql"].partition("WHERE")[2] for each in queries) == 1


def test_rows_with_numbers_as_ids_have_places_too(acme, monkeypatch):
    monkeypatch.setattr(paging, "COUNTED", 3)
    job = PeopleImport.objects.create(workspace=acme.workspace, environment=acme.dev, line_count=9)
    ImportedLine.objects.bulk_create(ImportedLine(people_import=job, number=n, outcome="create") for n in range(9))
    pages = [numbered(job.lines.all(), "", 2)]
    while pages[-1].has_next:
        pages.append(numbered(job.lines.all(), str(pages[-1].after), 2))
    assert [line.number for page in pages for line in page.rows] == list(range(9))
    assert numbered(job.lines.all(), str(pages[3].before), 2).rows == pages[2].rows
    for row in ("x", "9" * 30):
        assert numbered(job.lines.all(), f"9.after.{row}", 2).number == 1


@pytest.mark.parametrize("gone", [1, 2])
def test_a_page_lacks_rows_that_go_while_it_is_read(acme, monkeypatch, gone):
    read = paging._ids

    def meanwhile(*args):
        ids = read(*args)
        EndUserGroup.objects.filter(pk__in=ids[:gone]).delete()
        return ids

    rows = EndUserGroup.objects.filter(pk__in=[acme.support.pk, acme.engineering.pk])
    monkeypatch.setattr(paging, "_ids", meanwhile)
    page = numbered(rows, "1", 2)
    assert len(page.rows) == 2 - gone and page.before is None and str(page.after).startswith("2")


def test_a_page_keeps_filter_and_order_in_its_links(acme, owner, crowd):
    crowd(MANY)
    page = owner.get(f"{acme.url}end-users/?q=person&sort=-name")
    last = names(page)[-1]
    person = EndUser.objects.get(full_name=last)
    assert link(page, "next") == f"?q=person&sort=-name&page=2.after.{person.pk}"


def test_members_are_counted_once_however_many_sources_they_have(acme, crowd):
    crowd(10)
    GroupMembership.objects.create(group=acme.support, end_user=acme.ada, source_kind="jit", source_id="okta")
    for person in (acme.ada, acme.bo):
        EnvironmentAccess.objects.create(environment=acme.dev, end_user=person, source_kind="jit", source_id="okta")
    deactivate_end_user(end_user=acme.bo, by=SYSTEM)
    counts = member_counts([acme.support, acme.engineering, acme.everyone])
    assert counts == {acme.support.pk: 11, acme.engineering.pk: 1, acme.everyone.pk: 11}
    assert counts == {group.pk: group.end_users.count() for group in (acme.support, acme.engineering, acme.everyone)}


INDEXES = {
    "": "end_user_by_name",
    "q=person": "end_user_by_name",
    "access=any": "end_user_by_name",
    "sort=-name": "end_user_by_name",
    "status=active": "end_user_by_",
    "sort=email": "email",
    "sort=status": "end_user_by_status",
    "sort=sign-in": "end_user_by_last_sign_in",
    "sort=-sign-in": "end_user_by_last_sign_in",
    "sort=provider": "access_by_source",
    "sort=-provider": "access_by_source",
}


def test_the_list_is_read_in_the_order_of_an_index(acme, crowd):
    crowd(3_000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE workspace_enduser; ANALYZE workspace_environmentaccess")
    for query, index in INDEXES.items():
        plan = next(listed(acme, query).parts()).ids()[: paging.PAGE].explain()
        if connection.vendor == "postgresql":
            assert index in plan and not re.search(r"(?<!Incremental )Sort  \(", plan), query
        else:
            assert ("sqlite_autoindex_workspace_enduser" if index == "email" else index) in plan, query
            assert "TEMP B-TREE FOR ORDER BY" not in plan, query


def test_a_status_is_a_part_of_the_statement(acme):
    sql, values = listed(acme, "status=deactivated&access=any").people.query.sql_with_params()
    assert "'deactivated'" in sql and "deactivated" not in values
    with pytest.raises(ValueError, match="no word of ours"):
        str(EndUser.objects.filter(status=Literal("active' OR 'a")).query)


@pytest.mark.parametrize("way", ["", "-"])
def test_members_are_not_sorted_for_the_order_of_groups(acme, crowd, way):
    crowd(3_000)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    plan = next(listed(acme, f"sort={way}groups").parts()).ids(paging.PAGE).explain()
    assert not re.search("Sort Key:.*end_user_id|B-TREE", plan)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads the rows")
def test_a_search_on_sqlite_reads_the_index_alone(acme):
    for query in ("q=nobody", "status=deactivated&q=a", "sign_in=90"):
        people = listed(acme, f"{query}&access=any").people.values_list("pk")
        assert "COVERING INDEX end_user_by_name" in people[: paging.PAGE].explain()


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
