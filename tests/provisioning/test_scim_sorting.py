"""sortBy and sortOrder (RFC 7644 section 3.4.2.3)."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from tests.scim import ENTERPRISE, SEARCH, USER

pytestmark = pytest.mark.django_db


def user(scim, user_name, **fields):
    """A user with nothing but what is given."""
    emails = [{"value": f"{user_name}@example.com"}]
    answer = scim.post("/Users", {"schemas": [USER], "userName": user_name, "emails": emails} | fields)
    assert answer.status == 201, answer.body
    return answer.body["id"]


@pytest.fixture
def people(scim):
    """Four users, made in another order than any they are sorted by; dora has nothing optional."""
    fields = {
        "cleo": {
            "externalId": "b",
            "displayName": "Beta",
            "title": "chief",
            "name": {"familyName": "Zorn"},
            "emails": [
                {"value": "b@example.com", "type": "home"},
                {"value": "a@example.com", "primary": True, "type": "work"},
            ],
            "active": False,
            ENTERPRISE: {"department": "Sales", "manager": {"value": "2"}},
        },
        "ada": {
            "externalId": "a",
            "displayName": "gamma",
            "title": "Boss",
            "name": {"familyName": "abel"},
            "emails": [{"value": "C@example.com", "type": "other"}, {"value": "x@example.com"}],
            ENTERPRISE: {"department": "analysis", "manager": {"value": "1"}},
        },
        "Dora": {},
        "bob": {
            "externalId": "B",
            "displayName": "ALPHA",
            "title": "agent",
            "name": {"familyName": "Miller"},
            "emails": [{"value": "b@example.org", "type": "work"}],
            ENTERPRISE: {"department": "Press", "manager": {"value": "3"}},
        },
    }
    return {name: user(scim, name, **more) for name, more in fields.items()}


def order(scim, sort_by, sort_order=None, **more):
    asked = {"schemas": [SEARCH], "sortBy": sort_by, "sortOrder": sort_order} | more
    answer = scim.post("/Users/.search", asked)
    assert answer.status == 200, answer.body
    return " ".join(found["userName"] for found in answer.body["Resources"])


CASES = [
    ("userName", "ada bob cleo Dora"),
    ("USERNAME", "ada bob cleo Dora"),
    (f"{USER}:userName", "ada bob cleo Dora"),
    ("displayName", "bob cleo ada Dora"),
    ("title", "bob ada cleo Dora"),
    ("name.familyName", "ada bob cleo Dora"),
    ("emails", "cleo bob ada Dora"),  # the primary one, else the first
    ("emails.value", "cleo bob ada Dora"),
    ("emails.type", "ada cleo bob Dora"),  # work twice: the older one first
    (f"{ENTERPRISE}:department", "ada bob cleo Dora"),
    (f"{ENTERPRISE}:manager.value", "ada cleo bob Dora"),
    ("meta.created", "cleo ada Dora bob"),
    ("meta.lastModified", "cleo ada Dora bob"),
    ("id", "cleo ada Dora bob"),
    ("meta.resourceType", "cleo ada Dora bob"),
    ("active", "cleo ada Dora bob"),
    ("photos.value", "cleo ada Dora bob"),
    ("groups.value", "cleo ada Dora bob"),
]


@pytest.mark.parametrize(("sort_by", "names"), CASES)
def test_order(scim, people, sort_by, names):
    assert order(scim, sort_by) == order(scim, sort_by, "ascending") == names
    assert order(scim, sort_by, "Descending") == " ".join(reversed(names.split()))


@pytest.mark.parametrize(("sort_by", "names"), CASES)
@pytest.mark.parametrize("sort_order", ["ascending", "descending"])
def test_pages_are_parts_of_the_whole_order(scim, people, sort_by, names, sort_order):
    expected = names.split() if sort_order == "ascending" else names.split()[::-1]
    for count in (1, 2, 3):
        pages = [
            scim.get(f"/Users?sortBy={sort_by}&sortOrder={sort_order}&startIndex={start}&count={count}").body
            for start in range(1, 6, count)
        ]
        assert [one["userName"] for page in pages for one in page["Resources"]] == expected
        assert {page["totalResults"] for page in pages} == {4}


def test_external_ids_are_exact(scim, people):
    found = order(scim, "externalId").split()
    assert found[-1] == "Dora"
    assert found.index("ada") < found.index("cleo")
    assert sorted(found) == sorted(people)


def test_equal_values_keep_the_order_of_ids(scim):
    for name in ("c", "a", "b"):
        user(scim, name, title="Same")
    assert order(scim, "title") == "c a b"
    assert order(scim, "title", "descending") == "b a c"


def test_with_a_filter(scim, people):
    assert order(scim, "displayName", filter="title pr") == "bob cleo ada"
    assert order(scim, "displayName", filter='not (title eq "boss")', count=2) == "bob cleo"


def test_users_sort_by_their_first_group(scim, people):
    scim.group("Zeta", [people["bob"]])
    scim.group("Alpha", [people["cleo"], people["bob"]])
    assert order(scim, "groups.display") == "cleo bob ada Dora"


def test_groups(scim, people):
    names = {
        scim.group("beta", [people["bob"]]): "beta",
        scim.group("Alpha", [people["ada"]]): "Alpha",
        scim.group("Gamma"): "Gamma",
    }

    def found(query):
        return " ".join(names[group["id"]] for group in scim.get(f"/Groups?{query}").body["Resources"])

    assert found("sortBy=displayName") == "Alpha beta Gamma"
    assert found("sortBy=displayName&sortOrder=descending&count=2") == "Gamma beta"
    assert found("sortBy=members.value") == "Alpha beta Gamma"  # ada is older than bob
    assert found("sortBy=externalId&startIndex=2") == "Alpha Gamma"


def test_sort_order_alone_changes_nothing(scim, people):
    listed = scim.get("/Users").body
    assert scim.get("/Users?sortOrder=descending").body == listed
    assert scim.get("/Users?sortBy=&sortOrder=ascending").body == listed


@pytest.mark.parametrize(
    ("query", "scim_type"),
    [
        ("sortBy=colour", "invalidPath"),
        ("sortBy=userName.x", "invalidPath"),
        ("sortBy=emails.colour", "invalidPath"),
        ('sortBy=emails[type eq "work"]', "invalidPath"),
        ("sortBy=name", "invalidPath"),
        ("sortBy=meta", "invalidPath"),
        ("sortBy=addresses", "invalidPath"),
        ("sortBy=password", "invalidPath"),
        ("sortBy=x509Certificates.value", "invalidPath"),
        (f"sortBy={ENTERPRISE}:manager", "invalidPath"),
        ("sortBy=userName&sortOrder=up", "invalidValue"),
    ],
)
def test_refused(scim, people, query, scim_type):
    answer = scim.get(f"/Users?{query}")
    assert (answer.status, answer.body["scimType"]) == (400, scim_type)


def test_a_search_in_everything_is_not_sorted(scim, people):
    answer = scim.post("/.search", {"schemas": [SEARCH], "sortBy": "displayName"})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert "/Users/.search" in answer.body["detail"]
    assert scim.post("/Users/.search", {"sortBy": 5}).body["scimType"] == "invalidPath"


def test_only_our_own(scim, other, people):
    user(other, "aaron", externalId="0", displayName="Aaron", title="a")
    for sort_by in ("userName", "externalId", "displayName", "title", "emails", "meta.lastModified"):
        assert sorted(order(scim, sort_by).split()) == sorted(people)


def test_the_cost_does_not_depend_on_how_many_there_are(scim, people):
    def cost(query):
        with CaptureQueriesContext(database) as captured:
            assert scim.get(f"/Users?{query}").status == 200
        return len(captured)

    queries = [f"sortBy={path}&count=2" for path, _ in CASES]
    before = [cost(query) for query in queries]
    for number in range(30):
        user(scim, f"u{number:02}", displayName=f"Delta {number:02}", title="t")
    assert [cost(query) for query in queries] == before
    assert max(before) <= 6  # token, page, its groups, two counts, log


@pytest.mark.parametrize(
    ("sort_by", "index"),
    [
        ("userName", "scim_user_name_unique"),
        ("externalId", "scim_user_by_external_id"),
        ("displayName", "scim_user_by_display_name"),
        ("meta.lastModified", "scim_user_by_change"),
    ],
)
@pytest.mark.parametrize("sort_order", ["ascending", "descending"])
def test_common_orders_are_read_from_an_index(scim, sort_by, index, sort_order):
    scim.user()
    with CaptureQueriesContext(database) as captured:
        scim.get(f"/Users?sortBy={sort_by}&sortOrder={sort_order}&count=2")
    [listed] = [query["sql"] for query in captured if "sort_key" in query["sql"] and "ORDER BY" in query["sql"]]
    with database.cursor() as cursor:
        if database.vendor == "sqlite":
            cursor.execute(f"EXPLAIN QUERY PLAN {listed}")
            assert "TEMP B-TREE FOR ORDER BY" not in str(cursor.fetchall())
            return
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {listed}")
        assert f" using {index} " in str(cursor.fetchall())
