"""Groups and members as a connection changes them, through HTTP."""

import pytest

from provisioning.models import ProvisionedMembership
from tests.scim import GROUP, Scim, make_connection, okta_group
from workspace.actions import groups
from workspace.actions.members import change_members
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUserGroup, GroupMembership

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(scim):
    """The ids of three users: ada, bob, cleo."""
    return [scim.user(name) for name in ("ada", "bob", "cleo")]


def end_user_group(scim, name="Engineers"):
    return scim.connection.environment.groups.get(name=name)


def members(scim, group):
    """The names of a group's members, after a look that both tables and the answer agree."""
    shown = {member["value"] for member in scim.get(f"/Groups/{group}").body.get("members", [])}
    rows = ProvisionedMembership.objects.filter(group=group).select_related("user__end_user")
    assert shown == {str(row.user_id) for row in rows}
    granted = GroupMembership.objects.filter(source_kind="scim", source_id=group).select_related("end_user")
    names = {row.end_user.full_name.split()[0] for row in granted}
    assert names == {row.user.end_user.full_name.split()[0] for row in rows}
    return names


def by_hand(scim, name="Engineers"):
    return groups.create_group(environment=scim.connection.environment, name=name, by=SYSTEM)


def add(*ids):
    return {"op": "add", "path": "members", "value": [{"value": pk} for pk in ids]}


def events(group):
    return ChangeEvent.objects.filter(subject_id=group).values_list("action", flat=True)


def test_create(scim, people):
    answer = scim.post("/Groups", okta_group(members=people[:2]))
    assert answer.status == 201
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    assert [member["value"] for member in answer.body["members"]] == people[:2]
    assert answer.body["members"][0]["$ref"] == f"{scim.connection.base_url}/Users/{people[0]}"
    group = end_user_group(scim)
    assert (group.source_kind, group.source_id) == ("scim", str(scim.connection.pk))
    assert group.synced_at
    assert members(scim, answer.body["id"]) == {"Ada", "Bob"}


def test_create_the_same_again(scim):
    scim.group()
    answer = scim.post("/Groups", okta_group("ENGINEERS"))
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert scim.post("/Groups", {"displayName": " "}).status == 400
    assert scim.post("/Groups", {"externalId": "x"}).body["scimType"] == "invalidValue"


def test_a_group_that_is_there_is_taken_over(scim, people):
    group = by_hand(scim)
    change_members(group=group, add=[scim.connection.users.get(pk=people[2]).end_user_id], by=SYSTEM)
    pk = scim.group(members=people[:1])
    group.refresh_from_db()
    assert group.is_managed
    assert members(scim, pk) == {"Ada"}
    assert group.memberships.count() == 1
    event = ChangeEvent.objects.get(action="group.taken_over")
    assert event.before["members"][0][1] == "Cleo Example"
    assert scim.delete(f"/Groups/{pk}").status == 204
    group.refresh_from_db()
    assert not group.is_managed
    assert group.memberships.get().source_kind == "manual"


def test_a_group_that_is_there_can_be_kept_apart(scim):
    scim.connection.takes_over_groups = False
    scim.connection.save()
    group = by_hand(scim)
    answer = scim.post("/Groups", okta_group())
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert "take over" in answer.body["detail"]
    group.refresh_from_db()
    assert not group.is_managed


def test_a_group_of_another_connection(scim):
    Scim(make_connection(name="Entra Dev")).group()
    answer = scim.post("/Groups", okta_group())
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert "Entra Dev" in answer.body["detail"]
    assert scim.connection.groups.count() == 0


def test_everyone_is_recorded_only(scim, people):
    pk = scim.group("everyone", people[:1])
    assert [member["value"] for member in scim.get(f"/Groups/{pk}").body["members"]] == people[:1]
    assert GroupMembership.objects.count() == 0
    assert "Everyone" in scim.connection.requests.filter(method="POST").latest("at").notes[0]
    assert scim.patch(f"/Groups/{pk}", add(people[1])).status == 204
    assert scim.patch(f"/Groups/{pk}", {"op": "replace", "path": "displayName", "value": "Staff"}).status == 204
    assert members(scim, pk) == {"Ada", "Bob"}
    assert scim.delete(f"/Groups/{scim.group('Everyone')}").status == 204
    assert end_user_group(scim, "Everyone").is_everyone


def test_rename(scim, people):
    pk = scim.group(members=people[:1])
    answer = scim.patch(f"/Groups/{pk}", {"op": "replace", "value": {"id": pk, "displayName": "Builders"}})
    assert (answer.status, answer.content) == (204, b"")
    assert members(scim, pk) == {"Ada"}
    assert end_user_group(scim, "Builders").memberships.count() == 1
    assert not scim.connection.environment.groups.filter(name="Engineers").exists()
    by_hand(scim, "Taken")
    answer = scim.put(f"/Groups/{pk}", okta_group("taken"))
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert members(scim, pk) == {"Ada"}


def test_another_id_in_a_rename(scim):
    pk = scim.group()
    answer = scim.patch(f"/Groups/{pk}", {"op": "replace", "value": {"id": "other", "displayName": "Builders"}})
    assert (answer.status, answer.body["scimType"]) == (400, "mutability")


def test_c10_add_and_remove_members(scim, people):
    ada, bob, cleo = people
    path = f"/Groups/{scim.group()}"
    pk = path.rpartition("/")[2]

    def after(*operations):
        assert scim.patch(path, *operations).status == 204
        return members(scim, pk)

    assert after(add(ada, bob)) == {"Ada", "Bob"}
    assert after(add(cleo)) == {"Ada", "Bob", "Cleo"}
    assert after({"op": "remove", "path": f'members[value eq "{ada}"]'}) == {"Bob", "Cleo"}
    assert after({"op": "Remove", "path": "members", "value": [{"value": bob}]}) == {"Cleo"}
    assert after({"op": "replace", "path": "members", "value": [{"value": ada}, {"value": cleo}]}) == {"Ada", "Cleo"}
    assert after({"op": "remove", "path": "members", "value": []}) == {"Ada", "Cleo"}
    assert after(add(bob), {"op": "remove", "path": f'members[value eq "{ada}"]'}) == {"Bob", "Cleo"}
    assert after({"op": "replace", "path": "members", "value": []}) == set()
    assert after(add(ada.upper())) == {"Ada"}
    assert after({"op": "remove", "path": "members"}) == set()
    assert scim.get(path).body["meta"]["version"] == 'W/"10"'


def test_no_change_no_event_no_version(scim, people):
    pk = scim.group(members=people)
    count = ChangeEvent.objects.count()
    for operation in (
        add(people[0]),
        {"op": "remove", "path": 'members[value eq "01a2099e-8adc-7840-80c7-920880ceb065"]'},
        {"op": "replace", "path": "members", "value": [{"value": one} for one in reversed(people)]},
        {"op": "replace", "path": "displayName", "value": "Engineers"},
    ):
        assert scim.patch(f"/Groups/{pk}", operation).headers["ETag"] == 'W/"1"'
    assert ChangeEvent.objects.count() == count


def test_put(scim, people):
    pk = scim.group(members=people[:2])
    answer = scim.put(f"/Groups/{pk}", okta_group("Builders", people[1:]))
    assert answer.status == 200
    assert members(scim, pk) == {"Bob", "Cleo"}
    scim.put(f"/Groups/{pk}", {"displayName": "Builders"})
    assert members(scim, pk) == {"Bob", "Cleo"}
    scim.put(f"/Groups/{pk}", {"displayName": "Builders", "Members": []})
    assert members(scim, pk) == set()


@pytest.mark.parametrize("bad", ["unknown", "01a2099e-8adc-7840-80c7-920880ceb065", ""])
def test_c10_unknown_members(scim, people, bad):
    pk = scim.group(members=people[:1])
    for operations in (
        [add(people[1]), add(bad)],
        [add(people[1], bad)],
        [add(bad), {"op": "remove", "path": "members"}],
    ):
        answer = scim.patch(f"/Groups/{pk}", {"op": "replace", "path": "displayName", "value": "B"}, *operations)
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert scim.put(f"/Groups/{pk}", okta_group("B", [bad])).status == 400
    assert scim.post("/Groups", okta_group("B", [bad])).status == 400
    assert members(scim, pk) == {"Ada"}
    assert not scim.connection.environment.groups.filter(name="B").exists()


def test_groups_in_groups(scim):
    inner, outer = scim.group("Inner"), scim.group("Outer")
    answer = scim.patch(
        f"/Groups/{outer}", {"op": "add", "path": "members", "value": [{"value": inner, "type": "Group"}]}
    )
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert "group" in answer.body["detail"]
    assert scim.patch(f"/Groups/{outer}", add(inner)).status == 400


def test_c8_too_many_members(scim):
    pk = scim.group()
    assert scim.patch(f"/Groups/{pk}", add(*map(str, range(10_001)))).status == 413


def test_delete(scim, people):
    pk = scim.group(members=people)
    assert scim.delete(f"/Groups/{pk}").status == 204
    assert scim.get(f"/Groups/{pk}").status == scim.delete(f"/Groups/{pk}").status == 404
    assert not EndUserGroup.objects.filter(name="Engineers").exists()
    assert GroupMembership.objects.count() == 0
    assert scim.get("/Users").body["totalResults"] == 3
    assert scim.group() != pk


def test_answers_without_members(scim, people):
    pk = scim.group(members=people)
    for path in (f"/Groups/{pk}?excludedAttributes=members", f"/Groups/{pk}?attributes=displayName"):
        assert "members" not in scim.get(path).body
    assert scim.get(f"/Groups/{pk}?attributes=members.value").body == {
        "schemas": [GROUP],
        "id": pk,
        "members": [{"value": one} for one in people],
    }
    answer = scim.call("PATCH", f"/Groups/{pk}?attributes=displayName", {"Operations": [add(people[0])]})
    assert (answer.status, set(answer.body)) == (200, {"schemas", "id", "displayName"})


def test_a_shared_person_stays_a_member_through_the_other_group(scim, people):
    first, second = scim.group("First", people[:1]), scim.group("Second", people[:1])
    scim.delete(f"/Groups/{first}")
    assert members(scim, second) == {"Ada"}
