"""Queries per request do not depend on how many people there are."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from provisioning.models import ProvisionedMembership, ProvisionedUser
from workspace.models import EndUser, EndUserGroup, GroupMembership

pytestmark = pytest.mark.django_db


def fill(scim, group, count):
    """Members of a group, made by the dozen."""
    row = scim.connection.groups.get(pk=group)
    workspace = scim.connection.environment.workspace
    start = EndUser.objects.count()
    people = EndUser.objects.bulk_create(
        EndUser(
            workspace=workspace,
            full_name=f"P{n}",
            name_key=f"p{n}",
            email=f"p{n}@x.example",
            email_key=f"p{n}@x.example",
        )
        for n in range(start, start + count)
    )
    users = ProvisionedUser.objects.bulk_create(
        ProvisionedUser(
            connection=scim.connection,
            end_user=one,
            user_name=one.email,
            user_name_key=one.email,
            document={"userName": one.email},
        )
        for one in people
    )
    ProvisionedMembership.objects.bulk_create(ProvisionedMembership(group=row, user=one) for one in users)
    GroupMembership.objects.bulk_create(
        GroupMembership(group=row.group, end_user=one, **row.source.fields()) for one in people
    )
    return [str(one.pk) for one in users]


@pytest.fixture
def queries(scim):
    """How many queries a request takes with 10 and with 500 members."""
    group = scim.group()
    ids = fill(scim, group, 10)

    def count(method, path, *bodies):
        numbers = []
        for body in bodies:
            with CaptureQueriesContext(
                database,
            ) as captured:
                answer = scim.call(method, path.format(group=group, user=ids[0]), body)
            assert answer.status < 300, answer.body
            numbers.append(len(captured))
            if len(numbers) == 1:
                ids.extend(fill(scim, group, 490))
        return numbers

    count.ids = ids
    return count


def members(op, *ids):
    return {"Operations": [{"op": op, "path": "members", "value": [{"value": pk} for pk in ids]}]}


def test_one_member(scim, queries):
    ada, bob = scim.user("ada"), scim.user("bob")
    before, after = queries("PATCH", "/Groups/{group}", members("add", ada), members("add", bob))
    assert before == after <= 14


def test_a_member_goes(scim, queries):
    before, after = queries(
        "PATCH", "/Groups/{group}", members("remove", queries.ids[1]), members("remove", queries.ids[2])
    )
    assert before == after <= 15


def test_many_members_at_once(scim, queries):
    many = [scim.user(f"u{n}") for n in range(20)]
    before, after = queries("PATCH", "/Groups/{group}", members("add", many[0]), members("add", *many[1:]))
    assert before == after


def test_a_member_patch_reads_no_other_member(scim, queries):
    ada = scim.user()
    group = EndUserGroup.objects.get(name="Engineers").provisioned.get()
    with CaptureQueriesContext(database) as captured:
        scim.call("PATCH", f"/Groups/{group.pk}", members("add", ada))
    assert not [query for query in captured if queries.ids[0].replace("-", "") in query["sql"].replace("-", "")]


def test_lists(scim, queries):
    for path in (
        "/Users",
        "/Users?count=200",
        "/Groups",
        '/Users?filter=userName eq "p1@x.example"',
        "/Groups/{group}",
        "/Users/{user}",
    ):
        before, after = queries("GET", path, None, None)
        assert abs(before - after) <= 1, path  # a page that is not full needs no count
        assert after <= 6


def test_excluded_members_are_not_read(scim, queries):
    with CaptureQueriesContext(database) as captured:
        queries("GET", "/Groups?excludedAttributes=members", None)
    requested = [query["sql"] for query in captured if query["sql"].startswith("SELECT")]
    assert not [sql for sql in requested if "provisionedmembership" in sql]


def test_a_look_up_takes_one_query(scim, queries, django_assert_num_queries):
    with django_assert_num_queries(4):  # token, users, their groups, log
        scim.get('/Users?filter=userName eq "p1@x.example"&count=100')
