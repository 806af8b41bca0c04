"""What identity providers look up is found by an index, among 20,000 users: plans of the very statements that run."""

import json
import re
from datetime import UTC, datetime

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from provisioning.search import kinds, memberships

USERS = 20_000
PEOPLE = {"provisioning_provisioneduser", "provisioning_provisionedemail"}


@pytest.fixture(scope="module")
def crowded(django_db_setup, django_db_blocker):
    """A connection that has so many users, copies of one that was pushed, and the database's statistics of them."""
    from tests.benchmarks.crowd import Crowd, clear_rows_that_were_rolled_back
    from tests.scim import Scim, make_connection

    with django_db_blocker.unblock(), transaction.atomic():
        Scim(make_connection("globex")).user()
        crowd = Crowd(Scim(make_connection()))
        crowd.grow(USERS)
        connection.check_constraints()
        yield crowd
        transaction.set_rollback(True)
    with django_db_blocker.unblock():
        clear_rows_that_were_rolled_back()


@pytest.fixture
def many(crowded, db):
    """The same for one test."""
    return crowded


def test_a_copied_user_is_answered_like_the_pushed_one(many):
    pushed, copy = (many.scim.get(f"/Users/{pk}").body for pk in (many.pushed, many.users[7]))
    alike = json.loads(json.dumps(copy).replace("0000007", "template").replace(copy["id"], pushed["id"]))
    for answer in (alike, pushed):
        del answer["meta"]["created"], answer["meta"]["lastModified"]
    assert alike == pushed


# By the column that an index is searched for.
LOOK_UPS = {
    'userName eq "Person.0000123@example.com"': "user_name_key",
    'userName eq "person.0000123@example.com" and active eq true': "user_name_key",
    'externalId eq "00u0000123"': "external_id",
    'emails.value eq "person.0000123@example.com"': "value_key",
    'emails[type eq "work" and value eq "person.0000123@example.com"]': "value_key",
    'emails[type eq "work"].value eq "person.0000123@example.com"': "value_key",
    'displayName eq "person number 0000123"': "display_name_key",
}
RANGES = {
    'userName sw "Person.0000123"': "user_name_key",
    'userName ge "person.0000123" and userName lt "person.0000124"': "user_name_key",
    'externalId sw "00u0000123"': "external_id",
    'emails.value sw "person.0000123@"': "value_key",
    'emails[type eq "work" and value sw "person.0000123@"]': "value_key",
    'displayName sw "person number 0000123"': "display_name_key",
}


@pytest.mark.parametrize("text", LOOK_UPS)
def test_a_look_up_reads_only_what_its_index_finds(many, text):
    found, plans = _asked(many.scim, {"filter": text})
    assert [user["userName"] for user in found["Resources"]] == ["person.0000123@example.com"]
    _assert_searched(plans, LOOK_UPS[text])


@pytest.mark.parametrize("text", RANGES)
def test_what_begins_so_is_found_by_an_index(many, text):
    found, plans = _asked(many.scim, {"filter": text})
    assert [user["userName"] for user in found["Resources"]] == ["person.0000123@example.com"]
    for steps in plans:
        searched, whole, _ = _read(steps)
        assert re.search(rf"\b{RANGES[text]}\b[^=]*[<>]", searched), steps
        assert not whole, steps


def test_who_changed_lately_is_found_by_the_index_of_changes(many):
    moment = datetime(2026, 1, 1, 0, 0, USERS // 1000, tzinfo=UTC)
    found, plans = _asked(many.scim, {"filter": f'meta.lastModified ge "{moment.isoformat()}"'})
    assert [user["id"] for user in found["Resources"]] == [many.pushed]
    # SQLite does not know how few these are, and rather walks the connection's users in the order of the answer.
    _assert_searched(plans, "updated_at" if connection.vendor == "postgresql" else "connection_id")


def test_a_page_by_number_walks_an_index_instead_of_sorting(many):
    found, plans = _asked(many.scim, {"startIndex": "5001", "count": "100"})
    assert len(found["Resources"]) == 100
    _, whole, is_sorted = _read(plans[0])
    assert not whole and not is_sorted, plans[0]


@pytest.mark.parametrize(("order", "column"), [("id", "id"), ("displayName", "display_name_key")])
def test_a_page_far_from_the_start_is_counted_off_in_an_index_alone(many, order, column):
    found, plans = _asked(many.scim, {"startIndex": "5001", "count": "100", "sortBy": order})
    expected = many.scim.connection.users.order_by(column, "id")[5000:5100]
    assert [user["id"] for user in found["Resources"]] == [str(row.pk) for row in expected]
    _, whole, _ = _read(plans[0])
    assert not whole, plans[0]
    # PostgreSQL reads no rows either once it has vacuumed, which it does not within the transaction of these tests.
    assert connection.vendor == "postgresql" or any("COVERING INDEX" in step for step in plans[0]), plans[0]


@pytest.mark.parametrize(
    ("order", "column"),
    [({}, "id"), ({"sortBy": "userName"}, "user_name_key"), ({"sortBy": "displayName"}, "display_name_key")],
    ids=["id", "userName", "displayName"],
)
def test_a_page_by_cursor_begins_in_an_index_where_the_one_before_ended(many, order, column):
    first, _ = _asked(many.scim, {"cursor": "", "count": "100", **order})
    found, plans = _asked(many.scim, {"cursor": first["nextCursor"], "count": "100", **order})
    assert len(found["Resources"]) == 100
    _assert_searched(plans, column)


def test_groups_of_a_page_are_found_by_an_index(many):
    scim = many.scim
    with CaptureQueriesContext(connection) as captured:
        assert scim.get("/Users?count=100").status == 200
    (sql,) = [each["sql"] for each in captured if 'FROM "provisioning_provisionedmembership"' in each["sql"]]
    searched, whole, _ = _read(_plan(sql))
    assert "user_id" in searched and not whole, _plan(sql)


PREPARED = {
    "by id": lambda pk, user: (kinds.USERS.by_id, pk, user),
    "by name": lambda pk, user: (kinds.USERS.look_ups["username"].query, pk, "person.0000123@example.com"),
    "by externalId": lambda pk, user: (kinds.USERS.look_ups["externalid"].query, pk, "00u0000123"),
    "by number": lambda pk, user: (kinds.USERS.numbered, pk, user, 4_000, 100),
    "up to an id": lambda pk, user: (kinds.USERS.number_up_to, pk, user),
    "after an id": lambda pk, user: (kinds.USERS.following, pk, user, 100),
    "groups": lambda pk, user: (memberships.of_users, [user] * 100),
}


@pytest.mark.parametrize("name", PREPARED)
def test_a_plan_that_postgresql_keeps_for_any_values_searches_indexes(many, name):
    if connection.vendor != "postgresql":
        return  # SQLite keeps no plans
    prepared, *values = PREPARED[name](many.scim.connection.pk, many.users[5])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        for _ in range(7):  # psycopg prepares what has run five times
            assert prepared(*values)
        cursor.execute("SELECT name, statement FROM pg_prepared_statements ORDER BY prepare_time DESC LIMIT 1")
        kept, sql = cursor.fetchone()
        assert "provisioning_" in sql
        marks = ", ".join(["NULL"] * len(set(re.findall(r"\$\d+", sql))))
        cursor.execute(f"EXPLAIN (FORMAT JSON) EXECUTE {kept}({marks})")
        steps = list(_nodes(json.loads(json.dumps(cursor.fetchone()[0]))[0]["Plan"]))
    searched, whole, is_sorted = _read(steps)
    assert searched and not whole and not is_sorted, steps


def _asked(scim, parameters):
    """The answer, and how the database finds the people of each statement that reads some."""
    with CaptureQueriesContext(connection) as captured:
        response = scim.client.get(f"{scim.base}/Users", parameters, headers={"Authorization": f"Bearer {scim.token}"})
    assert response.status_code == 200, response.content
    read = [
        query["sql"] for query in captured if re.search(r'^SELECT .*FROM "provisioning_provisioneduser"', query["sql"])
    ]
    assert read
    return response.json(), [_plan(sql) for sql in read]


def _plan(sql):
    """The steps that the database would take."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql.replace('%', '%%')}")
            return list(_nodes(json.loads(json.dumps(cursor.fetchone()[0]))[0]["Plan"]))
        cursor.execute(f"EXPLAIN QUERY PLAN {sql.replace('%', '%%')}")
        return [row[3] for row in cursor.fetchall()]


def _nodes(plan):
    yield plan
    for inner in plan.get("Plans", []):
        yield from _nodes(inner)


def _assert_searched(plans, column):
    """Every statement searches an index for this column; none reads a table of people whole, or sorts the people."""
    for steps in plans:
        searched, whole, is_sorted = _read(steps)
        assert re.search(rf"\b{column}\b", searched), steps
        assert not whole, steps
        assert not is_sorted, steps


def _read(steps):
    """What indexes are searched for, which tables of people are read whole, and whether many rows are sorted."""
    if connection.vendor == "postgresql":
        searched = "\n".join(step.get("Index Cond", "") for step in steps)
        whole = {step["Relation Name"] for step in steps if step["Node Type"] == "Seq Scan"} & PEOPLE
        return searched, whole, any(step["Node Type"] == "Sort" and step["Plan Rows"] > 1000 for step in steps)
    searched = "\n".join(step for step in steps if step.startswith("SEARCH"))
    whole = [step for step in steps if re.match(r"SCAN (provisioning_\w+|U\d)(?!.* INDEX)", step)]
    return searched, whole, any("FOR ORDER BY" in step for step in steps)
