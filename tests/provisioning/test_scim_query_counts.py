"""How many queries a request takes: few, and as many in a large tenant and a large group as in small ones."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db

WRITE = re.compile(r'(?:INSERT INTO|UPDATE|DELETE FROM) "(\w+)"')

# Of each kind of request that the benchmark makes: queries, and statements that begin or end transactions.
MOST = {
    "create": (8, 2),
    "look-up": (3, 0),
    "get": (3, 0),
    "page": (5, 0),
    "page-deep": (5, 0),
    "page-last": (5, 0),
    "page-cursor": (4, 0),
    "active": (8, 2),
    "add-1-to-1": (10, 2),
    "add-1000": (12, 2),
    "group-read": (3, 0),
}
# PostgreSQL does what comes last by one statement.
if connection.vendor == "postgresql":
    MOST |= {"create": (2, 2), "active": (3, 0), "add-1-to-1": (4, 2), "add-1000": (9, 2)}


@pytest.fixture(scope="module")
def cleared(django_db_setup, django_db_blocker):
    """Clear the tables when this module's tests are done."""
    from tests.benchmarks.crowd import clear_rows_that_were_rolled_back

    yield
    with django_db_blocker.unblock():
        clear_rows_that_were_rolled_back()


@pytest.fixture
def crowd(cleared, scim):
    """A tenant of 150, all in one group."""
    from tests.benchmarks.crowd import Crowd

    crowd = Crowd(scim)
    crowd.grow(150)
    return crowd


def test_a_request_takes_as_many_queries_however_many_people_and_members_there_are(crowd):
    from tests.benchmarks.queries import count

    tenant = crowd.tenant(20)
    small = count(tenant, list(MOST))
    crowd.grow(2_000)
    assert count(crowd.grown(tenant), list(MOST)) == small
    for work, numbers in small.items():
        assert all(number <= most for number, most in zip(numbers, MOST[work], strict=True)), (work, numbers)
    assert small.keys() == MOST.keys()


def test_every_kind_of_request_of_the_benchmark_is_counted(crowd):
    from tests.benchmarks.works import works

    assert set(works(crowd.tenant(0))) == set(MOST)


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_a_put_that_changes_nothing_writes_its_log_row_alone(scim, kind):
    ada = scim.user()
    path = f"/{kind}/{ada if kind == 'Users' else scim.group(members=[ada])}"
    before = scim.get(path).body
    silent = {name: before[name] for name in before.keys() - {"id", "meta", "members", "active"}}
    for body in (before, silent):
        with CaptureQueriesContext(connection) as queries:
            answer = scim.put(path, body)
        assert (answer.status, answer.body) == (200, before)
        written = [found[1] for query in queries if (found := WRITE.match(query["sql"]))]
        assert written == ["provisioning_scimrequest"]
