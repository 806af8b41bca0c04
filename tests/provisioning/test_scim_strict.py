"""Strict SCIM: a connection that refuses what others note; and that all that is tolerated is noted."""

import json

import pytest

from provisioning.actions.connection_settings import set_strict
from provisioning.payload.tolerance import Tolerance
from provisioning.search.filters import compile_filter
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, SEARCH, USER, okta_group, okta_user
from workspace.events import SYSTEM
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db
OLD = "urn:scim:schemas:extension:enterprise:1.0"


def user(**fields):
    """A User that says nothing but what the RFC has."""
    body = {
        "schemas": [USER, ENTERPRISE],
        "userName": "ada@example.com",
        "emails": [{"value": "ada@example.com", "type": "work", "primary": True}],
        "name": {"givenName": "Ada", "familyName": "Example"},
        "active": True,
        "title": None,
        ENTERPRISE: {"department": "Analysis", "manager": {"value": "42"}},
    }
    return {name: value for name, value in (body | fields).items() if value != "left out"}


# What identity providers send instead of what the RFC says: a User, and what the log says of it.
USERS = [
    ({"active": "True"}, "active sent as text"),
    ({"active": 1}, "active sent as a number"),
    ({"schemas": "left out"}, "schemas left out"),
    ({"schemas": [USER, "urn:x"]}, "Ignored the unknown schema urn:x"),
    ({"favouriteColour": "blue"}, "Ignored the unknown attribute favouriteColour"),
    ({"urn:x:y": {"a": 1}}, "Ignored the unknown attribute urn:x:y"),
    ({"name": {"givenName": "Ada", "nick": "A"}}, "Ignored the unknown attribute nick"),
    ({ENTERPRISE: {"colour": "blue"}}, "Ignored the unknown attribute colour"),
    ({"name.givenName": "Ada"}, "name.givenName sent as a path"),
    ({f"{USER}:title": "Dr"}, "title sent as a path"),
    ({USER: {"title": "Dr"}}, "attributes sent under the URN of their own schema"),
    ({OLD: {"department": "D"}, ENTERPRISE: "left out"}, f"{OLD} sent for a schema of SCIM 2.0"),
    ({"emails": {"value": "ada@example.com"}}, "emails sent as one value instead of a list"),
    ({"emails": '[{"value": "ada@example.com"}]'}, "emails sent as JSON in a text"),
    ({"emails": ["ada@example.com"]}, "emails sent as a bare value"),
    ({"name": [{"givenName": "Ada"}]}, "name sent as a list"),
    ({"title": ["Dr"]}, "title sent as a list"),
    ({"title": {"value": "Dr"}}, "title sent as an object"),
    ({"title": 7}, "title sent as a number"),
    ({"title": ""}, "title sent as an empty text"),
    ({ENTERPRISE: {"manager": "42"}}, "manager sent as a bare value"),
]
# The same for operations on that User.
CHANGES = [
    ({"op": "Replace", "path": "title", "value": "Dr"}, "op sent as Replace"),
    ({"op": "replace", "path": "active", "value": "False"}, "active sent as text"),
    ({"op": "replace", "path": "title", "value": ""}, "title cleared by an empty value"),
    ({"op": "replace", "path": "favouriteColour", "value": "blue"}, "Ignored the unknown attribute favouriteColour"),
    ({"op": "remove", "path": "title", "value": "Dr"}, "Ignored the value beside the removal of title"),
    ({"op": "remove", "path": "emails", "value": [{"value": "x@example.com"}]}, "emails removed by value"),
    (
        {"op": "replace", "path": 'emails[type eq "home"].value', "value": "home@example.com"},
        "an entry added that the filter of a path did not find",
    ),
    ({"op": "add", "path": f"{OLD}:department", "value": "D"}, f"{OLD} sent for a schema of SCIM 2.0"),
    ({"op": "replace", "value": '{"title": "Dr"}'}, "value sent as JSON in a text"),
    ({"op": "replace", "value": {"name.givenName": "A"}}, "paths sent as names in a value"),
    ({"op": "replace", "value": {'emails[type eq "work"].value': "x@example.com"}}, "paths sent as names in a value"),
    ({"op": "replace", "value": {"schemas": [USER], "title": "Dr"}}, "Ignored the schemas in a change"),
]
# And for operations on a group, in which {user} is a user's id.
MEMBERS = [
    ({"op": "remove", "path": "members", "value": [{"value": "{user}"}]}, "members removed by value"),
    ({"op": "add", "path": "members", "value": {"value": "{user}"}}, "members sent as one value instead of a list"),
    ({"op": "add", "path": "members", "value": ["{user}"]}, "members sent as bare values"),
    ({"op": "add", "path": "members", "value": [{"$ref": "../Users/{user}"}]}, "members named by their $ref alone"),
    ({"op": "add", "path": "members", "value": '[{"value": "{user}"}]'}, "members sent as JSON in a text"),
]
FILTERS = [
    ('active eq "true"', "active compared with a text"),
    ('emails[primary eq "True"]', "emails.primary compared with a text"),
    ('manager eq "42"', "manager named without the URN of its schema"),
    (f'{ENTERPRISE}:manager eq "42"', f"{ENTERPRISE}:manager compared as a whole instead of its value"),
]


def notes(scim):
    return scim.connection.requests.latest("id").notes


def filled(value, pk):
    """The same with the id in place of {user}."""
    if isinstance(value, dict):
        return {name: filled(item, pk) for name, item in value.items()}
    if isinstance(value, list):
        return [filled(item, pk) for item in value]
    return value.replace("{user}", pk) if isinstance(value, str) else value


def make_strict(scim):
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)


def is_refused(answer, *scim_types):
    assert answer.status == 400, answer.body
    assert answer.body["scimType"] in (scim_types or ("invalidSyntax",)), answer.body
    assert "strict" in answer.body["detail"]
    return True


@pytest.fixture
def ada(scim):
    return scim.post("/Users", user()).body["id"]


@pytest.mark.parametrize(("fields", "note"), USERS)
def test_users(scim, fields, note):
    assert scim.post("/Users", user(**fields)).status == 201
    assert note in notes(scim)
    pk = scim.connection.users.get().pk
    assert scim.put(f"/Users/{pk}", user(**fields)).status == 200
    assert note in notes(scim)
    make_strict(scim)
    before = scim.get(f"/Users/{pk}").content
    assert is_refused(scim.put(f"/Users/{pk}", user(**fields)), "invalidSyntax", "invalidValue")
    fields = {"userName": "bob@example.com"} | fields
    assert is_refused(scim.post("/Users", user(**fields)), "invalidSyntax", "invalidValue")
    assert scim.get(f"/Users/{pk}").content == before
    assert scim.connection.users.count() == 1
    assert notes(scim) == []


@pytest.mark.parametrize(("operation", "note"), CHANGES)
def test_changes(scim, ada, operation, note):
    make_strict(scim)
    before = scim.get(f"/Users/{ada}").content
    assert is_refused(scim.patch(f"/Users/{ada}", operation), "invalidSyntax", "invalidPath", "noTarget")
    assert scim.get(f"/Users/{ada}").content == before
    set_strict(connection=scim.connection, is_strict=False, by=SYSTEM)
    assert scim.patch(f"/Users/{ada}", operation).status == 200
    assert note in notes(scim)


@pytest.mark.parametrize(("operation", "note"), MEMBERS)
def test_members(scim, ada, operation, note):
    group = scim.group("Builders", [scim.user("bob")])
    operation = filled(operation, ada)
    make_strict(scim)
    before = scim.get(f"/Groups/{group}").content
    assert is_refused(scim.patch(f"/Groups/{group}", operation))
    assert scim.get(f"/Groups/{group}").content == before
    set_strict(connection=scim.connection, is_strict=False, by=SYSTEM)
    assert scim.patch(f"/Groups/{group}", operation).status == 204
    assert notes(scim) == [note]
    if operation["op"] == "add":
        body = okta_group("Others") | {"members": operation["value"]}
        assert scim.post("/Groups", body).status == 201
        assert notes(scim) == [note]


@pytest.mark.parametrize(("text", "note"), FILTERS)
def test_filters(scim, ada, text, note):
    asked = {"schemas": [SEARCH], "filter": text}
    answer = scim.post("/Users/.search", asked)
    assert [one["id"] for one in answer.body["Resources"]] == [ada]
    assert note in notes(scim)
    make_strict(scim)
    assert is_refused(scim.post("/Users/.search", asked), "invalidFilter")
    assert is_refused(scim.post("/.search", asked), "invalidFilter")


def test_envelopes(scim, ada):
    operation = {"op": "replace", "path": "title", "value": "Dr"}
    bodies = [
        ({"Operations": [operation]}, "schemas left out"),
        ({"schemas": ["urn:x"], "Operations": [operation]}, "Ignored the unknown schema urn:x"),
        ({"schemas": [PATCH_OP], "operations": [operation]}, "Operations sent as operations"),
        ({"schemas": [PATCH_OP], "Operations": operation}, "Operations sent as one object instead of a list"),
    ]
    for body, note in bodies:
        assert scim.call("PATCH", f"/Users/{ada}", body).status == 200
        assert notes(scim) == [note]
    make_strict(scim)
    for body, _ in bodies:
        assert is_refused(scim.call("PATCH", f"/Users/{ada}", body))


def test_a_byte_order_mark(scim):
    body = json.dumps(user()).encode("utf-8-sig")
    assert scim.post("/Users", body).status == 201
    row = scim.connection.requests.latest("id")
    assert (row.notes, json.loads(row.request_body)) == (["a byte order mark before the JSON"], user())
    make_strict(scim)
    assert is_refused(scim.post("/Users", body))


def test_attributes_with_excluded_attributes(scim, ada):
    asked = {"schemas": [SEARCH], "attributes": ["title", "userName"], "excludedAttributes": ["userName"]}
    query = "attributes=title,userName&excludedAttributes=userName"
    for call in (
        lambda: scim.get(f"/Users/{ada}?{query}"),
        lambda: scim.get(f"/Users?{query}"),
        lambda: scim.post("/Users/.search", asked),
        lambda: scim.call("PUT", f"/Users/{ada}?{query}", user(title="Dr")),
    ):
        answer = call()
        shown = answer.body.get("Resources", [answer.body])[0]
        assert "userName" in shown
        assert "emails" not in shown
        assert notes(scim) == ["Ignored the excludedAttributes beside attributes"]
        make_strict(scim)
        assert is_refused(call(), "invalidValue")
        set_strict(connection=scim.connection, is_strict=False, by=SYSTEM)
    assert scim.get(f"/Users/{ada}?attributes=,&excludedAttributes=userName").status == 200
    assert notes(scim) == []


def test_a_group_put_without_members(scim, ada):
    """RFC 7644 section 3.5.1 clears what a PUT leaves out. Many clients leave out members that they did not change."""
    group = scim.group("Builders", [ada])
    body = {"schemas": [GROUP], "displayName": "Makers"}
    for _ in range(2):
        assert [member["value"] for member in scim.put(f"/Groups/{group}", body).body["members"]] == [ada]
        assert notes(scim) == ["members left out: they stay as they are"]
    make_strict(scim)
    assert "members" not in scim.put(f"/Groups/{group}", body).body
    assert notes(scim) == []
    assert not scim.connection.environment.groups.get(name="Makers").memberships.exists()


@pytest.mark.parametrize("members", [[], None])
def test_a_group_put_with_empty_members(scim, ada, members):
    group = scim.group("Builders", [ada])
    answer = scim.put(f"/Groups/{group}", {"schemas": [GROUP], "displayName": "Builders", "members": members})
    assert "members" not in answer.body
    assert notes(scim) == []


def test_paths(scim, ada):
    assert scim.get(f"/Users/{ada}/").status == 200
    assert notes(scim) == ["a slash at the end of the path"]
    make_strict(scim)
    assert is_refused(scim.get(f"/Users/{ada}/"), "invalidPath")
    assert is_refused(scim.post("/Users/", user(userName="bob")), "invalidPath")


def test_a_strict_connection_needs_a_path_in_each_change(scim, ada):
    operation = {"op": "replace", "value": {"title": "Dr"}}
    assert scim.patch(f"/Users/{ada}", operation).status == 200
    assert notes(scim) == []
    make_strict(scim)
    assert is_refused(scim.patch(f"/Users/{ada}", operation), "invalidPath")
    assert scim.patch(f"/Users/{ada}", {"op": "remove"}).body["scimType"] == "noTarget"


def test_what_the_rfc_says_is_neither_noted_nor_refused(scim):
    for is_strict in (False, True):
        set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
        ada = scim.post("/Users", user(userName="ADA@example.com", externalId="x", roles=[], groups=[{"value": "x"}]))
        assert ada.status == 201
        pk = ada.body["id"]
        assert scim.put(f"/Users/{pk}", ada.body).status == 200
        changes = [
            {"op": "add", "path": "TITLE", "value": "Dr"},
            {"op": "add", "path": "emails", "value": [{"value": "x@example.com", "type": "other"}]},
            {"op": "replace", "path": 'emails[type eq "other"].value', "value": "y@example.com"},
            {"op": "add", "path": f"{ENTERPRISE}:costCenter", "value": "7"},
            {"op": "replace", "path": f"{ENTERPRISE}:manager.value", "value": "43"},
            {"op": "remove", "path": "title"},
        ]
        assert scim.patch(f"/Users/{pk}", *changes).status == 200
        group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "B", "members": [{"value": pk}]}).body["id"]
        member = f'members[value eq "{pk}"]'
        assert scim.patch(f"/Groups/{group}", {"op": "remove", "path": member}).status == 204
        for text in ("active eq true", f'{ENTERPRISE}:manager.value eq "43"', 'emails eq "y@example.com"'):
            assert scim.post("/Users/.search", {"schemas": [SEARCH], "filter": text}).body["totalResults"] == 1
        assert scim.delete(f"/Groups/{group}").status == 204
        assert scim.delete(f"/Users/{pk}").status == 204
    assert not [row.notes for row in scim.connection.requests.all() if row.notes]


@pytest.mark.parametrize("is_strict", [False, True])
def test_delete_frees_the_name(scim, ada, is_strict):
    set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
    assert scim.delete(f"/Users/{ada}").status == 204
    again = scim.post("/Users", user())
    assert again.status == 201
    assert again.body["id"] != ada


def test_strictness_is_of_one_connection(scim, other):
    make_strict(scim)
    assert other.post("/Users", okta_user(active="True")).status == 201
    assert is_refused(scim.post("/Users", okta_user(active="True")))
    assert scim.post("/Users", okta_user()).status == 201  # with a password, which a client may always send


def test_the_switch_has_an_event(scim):
    connection = scim.connection
    assert set_strict(connection=connection, is_strict=True, by=SYSTEM)
    assert connection.is_strict
    assert not set_strict(connection=connection, is_strict=True, by=SYSTEM)
    event = ChangeEvent.objects.get(action="provisioning.strict_set")
    assert event.sentence == f"{SYSTEM.name} switched strict SCIM on for {connection}."
    assert (event.before, event.after) == ({"is_strict": False}, {"is_strict": True})
    assert set_strict(connection=connection, is_strict=False, by=SYSTEM)
    connection.refresh_from_db()
    assert not connection.is_strict


def test_each_deviation_is_noted_once():
    tolerance = Tolerance()
    compile_filter('active eq "true" or active eq "false"', kind="User", tolerance=tolerance)
    assert tolerance.notes == ["active compared with a text"]
