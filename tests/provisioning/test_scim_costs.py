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
    before, after = queries("PATCH", "/Groups/{group}", members("add", *many[:2]), members("add", *many[2:]))
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
    with django_assert_num_queries(3):  # token, users with their groups, log
        scim.get('/Users?filter=userName eq "p1@x.example"&count=100')


def test_c8_a_member_an_operation_takes_as_many_queries_as_all_in_one(scim, queries):
    """As authentik syncs a group: as many operations as are advertised, with a member each."""
    group = scim.group("Crowd")
    inside, outside = fill(scim, group, 600), fill(scim, group, 600)
    path = f"/Groups/{group}"
    scim.patch(path, *members("remove", *outside)["Operations"])
    leave = [members("remove", pk)["Operations"][0] for pk in inside[:500]]
    come = [members("add", pk)["Operations"][0] for pk in outside[:500]]
    mixed = [operation for pair in zip(come, leave, strict=True) for operation in pair]
    with CaptureQueriesContext(database) as many:
        assert scim.patch(path, *mixed).status == 204
    shown = {member["value"] for member in scim.get(path).body["members"]}
    assert shown == {*inside[500:], *outside[:500]}
    back = [members("add", *inside[:500]), members("remove", *outside[:500])]
    with CaptureQueriesContext(database) as few:
        assert scim.patch(path, *(operation for body in back for operation in body["Operations"])).status == 204
    assert len(many) == len(few) <= 22
    assert {member["value"] for member in scim.get(path).body["members"]} == set(inside)


def test_c8_operations_on_members_count_in_their_order(scim, queries):
    group = scim.group("Crowd")
    ids = fill(scim, group, 100)
    path = f"/Groups/{group}"
    add, remove = ({"op": op, "path": "members"} for op in ("add", "remove"))
    rename = [{"op": "replace", "path": "displayName", "value": f"Crowd {n}"} for n in range(100)]
    mixed = [
        *({"op": "remove", "path": f'members[value eq "{pk}"]'} for pk in ids[:50]),
        *rename,
        *({**add, "value": [{"value": pk}]} for pk in ids[:100]),
        *({**remove, "value": [{"value": pk}]} for pk in ids[10:20]),
        {"op": "replace", "path": "members", "value": [{"value": pk} for pk in ids[5:60]]},
        *({**remove, "value": [{"value": pk}]} for pk in ids[20:30]),
        *({**add, "value": [{"value": pk}]} for pk in ids[25:28]),
        {
            "op": "remove",
            "path": f'members[value ne "{ids[7]}" and not (value eq "{ids[26]}" or value eq "{ids[99]}")]',
        },
        *({**add, "value": {"value": pk}} for pk in ids[80:]),
    ]
    assert scim.patch(path, *mixed).status == 204
    shown = scim.get(path).body
    assert {member["value"] for member in shown["members"]} == {ids[7], ids[26], *ids[80:]}
    assert shown["displayName"] == "Crowd 99"
    ten_thousand = [members("remove", *(f"{n}-{m}" for m in range(10)))["Operations"][0] for n in range(1000)]
    assert scim.patch(path, *ten_thousand).status == 204
    assert scim.patch(path, *ten_thousand[:-1], members("remove", *map(str, range(11)))["Operations"][0]).status == 413
    answer = scim.patch(path, *ten_thousand, ten_thousand[0])
    assert (answer.status, answer.body["detail"]) == (413, "Send at most 1,000 operations in one request.")
    assert scim.get(path).body == shown
