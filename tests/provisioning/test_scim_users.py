"""People as a connection changes them: every row of product.md's table, through HTTP."""

import pytest

from tests.scim import ENTERPRISE, SEARCH, Scim, make_connection, okta_user
from workspace.actions import end_users
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser
from workspace.profile import Profile

pytestmark = pytest.mark.django_db


def person(scim, name="ada"):
    return EndUser.objects.get(workspace=scim.connection.environment.workspace, email_key=f"{name}@example.com")


def environments(end_user):
    return sorted(access.environment.name for access in end_user.accesses.all())


def events():
    return list(
        ChangeEvent.objects.exclude(action__startswith="scim_token").order_by("id").values_list("action", flat=True)
    )


def add_by_hand(scim, name="ada", access=True):
    environment = scim.connection.environment
    return end_users.create_end_user(
        workspace=environment.workspace,
        profile=Profile("By Hand", f"{name.upper()}@example.com", SYSTEM.source),
        environments=[environment] if access else [],
        by=SYSTEM,
    )


def active(value):
    return {"op": "replace", "path": "active", "value": value}


def test_create(scim):
    answer = scim.post("/Users", okta_user())
    assert answer.status == 201
    assert answer.headers["Location"] == answer.body["meta"]["location"]
    assert answer.headers["ETag"] == answer.body["meta"]["version"] == 'W/"1"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert "password" not in answer.body
    ada = person(scim)
    assert (ada.full_name, ada.is_active, environments(ada)) == ("Ada Example", True, ["DEV"])
    assert events() == ["end_user.created"]
    event = ChangeEvent.objects.get(action="end_user.created")
    assert (event.actor_kind, event.actor_name) == ("connection", "Okta Dev")
    assert event.request_id == answer.headers["X-Request-ID"]
    assert scim.get(f"/Users/{answer.body['id']}").body == answer.body


def test_c13_create_the_same_again(scim):
    scim.user()
    for again in (
        okta_user(),
        okta_user(userName="ADA@EXAMPLE.COM", externalId="x", emails=[{"value": "b@b.example"}]),
    ):
        answer = scim.post("/Users", again)
        assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert scim.connection.users.count() == EndUser.objects.count() == 1


def test_who_is_there_is_linked_only_by_a_provider_that_speaks_for_the_address(scim):
    add_by_hand(scim)
    scim.connection.environment.providers.update(enforcement="selected_domains", domains=["elsewhere.example"])

    refused = scim.post("/Users", okta_user())

    assert (refused.status, refused.body["scimType"]) == (400, "invalidValue")
    assert "does not speak for that domain" in refused.body["detail"]
    assert person(scim).full_name == "By Hand"
    assert scim.get("/Users").body["totalResults"] == 0
    assert scim.post("/Users", okta_user("bo")).status == 201
    scim.connection.environment.providers.update(domains=["example.com"])
    assert scim.post("/Users", okta_user()).status == 201


def test_create_links_the_person_who_is_there(scim):
    ada = add_by_hand(scim, access=False)
    answer = scim.post("/Users", okta_user())
    assert answer.status == 201
    ada.refresh_from_db()
    assert EndUser.objects.get() == ada
    assert (ada.full_name, environments(ada)) == ("Ada Example", ["DEV"])
    assert events() == ["end_user.created", "end_user.linked"]


def test_two_connections_share_one_person(scim):
    second = Scim(make_connection(name="Entra Prod", environment="PROD"))
    first_id, second_id = scim.user(), second.user(displayName="Ada of Prod")
    assert first_id != second_id
    assert environments(EndUser.objects.get()) == ["DEV", "PROD"]
    scim.patch(f"/Users/{first_id}", active(False))
    assert environments(person(scim)) == ["PROD"]
    assert person(scim).is_active


def test_another_user_name_for_a_person_of_this_connection(scim):
    scim.user()
    answer = scim.post("/Users", okta_user(userName="other", externalId="other"))
    assert answer.status == 201
    assert [each.identifier for each in EndUser.objects.order_by("pk")] == ["ada@example.com", "other"]


def test_create_inactive(scim):
    answer = scim.post("/Users", okta_user(active=False))
    assert answer.status == 201
    assert answer.body["active"] is False
    ada = person(scim)
    assert (ada.is_active, environments(ada)) == (False, [])
    scim.patch(f"/Users/{answer.body['id']}", active(True))
    ada.refresh_from_db()
    assert (ada.is_active, environments(ada)) == (True, ["DEV"])


def test_create_inactive_whom_others_know(scim):
    ada = add_by_hand(scim)
    scim.user(active=False)
    ada.refresh_from_db()
    assert (ada.is_active, environments(ada)) == (True, ["DEV"])
    assert ada.accesses.get().source_kind == "manual"


def test_update_by_put(scim):
    pk = scim.user(title="Dr")
    answer = scim.put(f"/Users/{pk}", okta_user(displayName="Ada Lovelace", emails=[{"value": "lovelace@example.com"}]))
    assert answer.status == 200
    assert "title" not in answer.body
    assert answer.body["meta"]["version"] == 'W/"2"'
    lovelace = person(scim, "lovelace")
    assert lovelace.full_name == "Ada Lovelace"
    assert events() == ["end_user.created", "end_user.updated"]


def test_the_same_put_again_changes_nothing(scim):
    pk = scim.user()
    before = scim.get(f"/Users/{pk}").body
    assert scim.put(f"/Users/{pk}", okta_user()).body == before
    assert before["meta"]["version"] == 'W/"1"'
    assert events() == ["end_user.created"]


def test_other_attributes_have_an_event_of_their_own(scim):
    pk = scim.user()
    scim.patch(f"/Users/{pk}", {"op": "add", "path": f"{ENTERPRISE}:department", "value": "Analysis"})
    event = ChangeEvent.objects.get(action="provisioned_user.updated")
    assert (event.before, event.after) == ({}, {ENTERPRISE: {"department": "Analysis"}})


@pytest.mark.parametrize(
    "change",
    [
        {"op": "replace", "path": "userName", "value": "BOB@example.com"},
    ],
)
def test_update_to_what_another_has(scim, change):
    scim.user("bob")
    pk = scim.user()
    before = scim.get(f"/Users/{pk}").body
    answer = scim.patch(f"/Users/{pk}", {"op": "replace", "path": "title", "value": "Dr"}, change)
    assert (answer.status, answer.body["scimType"]) == (409, "uniqueness")
    assert scim.get(f"/Users/{pk}").body == before
    assert events() == ["end_user.created"] * 2


def test_deactivate_and_reactivate(scim):
    pk = scim.user()
    group = scim.group(members=[pk])
    assert scim.patch(f"/Users/{pk}", active("False")).body["active"] is False
    ada = person(scim)
    assert (ada.is_active, environments(ada), ada.memberships.count()) == (False, [], 1)
    assert scim.get(f"/Groups/{group}").body["members"][0]["value"] == pk
    assert scim.patch(f"/Users/{pk}", active(True)).body["active"] is True
    ada.refresh_from_db()
    assert (ada.is_active, environments(ada), ada.memberships.count()) == (True, ["DEV"], 1)
    assert events()[-2:] == ["end_user.access_ended", "end_user.access_restored"]


def test_put_does_not_undo_what_an_administrator_did(scim):
    pk = scim.user()
    end_users.deactivate_end_user(end_user=person(scim), by=SYSTEM)
    assert scim.put(f"/Users/{pk}", okta_user(title="Dr", active=True)).status == 200
    assert not person(scim).is_active


def test_silence_about_active_changes_nothing(scim):
    pk = scim.user()
    body = okta_user()
    del body["active"]
    scim.patch(f"/Users/{pk}", active(False))
    assert scim.put(f"/Users/{pk}", body).body["active"] is False
    assert not person(scim).is_active
    scim.patch(f"/Users/{pk}", active(True))
    assert scim.put(f"/Users/{pk}", body).body["active"] is True
    assert scim.patch(f"/Users/{pk}", {"op": "remove", "path": "active"}).status == 200
    assert person(scim).is_active


def test_delete(scim):
    pk = scim.user()
    group = scim.group(members=[pk])
    assert scim.delete(f"/Users/{pk}").status == 204
    assert scim.get(f"/Users/{pk}").status == scim.delete(f"/Users/{pk}").status == 404
    assert scim.patch(f"/Users/{pk}", active(True)).status == 404
    ada = person(scim)
    assert (ada.is_active, environments(ada), ada.memberships.count()) == (False, [], 0)
    answer = scim.get(f"/Groups/{group}")
    assert "members" not in answer.body
    assert answer.body["meta"]["version"] == 'W/"2"'
    # Within one request the order of ids is that of chance.
    assert set(events()[-3:]) == {"group.members_changed", "end_user.access_ended", "provisioned_user.deleted"}


def test_created_again_has_a_new_id_and_no_old_rights(scim):
    pk = scim.user()
    scim.group(members=[pk])
    scim.delete(f"/Users/{pk}")
    again = scim.user()
    assert again != pk
    assert (environments(person(scim)), person(scim).memberships.count()) == (["DEV"], 0)


def test_delete_leaves_what_others_gave(scim):
    add_by_hand(scim)
    pk = scim.user()
    scim.delete(f"/Users/{pk}")
    assert (person(scim).is_active, environments(person(scim))) == (True, ["DEV"])


def test_c4_groups_are_shown_and_cannot_be_written(scim):
    pk = scim.user()
    group = scim.group(members=[pk])
    shown = scim.get(f"/Users/{pk}").body["groups"]
    assert shown == [
        {
            "value": group,
            "$ref": f"{scim.connection.base_url}/Groups/{group}",
            "display": "Engineers",
            "type": "direct",
        }
    ]
    assert scim.put(f"/Users/{pk}", okta_user(groups=[{"value": "x"}])).body["groups"] == shown
    assert scim.patch(f"/Users/{pk}", {"op": "remove", "path": "groups"}).body["scimType"] == "mutability"


def test_c15_pages(scim):
    ids = [scim.user(name) for name in ("ada", "bob", "cleo", "dora", "eve")]

    def page(query):
        body = scim.get(f"/Users?{query}").body
        found = [user["id"] for user in body["Resources"]]
        assert body["itemsPerPage"] == len(found)
        return body["totalResults"], body["startIndex"], found

    assert page("") == (5, 1, ids)
    assert page("startIndex=1&count=2") == (5, 1, ids[:2])
    assert page("startIndex=4&count=2") == (5, 4, ids[3:])
    assert page("startIndex=5&count=2") == (5, 5, ids[4:])
    assert page("startIndex=6&count=2") == (5, 6, [])
    assert page("startIndex=-3&count=-1") == (5, 1, [])
    assert page("startIndex=999999999999999999999&count=0") == (5, 2**31, [])
    assert page("count=999")[2] == ids
    for bad in ("startIndex=x", "count=1.5", "count=" + "9" * 5000):
        assert scim.get(f"/Users?{bad}").body["scimType"] == "invalidValue"


def test_search(scim):
    scim.user("ada"), scim.user("bob")
    body = {"schemas": [SEARCH], "filter": 'userName sw "B"', "attributes": ["userName"], "count": 1}
    answer = scim.post("/Users/.search", body)
    assert answer.status == 200
    assert [set(user) for user in answer.body["Resources"]] == [{"schemas", "id", "userName"}]
    assert answer.body["Resources"][0]["userName"] == "bob@example.com"
    assert scim.post("/Users/.search", {"filter": 5}).body["scimType"] == "invalidFilter"
    assert scim.post("/Users/.search", {"attributes": 5}).body["scimType"] == "invalidValue"


def test_search_in_everything(scim):
    ids = [scim.user("ada"), scim.user("bob"), scim.group("Ada Example"), scim.group("Builders")]

    def found(**asked):
        answer = scim.post("/.search", {"schemas": [SEARCH]} | asked)
        assert answer.status == 200, answer.body
        return answer.body["totalResults"], [resource["id"] for resource in answer.body["Resources"]]

    assert found() == (4, ids)
    assert found(startIndex=2, count=2) == (4, ids[1:3])
    assert found(startIndex=4) == (4, ids[3:])
    assert found(startIndex=9) == (4, [])
    assert found(filter='displayName eq "ada example"') == (2, [ids[0], ids[2]])
    assert found(filter='userName sw "b"', count=0) == (1, [])
    assert scim.post("/.search", {"filter": "nonsense"}).body["scimType"] == "invalidFilter"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("attributes=userName", {"schemas", "id", "userName"}),
        ("attributes=USERNAME,%20name.givenName,nonsense", {"schemas", "id", "userName", "name"}),
        ("attributes=id", {"schemas", "id"}),
        ("excludedAttributes=emails,name,meta,id,active,externalId,locale,displayName", {"schemas", "id", "userName"}),
    ],
)
def test_attributes(scim, query, names):
    pk = scim.user()
    assert set(scim.get(f"/Users/{pk}?{query}").body) == names
    assert set(scim.get(f"/Users?{query}").body["Resources"][0]) == names


@pytest.mark.parametrize("names", ["name,name.givenName", "name.givenName,name"])
def test_what_is_named_whole_is_not_narrowed_by_a_part_named_beside(scim, names):
    pk = scim.user()
    whole = scim.get(f"/Users/{pk}").body["name"]
    assert scim.get(f"/Users/{pk}?attributes={names}").body["name"] == whole
    assert "name" not in scim.get(f"/Users/{pk}?excludedAttributes={names}").body


def test_attributes_within(scim):
    pk = scim.user()
    assert scim.get(f"/Users/{pk}?attributes=name.givenName,emails.value").body == {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": pk,
        "name": {"givenName": "Ada"},
        "emails": [{"value": "ada@example.com"}],
    }
    both = scim.get(f"/Users/{pk}?attributes=name.givenName&excludedAttributes=name")
    assert both.body["name"] == {"givenName": "Ada"}


def test_entity_tags(scim):
    pk = scim.user()
    path = f"/Users/{pk}"
    assert scim.get(path, If_None_Match='W/"1"').status == 304
    assert scim.get(path, If_None_Match='W/"2", "x"').status == 200
    assert scim.patch(path, active(False), If_Match='W/"2"').status == 412
    assert scim.put(path, okta_user(), If_Match='"7"').status == scim.delete(path, If_Match='"7"').status == 412
    assert scim.patch(path, active(False), If_Match='W/"1"').headers["ETag"] == 'W/"2"'
    assert scim.delete(path, If_Match="*").status == 204


def test_c13_long_values_are_refused_alike_on_every_database(scim):
    for fields in (
        {"userName": "a" * 300},
        {"userName": "ﷺ" * 250},
        {"externalId": "x" * 501},
    ):
        answer = scim.post("/Users", okta_user() | fields)
        assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert not EndUser.objects.exists()
    too_long = {"emails": [{"value": "a" * 260 + "@b.example"}], "displayName": "ﷺ" * 250}
    assert not scim.post("/Users", okta_user() | too_long).body.keys() & too_long.keys()
