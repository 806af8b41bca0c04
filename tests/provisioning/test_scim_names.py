"""Names that identity providers push: which are refused, and which are the same."""

import json
from urllib.parse import quote

import pytest

from provisioning.actions.mappings import add_mapping
from provisioning.models import ProvisionedGroup, ProvisionedUser, ScimRequest
from tests import factories
from tests.scim import Scim, okta_group, okta_user
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


SAME = [
    "Q  X", " Q X ", "Q\tX", "Q\nX", "Q\u00a0X", "Q\u3000X", "q x", "Ｑ Ｘ", "Q\u200b X", "Q \u00adX", "\ufeffQ X",
    "Q\u2060 X", "Q\u200d X\u200e", "Q \u200b X",
]  # fmt: skip
OTHERS = ["QX", "Q-X", "Q X.", "Q Ẍ"]


def looked_up(scim: Scim, path: str, text: str) -> list[str]:
    answer = scim.get(f"{path}?filter={quote(text)}")
    assert answer.status == 200, answer.body
    return [resource["id"] for resource in answer.body["Resources"]]


@pytest.mark.parametrize("spelled", SAME, ids=ascii)
@pytest.mark.parametrize(("path", "name"), [("/Groups", "displayName"), ("/Users", "userName")])
def test_what_is_refused_as_taken_is_found_by_the_look_up(scim, path, name, spelled):
    def body(text):
        return okta_group(text) if path == "/Groups" else okta_user("ada", userName=text)

    pk = scim.post(path, body("Q X")).body["id"]
    taken = scim.post(path, body(spelled))
    assert (taken.status, taken.body["scimType"]) == (409, "uniqueness")
    for operator in ("eq", "sw", "co", "ew", "ge", "le"):
        assert looked_up(scim, path, f"{name} {operator} {json.dumps(spelled)}") == [pk]
    assert looked_up(scim, path, f"{name} ne {json.dumps(spelled)}") == []
    assert looked_up(scim, path, f"{name} eq {json.dumps(spelled)} and {name} pr") == [pk]
    assert scim.patch(f"{path}/{pk}", {"op": "replace", "path": name, "value": spelled}).status < 300
    assert looked_up(scim, path, f'{name} eq "Q X"') == [pk]
    assert scim.get(f"{path}/{pk}").body[name] == spelled


@pytest.mark.parametrize("spelled", OTHERS)
def test_other_names_are_others(scim, spelled):
    first, second = scim.group("Q X"), scim.group(spelled)
    assert looked_up(scim, "/Groups", f'displayName eq "{spelled}"') == [second]
    assert looked_up(scim, "/Groups", 'displayName eq "Q X"') == [first]


@pytest.mark.parametrize("spelled", SAME, ids=ascii)
def test_any_text_is_compared_so(scim, spelled):
    pk = scim.user("ada", displayName="Q X", title=spelled, nickName="Q  X")
    for name in ("displayName", "title", "nickName"):
        assert looked_up(scim, "/Users", f"{name} eq {json.dumps(spelled)}") == [pk]


def test_a_mapping_follows_the_pushed_group_in_any_spelling(scim):
    environment = scim.connection.environment
    target = factories.group(environment, name="Target")
    add_mapping(connection=scim.connection, name="Q X", environment=environment, group=target, by=SYSTEM)
    scim.group("q\u200b  x", [scim.user("ada")])
    assert target.memberships.count() == 1


def test_a_pushed_group_takes_over_the_one_of_its_name_in_any_spelling(scim):
    manual = factories.group(scim.connection.environment, name="Q X")
    scim.group("Q\u00ad  X", [scim.user("ada")])
    assert EndUserGroup.objects.get(pk=manual.pk).is_managed


@pytest.mark.parametrize("blank", [" ", "\u200b", "\u00ad\ufeff", "\u2060 "], ids=ascii)
def test_a_name_that_nobody_can_see_is_none(scim, blank):
    assert scim.post("/Groups", okta_group(blank)).status == 400
    assert scim.post("/Users", okta_user("ada", userName=blank)).status == 400
    scim.user("bo", displayName=blank)
    assert EndUser.objects.get().full_name == "Bo Example"
