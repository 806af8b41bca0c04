"""C2, C3, C10: a connection sees and changes nothing but its own, whatever it asks."""

import pytest

from tests.scim import Scim, make_connection, okta_group
from workspace.models import EndUser

pytestmark = pytest.mark.django_db
UNKNOWN = "01a2099e-8adc-7840-80c7-920880ceb065"


@pytest.fixture(params=["another workspace", "another environment of the same workspace"])
def foreign(request, db):
    slug = "globex" if request.param == "another workspace" else "acme"
    return Scim(make_connection(slug, "Entra Prod", "PROD"))


@pytest.mark.parametrize("kind", ["Users", "Groups"])
def test_c2_a_foreign_id_is_an_unknown_id(scim, foreign, kind):
    theirs = foreign.user("bob") if kind == "Users" else foreign.group("Theirs")
    before = foreign.get(f"/{kind}/{theirs}").content
    for method, body in (
        ("GET", None),
        ("PUT", {"userName": "x@example.com", "displayName": "x"}),
        ("PATCH", {"Operations": [{"op": "replace", "path": "displayName", "value": "x"}]}),
        ("DELETE", None),
    ):
        answers = [
            scim.call(method, f"/{kind}/{pk}", body) for pk in (theirs, UNKNOWN, "nonsense", theirs.replace("-", ""))
        ]
        assert {answer.status for answer in answers} == {404}
        assert len({answer.content for answer in answers}) == 1
    assert foreign.get(f"/{kind}/{theirs}").content == before


@pytest.mark.parametrize(
    "text",
    [
        "",
        "userName pr",
        'userName eq "bob@example.com"',
        'userName eq "ada@example.com" or userName eq "bob@example.com"',
        'not (userName eq "ada@example.com")',
        'not (userName eq "x") or id pr',
        'id eq "{theirs}"',
        'id eq "{theirs}" or id ne "{theirs}"',
        'externalId eq "00ubob"',
        'emails[value eq "bob@example.com"]',
        'groups.value eq "{group}" or active eq true',
        'meta.created gt "2000-01-01T00:00:00Z"',
    ],
)
def test_c2_lists_hold_only_our_own(scim, foreign, text):
    ours = {scim.user("ada"), scim.user("cleo")}
    theirs = foreign.user("bob")
    group = foreign.group(members=[theirs])
    text = text.format(theirs=theirs, group=group)
    for answer in (scim.get("/Users") if not text else scim.post("/Users/.search", {"filter": text}),):
        assert answer.status == 200
        assert {user["id"] for user in answer.body["Resources"]} <= ours
        assert answer.body["totalResults"] == len(answer.body["Resources"])


@pytest.mark.parametrize(
    "text",
    ["displayName pr", 'not (displayName eq "x")', 'displayName eq "Theirs" or id pr', 'members.value eq "{theirs}"'],
)
def test_c2_groups_hold_only_our_own(scim, foreign, text):
    ours = scim.group("Ours")
    theirs = foreign.user("bob")
    foreign.group("Theirs", [theirs])
    answer = scim.post("/Groups/.search", {"filter": text.format(theirs=theirs)})
    assert {group["id"] for group in answer.body["Resources"]} <= {ours}


def test_c10_foreign_members_are_refused(scim, foreign):
    ada, bob = scim.user("ada"), foreign.user("bob")
    group = scim.group(members=[ada])
    answer = scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": bob}]})
    assert (answer.status, answer.body["scimType"]) == (400, "invalidValue")
    assert "bob@" not in str(answer.body)
    assert scim.put(f"/Groups/{group}", okta_group(members=[ada, bob])).status == 400
    assert scim.patch(f"/Groups/{group}", {"op": "remove", "path": f'members[value eq "{bob}"]'}).status == 204
    assert [member["value"] for member in scim.get(f"/Groups/{group}").body["members"]] == [ada]


def test_c3_the_same_ids_and_names_live_side_by_side(scim, other):
    ours, theirs = scim.user(), other.user()
    assert ours != theirs
    assert EndUser.objects.count() == 2
    scim.group(members=[ours]), other.group(members=[theirs])
    scim.delete(f"/Users/{ours}")
    assert other.get(f"/Users/{theirs}").body["groups"]
    assert EndUser.objects.filter(status="active").count() == 1
