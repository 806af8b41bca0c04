"""Names that identity providers push: which are refused, and which are the same."""

import pytest

from provisioning.actions.mappings import add_mapping
from provisioning.models import ProvisionedGroup, ProvisionedUser, ScimRequest
from tests.scim import okta_group, okta_user
from workspace.events import SYSTEM
from workspace.models import EndUser, EndUserGroup
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db
EVE = "Eve\u202elive"


def refused(answer) -> bool:
    return (answer.status, answer.body["scimType"]) == (400, "invalidValue") and "turn text round" in answer.body[
        "detail"
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"userName": EVE},
        {"displayName": EVE},
        {"nickName": EVE},
        {"name": {"formatted": EVE}},
        {"name": {"givenName": EVE, "familyName": "Winter"}},
    ],
    ids=str,
)
def test_a_new_name_that_turns_text_round_is_refused(scim, said):
    ada = scim.user("ada")
    assert refused(scim.post("/Users", okta_user("eve") | said))
    assert refused(scim.put(f"/Users/{ada}", okta_user("ada") | said))
    assert refused(scim.patch(f"/Users/{ada}", {"op": "replace", "value": said}))
    assert ProvisionedUser.objects.get().version == 1


def test_a_new_group_name_that_turns_text_round_is_refused(scim):
    pk = scim.group("Engineers")
    assert refused(scim.post("/Groups", okta_group(EVE)))
    assert refused(scim.patch(f"/Groups/{pk}", {"op": "replace", "path": "displayName", "value": EVE}))
    assert refused(scim.put(f"/Groups/{pk}", okta_group(EVE)))
    with pytest.raises(ActionError):
        add_mapping(connection=scim.connection, name=EVE, environment=scim.connection.environment, by=SYSTEM)


@pytest.mark.parametrize("verb", ["patch", "put"])
def test_a_name_that_nobody_needs_never_stops_a_deactivation(scim, verb):
    ada = scim.user("ada")
    said = {"active": False, "displayName": EVE, "name": {"givenName": EVE, "familyName": "New"}, "title": "CTO"}
    if verb == "put":
        answer = scim.put(f"/Users/{ada}", okta_user("ada") | said)
    else:
        answer = scim.patch(f"/Users/{ada}", {"op": "replace", "value": said})
    assert answer.status == 200
    assert (answer.body["active"], answer.body["displayName"], answer.body["title"]) == (False, "Ada Example", "CTO")
    assert answer.body["name"] == okta_user("ada")["name"]
    assert not EndUser.objects.get().is_active
    assert "Ignored the displayName with characters that turn text round" in ScimRequest.objects.latest("id").notes


def test_a_strict_connection_refuses_it_all_the_same(scim):
    ada = scim.user("ada")
    scim.connection.is_strict = True
    scim.connection.save()
    said = [
        {"op": "replace", "path": path, "value": value} for path, value in (("active", False), ("displayName", EVE))
    ]
    assert scim.patch(f"/Users/{ada}", *said).status == 400
    assert EndUser.objects.get().is_active


def test_records_of_an_older_release_go_on(scim):
    ada, group = scim.user("ada"), scim.group("Engineers")
    for row in (ProvisionedUser.objects.get(), ProvisionedGroup.objects.get()):
        row.document = row.document | {"displayName": EVE}
        row.save()
    ProvisionedGroup.objects.update(display_name=EVE)
    for _ in range(2):
        assert scim.put(f"/Users/{ada}", okta_user("ada") | {"displayName": EVE, "title": "CTO"}).status == 200
    assert scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": ada}]}).status == 204
    assert scim.get(f"/Users/{ada}").body["displayName"] == EVE
    assert EndUserGroup.objects.get(name="Engineers").memberships.count() == 1
