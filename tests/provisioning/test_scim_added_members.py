"""Requests that only add members go side by side, and write what a request writes that has the group alone."""

from uuid import uuid4

import pytest
from django.db import connection as database
from django.db import transaction

from provisioning.actions.locks import lock_group_alone, lock_group_to_add
from provisioning.models import ProvisionedGroup, ProvisionedMembership, ScimRequest
from tests.provisioning import mapped
from tests.provisioning.races import at_once, held
from tests.scim import PATCH_OP, Scim
from workspace.models import ChangeEvent, ChangeSubject, EndUserGroup, EnvironmentAccess, GroupMembership

TABLES = [ProvisionedGroup, ProvisionedMembership, EndUserGroup, GroupMembership, EnvironmentAccess, ChangeEvent,
          ChangeSubject, ScimRequest]  # fmt: skip
# New in each run.
OWN = {"at", "created_at", "updated_at", "synced_at", "duration_ms", "request_id", "event_id"}


def add(*ids):
    return {"op": "add", "path": "members", "value": [{"value": pk} for pk in ids]}


def rows():
    """All rows as columns, without what is new in each run."""
    found = {}
    for model in TABLES:
        has_own_id = model not in (ProvisionedGroup, EndUserGroup)
        left_out = OWN | ({"id"} if has_own_id else set())
        names = [field.attname for field in model._meta.concrete_fields if field.attname not in left_out]
        found[model.__name__] = sorted(map(str, model.objects.order_by().values_list(*names)))
    return found


def after(scim, path, *operations, **headers):
    """The answer to a PATCH and the rows after it, in a transaction that is rolled back."""
    with transaction.atomic():
        answer = scim.patch(path, *operations, **headers)
        found = rows()
        transaction.set_rollback(True)
    return (answer.status, answer.headers.get("ETag"), answer.body), found


@pytest.mark.django_db
@pytest.mark.parametrize("what", ["own group", "mapped", "only mapped", "Everyone"])
def test_the_same_rows_are_written_side_by_side_as_alone(scim, what):
    ada, bob, cy = scim.user("ada"), scim.user("bob"), scim.user("cy")
    group = scim.group("Everyone" if what == "Everyone" else "Engineers", [cy])
    if what == "only mapped":
        type(scim.connection).objects.update(only_mapped=True)
    if "mapped" in what:
        environment = scim.connection.environment
        mapped.add(scim, "Engineers", EndUserGroup.objects.create(environment=environment, name="Builders"))
    path = f"/Groups/{group}"
    for operations in (
        [add(ada)],
        [add(ada, bob)],
        [add(ada, cy), add(bob)],
        [add(cy)],
        [add(ada.upper(), ada)],
        [{"op": "remove", "path": f'members[value eq "{ada}"]'}, add(ada)],
        [add("unknown")],
        [add(group)],
        [add(*map(str, range(2_000)))],
    ):
        assert after(scim, path, *operations) == after(scim, path, *operations, If_Match="*")
    elsewhere = f"/Groups/{ada}"
    assert after(scim, elsewhere, add("unknown")) == after(scim, elsewhere, add("unknown"), If_Match="*")


@pytest.mark.django_db
def test_a_foreign_group_is_unknown_to_who_adds(scim, other):
    foreign, mine = other.group(), scim.user()
    answers = [scim.patch(f"/Groups/{pk}", add(mine)) for pk in (foreign, mine, "no-id")]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert scim.call("PATCH", f"/Groups/{foreign}", b"{").status == 404
    assert not ProvisionedMembership.objects.exists()


def test_each_of_many_writers_to_one_group_is_counted_told_and_logged(transactional_db, scim):
    ids = [scim.user(f"u{n}") for n in range(24)]
    path = f"/Groups/{scim.group()}"
    before = ChangeEvent.objects.count(), ScimRequest.objects.count()
    calls = [("PATCH", path, {"schemas": [PATCH_OP], "Operations": [add(pk)]}) for pk in ids]
    answers = at_once(scim, calls)
    assert {answer.status for answer in answers} == {204}
    assert sorted(int(answer.headers["ETag"][3:-1]) for answer in answers) == list(range(2, 26))
    assert scim.get(path).headers["ETag"] == 'W/"25"'
    assert {str(row.user_id) for row in ProvisionedMembership.objects.all()} == set(ids)
    assert GroupMembership.objects.count() == 24
    assert (ChangeEvent.objects.count(), ScimRequest.objects.count() - 1) == tuple(number + 24 for number in before)
    events = ChangeEvent.objects.filter(action="group.members_changed")
    assert sorted(event.after["added"][0][1] for event in events) == sorted(f"U{n} Example" for n in range(24))


def test_who_adds_and_who_changes_the_whole_group_do_not_wait_in_a_circle(transactional_db, scim):
    """Each round, the same new members come by lists of all members, by single adds, and the group is renamed."""
    path = f"/Groups/{scim.group()}"
    for round_ in range(4):
        ids = [scim.user(f"u{round_}.{n}") for n in range(4)]
        whole = [{"value": pk} for pk in ids]
        replaced = {"op": "replace", "path": "members", "value": whole}
        named = {"op": "replace", "path": "displayName", "value": f"Builders {round_}"}
        operations = [
            add(*ids),
            replaced,
            add(*ids[::-1]),
            add(ids[2]),
            named,
            replaced,
            add(ids[0]),
            add(ids[3], ids[1]),
        ]
        answers = at_once(scim, [("PATCH", path, {"Operations": [each]}) for each in operations])
        assert [answer.status for answer in answers] == [204] * 8
        members = set(map(str, ProvisionedMembership.objects.values_list("user_id", flat=True)))
        assert set(ids) <= members
        told = set(ProvisionedMembership.objects.values_list("user__end_user", flat=True))
        assert told == set(GroupMembership.objects.values_list("end_user", flat=True))


def rename(scim, path):
    scim.patch(path, {"op": "replace", "path": "displayName", "value": "Builders"})


def delete(scim, path):
    scim.delete(path)


def map_elsewhere(scim, path):
    mapped.add(scim, "Engineers", EndUserGroup.objects.create(environment=scim.connection.environment, name="New"))


@pytest.mark.parametrize(
    ("change", "status", "told"), [(rename, 204, ["Builders"]), (delete, 404, []), (map_elsewhere, 204, ["New"])]
)
def test_who_adds_one_waits_for_a_change_of_the_group_and_follows_it(transactional_db, scim, change, status, told):
    ada, path = scim.user(), f"/Groups/{scim.group()}"
    with held(lambda: change(Scim(scim.connection, scim.token), path)):
        [answer] = at_once(scim, [("PATCH", path, {"schemas": [PATCH_OP], "Operations": [add(ada)]})])
    assert answer.status == status
    assert list(GroupMembership.objects.values_list("group__name", flat=True)) == told
    events = ChangeEvent.objects.filter(action="group.members_changed", after__added__0__1="Ada Example")
    assert list(events.values_list("subject_name", flat=True)) == told


def test_members_come_while_their_users_are_deleted(transactional_db, scim):
    ids = [scim.user(f"u{n}") for n in range(8)]
    path = f"/Groups/{scim.group(members=ids[:4])}"
    calls = [("PATCH", path, {"Operations": [add(ids[(n + 3) % 8], ids[n])]}) for n in range(8)]
    calls += [("DELETE", f"/Users/{pk}", None) for pk in ids[2:6]]
    answers = at_once(scim, calls[::2] + calls[1::2])
    assert {answer.status for answer in answers} <= {204, 400, 409}
    told = set(ProvisionedMembership.objects.values_list("user__end_user", flat=True))
    assert told == set(GroupMembership.objects.values_list("end_user", flat=True))


def test_a_lock_of_a_group_is_the_connections_own(scim, other):
    if database.vendor != "postgresql":
        return  # SQLite has one writer anyway
    group = uuid4()
    with transaction.atomic(), database.cursor() as cursor:
        lock_group_alone(scim.connection, group)
        lock_group_alone(other.connection, group)
        lock_group_to_add(scim.connection, group)
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"
        cursor.execute(f"{held} AND pid = pg_backend_pid()")  # a server has locks of other databases too
        assert cursor.fetchone() == (2,)
