"""An `externalId` is what the IdP likes: several users or groups may have the same one (RFC 7643 section 3.1)."""

import pytest

from tests.scim import okta_user
from workspace.models import EndUser

pytestmark = pytest.mark.django_db
BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def test_an_external_id_may_be_that_of_others(scim):
    ids = [scim.user(), scim.user("bob", externalId="00uada"), scim.user("cleo")]
    change = {"op": "replace", "path": "externalId", "value": "00uada"}
    assert scim.patch(f"/Users/{ids[2]}", change).status == 200
    assert scim.put(f"/Users/{ids[2]}", okta_user("cleo", externalId="00uada", title="x")).status == 200
    assert found(scim, "/Users") == ids
    assert EndUser.objects.count() == 3


def test_an_external_id_of_a_group_may_be_that_of_others(scim):
    ids = [scim.post("/Groups", {"displayName": name, "externalId": "00uada"}).body["id"] for name in ("A", "B")]
    ids.append(scim.group("C"))
    change = {"op": "replace", "path": "externalId", "value": "00uada"}
    assert scim.patch(f"/Groups/{ids[2]}", change).status == 204
    assert scim.put(f"/Groups/{ids[2]}", {"displayName": "C C", "externalId": "00uada"}).status == 200
    assert found(scim, "/Groups") == ids


def test_several_of_one_bulk_request_may_have_the_same_external_id(scim):
    operations = [
        {"method": "POST", "path": path, "bulkId": f"{path}{number}", "data": data}
        for number in range(2)
        for path, data in (
            ("/Users", okta_user(f"u{number}", externalId="00uada")),
            ("/Groups", {"displayName": f"G{number}", "externalId": "00uada"}),
        )
    ]
    answer = scim.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert {each["status"] for each in answer.body["Operations"]} == {"201"}
    assert len(found(scim, "/Users")) == len(found(scim, "/Groups")) == 2


def found(scim, path):
    """The ids of what has the externalId 00uada, by the short way and the long one."""
    texts = ('externalId eq "00uada"', '(externalId eq "00uada")')
    first, second = (scim.post(f"{path}/.search", {"filter": text}).body["Resources"] for text in texts)
    assert first == second
    return [each["id"] for each in first]
