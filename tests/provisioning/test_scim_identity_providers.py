"""The calls of real identity providers, in their order (scim.md "Clients")."""

from uuid import uuid4

import pytest

from tests.scim import ENTERPRISE, entra_group, entra_user, okta_group, okta_user
from workspace.models import EndUser, EndUserGroup

pytestmark = pytest.mark.django_db


def names(group):
    return sorted(
        membership.end_user.full_name for membership in EndUserGroup.objects.get(name=group).memberships.all()
    )


def test_okta(scim):
    assert scim.get("/Users?startIndex=1&count=2").body["totalResults"] == 0
    assert scim.get('/Users?filter=userName+eq+"ada%40example.com"&startIndex=1&count=100').body["Resources"] == []
    created = scim.post("/Users", okta_user())
    assert created.status == 201
    pk = created.body["id"]
    # Custom apps read, merge and put everything back, what we added included.
    merged = scim.get(f"/Users/{pk}").body | {"displayName": "Ada L.", "name": {"givenName": "Ada", "familyName": "L."}}
    assert scim.put(f"/Users/{pk}", merged).body["displayName"] == "Ada L."
    assert EndUser.objects.get().full_name == "Ada L."
    # Catalogue apps patch without a path.
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "value": {"active": False}}).body["active"] is False
    assert scim.patch(f"/Users/{pk}", {"op": "replace", "value": {"active": True}}).body["active"] is True
    group = scim.post("/Groups", okta_group()).body["id"]
    path = f"/Groups/{group}"
    assert scim.get('/Groups?filter=displayName eq "Engineers"&startIndex=1&count=100').body["totalResults"] == 1
    assert scim.patch(path, {"op": "replace", "value": {"id": group, "displayName": "Builders"}}).status == 204
    assert scim.patch(path, {"op": "add", "path": "members", "value": [{"value": pk, "display": "ada"}]}).status == 204
    assert names("Builders") == ["Ada L."]
    assert scim.patch(path, {"op": "remove", "path": f'members[value eq "{pk}"]'}).status == 204
    assert scim.patch(path, {"op": "replace", "path": "members", "value": [{"value": pk}]}).status == 204
    assert names("Builders") == ["Ada L."]
    everything = {"members": [], "id": group, "displayName": "Builders"}
    assert scim.patch(path, {"op": "replace", "value": everything}).status == 204
    assert names("Builders") == []
    assert scim.delete(path).status == 204
    assert scim.connection.requests.filter(status__gte=400).count() == 0


def test_entra(scim):
    assert scim.get(f'/Users?filter=userName eq "{uuid4()}"').body["totalResults"] == 0
    created = scim.post("/Users", entra_user())
    assert created.status == 201
    pk = created.body["id"]
    boss = scim.post("/Users", entra_user("boss")).body["id"]
    assert scim.get('/Users?filter=externalId eq "entra-ada"').body["Resources"][0]["id"] == pk
    assert scim.get('/Users?filter=emails[type eq "work"].value eq "ADA@example.com"').body["totalResults"] == 1
    patched = scim.patch(
        f"/Users/{pk}",
        {"op": "Replace", "path": 'emails[type eq "work"].value', "value": "lovelace@example.com"},
        {"op": "Add", "path": 'phoneNumbers[type eq "mobile"].value', "value": "+1"},
        {"op": "Add", "path": f"{ENTERPRISE}:manager", "value": boss},
        {"op": "Replace", "path": f"{ENTERPRISE}:department", "value": ""},
        {"op": "Replace", "path": "name.familyName", "value": "Lovelace"},
    )
    assert patched.status == 200
    assert patched.body["phoneNumbers"] == [{"type": "mobile", "value": "+1"}]
    assert patched.body[ENTERPRISE] == {"manager": {"value": boss}}
    assert EndUser.objects.filter(email="lovelace@example.com").exists()
    found = scim.get(f'/Users?filter=id eq "{pk}" and {ENTERPRISE}:manager.value eq "{boss}"&attributes=id').body
    assert [set(user) for user in found["Resources"]] == [{"schemas", "id"}]
    assert scim.patch(f"/Users/{pk}", {"op": "Replace", "path": "active", "value": "False"}).body["active"] is False
    # The new dialect: everything in one value, keyed by paths.
    patched = scim.patch(
        f"/Users/{pk}",
        {
            "op": "replace",
            "value": {
                "active": True,
                "name.givenName": "Augusta",
                'emails[type eq "work"].value': "ada@example.com",
                f"{ENTERPRISE}:department": "Analysis",
            },
        },
    )
    assert (patched.body["active"], patched.body["name"]["givenName"]) == (True, "Augusta")
    assert patched.body[ENTERPRISE]["department"] == "Analysis"
    group = scim.post("/Groups", entra_group()).body["id"]
    path = f"/Groups/{group}"
    assert scim.get(f"{path}?excludedAttributes=members").status == 200
    assert (
        scim.get('/Groups?excludedAttributes=members&filter=externalId eq "entra-Engineers"').body["totalResults"] == 1
    )
    for one in (pk, boss):
        added = {"op": "Add", "path": "members", "value": [{"$ref": None, "value": one}]}
        assert scim.patch(path, added).status == 204
    assert scim.patch(path, {"op": "Remove", "path": "members", "value": [{"$ref": None, "value": boss}]}).status == 204
    assert names("Engineers") == ["Ada Example"]
    assert [scim.delete(f"/Users/{boss}").status for _ in range(2)] == [204, 404]
    assert scim.delete(path).status == 204


def test_onelogin(scim):
    body = {
        "schemas": ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"],
        "userName": "ada@example.com",
        "emails": {"value": "ada@example.com"},
        "urn:scim:schemas:extension:enterprise:1.0": {"department": "D"},
    }
    answer = scim.call("POST", "/Users/", body, **{"Content-Type": "application/json"})
    assert (answer.status, answer.body[ENTERPRISE]) == (201, {"department": "D"})


def test_authentik(scim):
    assert scim.get("/ServiceProviderConfig").status == 200
    ids = [scim.user(name) for name in ("ada", "bob")]
    group = scim.group()
    operations = [{"op": "add", "path": "members", "value": [{"value": pk}]} for pk in ids]
    assert scim.patch(f"/Groups/{group}", *operations).status == 204
    assert (
        scim.patch(f"/Groups/{group}", {"op": "remove", "path": "members", "value": [{"value": ids[0]}]}).status == 204
    )
    assert [member["value"] for member in scim.get(f"/Groups/{group}").body["members"]] == ids[1:]
