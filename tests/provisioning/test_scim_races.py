"""R3, R4: requests at the same time, on connections of their own."""

from provisioning.models import ProvisionedMembership
from tests.provisioning.races import at_once
from tests.scim import okta_user
from workspace.models import EndUser, GroupMembership


def test_c13_the_same_create_many_times(transactional_db, scim):
    answers = at_once(scim, [("POST", "/Users", okta_user())] * 12)
    assert sorted(answer.status for answer in answers) == [201] + [409] * 11
    assert EndUser.objects.count() == scim.connection.users.count() == 1
    assert EndUser.objects.get().accesses.count() == 1


def test_c10_members_of_one_group(transactional_db, scim):
    ids = [scim.user(f"u{n}") for n in range(12)]
    group = scim.group(members=ids[:6])
    operations = [{"op": "remove", "path": f'members[value eq "{pk}"]'} for pk in ids[:6]]
    operations += [{"op": "add", "path": "members", "value": [{"value": pk}]} for pk in ids[6:]]
    calls = [
        ("PATCH", f"/Groups/{group}", {"Operations": [operation]}) for operation in operations[::2] + operations[1::2]
    ]
    assert {answer.status for answer in at_once(scim, calls)} == {204}
    assert {str(row.user_id) for row in ProvisionedMembership.objects.all()} == set(ids[6:])
    assert GroupMembership.objects.count() == 6
    assert scim.get(f"/Groups/{group}").body["meta"]["version"] == 'W/"13"'


def test_c10_deleted_while_added(transactional_db, scim):
    ids = [scim.user(f"u{n}") for n in range(6)]
    group = scim.group(members=ids[:3])
    calls = [("DELETE", f"/Users/{pk}", None) for pk in ids]
    calls += [
        ("PATCH", f"/Groups/{group}", {"Operations": [{"op": "add", "path": "members", "value": [{"value": pk}]}]})
        for pk in ids
    ]
    answers = at_once(scim, calls)
    assert {answer.status for answer in answers} <= {204, 400, 409, 503}
    rows = ProvisionedMembership.objects.values_list("user__end_user", flat=True)
    assert set(rows) == set(GroupMembership.objects.values_list("end_user", flat=True))


def test_c10_whole_lists_and_single_members_at_once_end_as_in_some_order(transactional_db, scim):
    ids = [scim.user(f"u{n}") for n in range(8)]
    path = f"/Groups/{scim.group(members=ids[:2])}"
    whole = [{"value": pk} for pk in ids[:4]]
    calls = [("PUT", path, {"displayName": "Engineers", "members": whole})]
    calls += [("PATCH", path, {"Operations": [{"op": "replace", "path": "members", "value": whole}]})]
    calls += [
        ("PATCH", path, {"Operations": [{"op": "add", "path": "members", "value": [{"value": pk}]}]}) for pk in ids[4:]
    ]
    calls += [("PATCH", path, {"Operations": [{"op": "replace", "path": "displayName", "value": "Builders"}]})]
    assert {answer.status for answer in at_once(scim, calls)} == {200, 204}
    members = {str(row.user_id) for row in ProvisionedMembership.objects.all()}
    assert set(ids[:4]) <= members
    assert members == {member["value"] for member in scim.get(path).body["members"]}
    rows = ProvisionedMembership.objects.values_list("user__end_user", flat=True)
    assert set(rows) == set(GroupMembership.objects.values_list("end_user", flat=True))
