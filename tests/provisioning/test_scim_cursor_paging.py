"""Paging by cursor (RFC 9865)."""

import re

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from provisioning.search import cursors
from tests.scim import SEARCH, Scim, make_connection, okta_user
from workspace import crypto

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(scim):
    """Seven users in the order of their ids; every second one has a title."""
    more = [{"title": f"T{9 - number}"} if number % 2 else {} for number in range(7)]
    return [scim.user(f"{'gfedcba'[number]}{number}", **fields) for number, fields in enumerate(more)]


def pages(scim, path="/Users", **asked):
    """All pages from an empty cursor on, after a look that each says what it must."""
    cursor, found = "", []
    while True:
        answer = scim.post(f"{path}/.search", {"schemas": [SEARCH], "cursor": cursor} | asked)
        assert answer.status == 200, answer.body
        body = answer.body
        assert "startIndex" not in body
        assert body["itemsPerPage"] == len(body["Resources"])
        found.append(body)
        if "nextCursor" not in body:
            assert {page["totalResults"] for page in found} == {sum(page["itemsPerPage"] for page in found)}
            return [[one["id"] for one in page["Resources"]] for page in found]
        cursor = body["nextCursor"]


def flat(lists):
    return [one for page in lists for one in page]


def refused(answer, scim_type):
    assert (answer.status, answer.body.get("scimType")) == (400, scim_type), answer.body
    return True


def next_cursor(scim, query="count=2"):
    return scim.get(f"/Users?cursor&{query}").body["nextCursor"]


@pytest.mark.parametrize("count", [1, 2, 3, 6, 7, 8, None])
def test_pages_follow_each_other(scim, people, count):
    found = pages(scim, count=count)
    assert flat(found) == people
    assert [len(page) for page in found[:-1]] == [count] * (len(found) - 1)


def test_by_get_as_by_search(scim, people):
    first = scim.get("/Users?cursor=&count=4").body
    second = scim.get(f"/Users?cursor={first['nextCursor']}&count=4").body
    assert [one["id"] for one in first["Resources"] + second["Resources"]] == people
    assert re.fullmatch(r"[A-Za-z0-9\-._~]+", first["nextCursor"])
    assert "nextCursor" not in second


@pytest.mark.parametrize("sort_order", ["ascending", "descending"])
@pytest.mark.parametrize(
    "sort_by",
    ["userName", "displayName", "title", "externalId", "emails", "active", "id", "meta.lastModified", "groups.display"],
)
def test_pages_follow_each_other_in_any_order(scim, people, sort_by, sort_order):
    scim.group("B", people[:2])
    scim.group("A", people[1:4])
    asked = {"sortBy": sort_by, "sortOrder": sort_order}
    expected = [one["id"] for one in scim.post("/Users/.search", asked).body["Resources"]]
    for count in (1, 2, 3):
        assert flat(pages(scim, count=count, **asked)) == expected


def test_with_a_filter(scim, people):
    assert flat(pages(scim, filter="title pr", count=2)) == people[1::2]
    assert pages(scim, filter='title eq "nobody"') == [[]]


def test_groups_and_everything(scim, people):
    groups = [scim.group(f"G{number}") for number in range(3)]
    assert pages(scim, "/Groups", count=2) == [groups[:2], groups[2:]]
    assert pages(scim, "", count=4) == [people[:4], [*people[4:], groups[0]], groups[1:]]


def test_a_page_of_nothing_only_counts(scim, people):
    body = scim.get("/Users?cursor&count=0").body
    assert (body["totalResults"], body["Resources"], body.get("nextCursor")) == (7, [], None)


def test_what_comes_and_goes_between_pages_moves_nobody_else(scim, people):
    cursor = next_cursor(scim, "count=3")
    scim.delete(f"/Users/{people[0]}"), scim.delete(f"/Users/{people[2]}")
    late = scim.user("late")
    body = scim.get(f"/Users?cursor={cursor}&count=3").body
    assert [one["id"] for one in body["Resources"]] == people[3:6]
    body = scim.get(f"/Users?cursor={body['nextCursor']}&count=3").body
    assert [one["id"] for one in body["Resources"]] == [people[6], late]


def test_numbered_pages_stay_the_default(scim, people):
    body = scim.get("/Users?count=2").body
    assert (body["startIndex"], "nextCursor" in body) == (1, False)


def test_no_other_connection_can_use_a_cursor(scim, other, people):
    cursor = next_cursor(scim)
    neighbour = Scim(make_connection("acme", "Entra Dev"))
    answers = []
    for stranger in (other, neighbour):
        [stranger.user(f"x{number}") for number in range(4)]
        answers.append(stranger.get(f"/Users?cursor={cursor}&count=2"))
        answers.append(stranger.get("/Users?cursor=nonsense&count=2"))
    assert all(refused(answer, "invalidCursor") for answer in answers)
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("change", [{"filter": "title pr"}, {"sortBy": "userName"}, {"path": "/Groups"}, {"path": ""}])
def test_a_cursor_belongs_to_its_list(scim, people, change):
    body = {"cursor": next_cursor(scim), "count": 2} | change
    assert refused(scim.post(f"{body.pop('path', '/Users')}/.search", body), "invalidCursor")


def test_a_cursor_belongs_to_its_direction(scim, people):
    cursor = next_cursor(scim, "count=2&sortBy=title")
    assert scim.get(f"/Users?count=2&sortBy=TITLE&cursor={cursor}").status == 200
    assert refused(scim.get(f"/Users?count=2&sortBy=title&sortOrder=descending&cursor={cursor}"), "invalidCursor")


def test_altered_cursors(scim, people):
    cursor = next_cursor(scim)
    swapped = cursor[:60] + ("A" if cursor[60] != "A" else "B") + cursor[61:]
    sealed = crypto.seal("scim_abc_token").rstrip("=").replace("+", "-").replace("/", "_")
    for bad in (swapped, cursor[:20], cursor[:4], cursor + "AAAA", "x", "ä", "%00", "-", sealed, cursor[:-8]):
        assert refused(scim.get(f"/Users?count=2&cursor={bad}"), "invalidCursor")
    assert refused(scim.post("/Users/.search", {"cursor": 5}), "invalidCursor")


def test_two_cursors_of_one_place_differ(scim, people):
    assert next_cursor(scim) != next_cursor(scim)


def test_cursors_expire(scim, people, monkeypatch):
    cursor = next_cursor(scim)
    monkeypatch.setattr(cursors, "LIFETIME", -1)
    assert refused(scim.get(f"/Users?count=2&cursor={cursor}"), "expiredCursor")


def test_counts(scim, people):
    for bad in ("x", "1.5", "9" * 5000):
        assert refused(scim.get(f"/Users?cursor&count={bad}"), "invalidCount")
    assert scim.get("/Users?cursor&count=9999").body["itemsPerPage"] == 7
    assert scim.get("/Users?cursor&count=-5").body["Resources"] == []


def test_another_count_on_a_later_page_is_tolerated_but_not_by_a_strict_connection(scim, people):
    cursor = next_cursor(scim)
    assert scim.get(f"/Users?cursor={cursor}&count=3").body["itemsPerPage"] == 3
    assert scim.connection.requests.latest("id").notes == ["count is not that of the first page"]
    scim.connection.is_strict = True
    scim.connection.save()
    assert refused(scim.get(f"/Users?cursor={cursor}&count=3"), "invalidCount")
    assert refused(scim.get("/Users?cursor&startIndex=1"), "invalidValue")


def test_a_number_beside_a_cursor_says_nothing(scim, people):
    body = scim.get("/Users?cursor&startIndex=5&count=2").body
    assert [one["id"] for one in body["Resources"]] == people[:2]
    assert scim.connection.requests.latest("id").notes == ["Ignored the startIndex beside a cursor"]


def test_long_values_fit_into_a_cursor(scim):
    for number in range(3):
        assert scim.post("/Users", okta_user(f"u{number}", title="é" * 40_000 + str(number))).status == 201
    cursor = next_cursor(scim, "count=1&sortBy=title")
    assert len(cursor) < 2000
    assert scim.get(f"/Users?sortBy=title&count=1&cursor={cursor}").body["Resources"][0]["userName"] == "u1@example.com"


def test_the_cost_does_not_depend_on_the_depth(scim, people):
    for number in range(30):
        scim.user(f"u{number}")

    def cost(cursor):
        with CaptureQueriesContext(database) as captured:
            body = scim.get(f"/Users?cursor={cursor}&count=5").body
        return len(captured), [query["sql"] for query in captured], body.get("nextCursor")

    first, _, cursor = cost("")
    later = []
    while cursor:
        number, statements, cursor = cost(cursor)
        later.append(number)
        assert not [sql for sql in statements if "OFFSET" in sql or "COUNT(" in sql]
    assert set(later) == {first - 1}  # only the first page counts
    assert first <= 5
