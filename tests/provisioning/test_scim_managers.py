"""The manager of a User (RFC 7643 section 4.3): named by its id, answered with what this connection says of it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from provisioning.actions.connection_settings import set_strict
from provisioning.models import ProvisionedUser
from tests.scim import ENTERPRISE, Scim, make_connection, okta_user
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db
MANAGER = f"{ENTERPRISE}:manager"
UNKNOWN = "01a2099e-8adc-7840-80c7-920880ceb065"


def managed_by(value, **more):
    return {ENTERPRISE: {"department": "Engines", "manager": {"value": value, **more}}}


def manager_of(answer):
    return answer.body[ENTERPRISE]["manager"]


def resolved(scim, boss, name="Boss Example"):
    return {"value": boss, "$ref": f"{scim.connection.base_url}/Users/{boss}", "displayName": name}


def queries(scim, path):
    with CaptureQueriesContext(connection) as captured:
        assert scim.get(path).status == 200
    return len(captured)


@pytest.fixture
def boss(scim):
    return scim.user("boss")


@pytest.fixture(params=["another workspace", "another connection of the same workspace"])
def foreign(request, db):
    slug = "globex" if request.param == "another workspace" else "acme"
    return Scim(make_connection(slug, "Entra Prod", "PROD"))


def test_every_answer_says_who_the_manager_is(scim, boss):
    ada = scim.user("ada", **managed_by(boss))
    title = {"op": "add", "path": "title", "value": "Dr"}
    for answer in (scim.get(f"/Users/{ada}"), scim.patch(f"/Users/{ada}", title)):
        assert answer.body[ENTERPRISE] == {"department": "Engines", "manager": resolved(scim, boss)}
    people = {user["id"]: user for user in scim.get("/Users").body["Resources"]}
    assert people[ada][ENTERPRISE]["manager"] == resolved(scim, boss)
    assert ENTERPRISE not in people[boss]


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"displayName": "The Boss", "name": {"formatted": "Mx Boss"}}, "The Boss"),
        ({"displayName": " ", "name": {"formatted": "Mx Boss"}}, "Mx Boss"),
        ({"displayName": None, "name": {"givenName": "Mx"}}, "boss@example.com"),
        ({"displayName": None, "name": None}, "boss@example.com"),
    ],
)
def test_a_manager_is_called_by_display_name_or_formatted_name_or_user_name(scim, fields, name):
    boss = scim.post("/Users", okta_user("boss") | fields).body["id"]
    ada = scim.user("ada", **managed_by(boss))
    assert manager_of(scim.get(f"/Users/{ada}")) == resolved(scim, boss, name)


def test_a_manager_is_called_what_its_record_says_now(scim, boss):
    ada = scim.user("ada", **managed_by(boss))
    scim.patch(f"/Users/{boss}", {"op": "replace", "path": "displayName", "value": "The Boss"})
    assert manager_of(scim.get(f"/Users/{ada}")) == resolved(scim, boss, "The Boss")
    scim.delete(f"/Users/{boss}")
    assert manager_of(scim.get(f"/Users/{ada}")) == {"value": boss}


def test_who_is_the_own_manager_is_called_by_the_new_name(scim, boss):
    path = f"/Users/{boss}"
    operations = [
        {"op": "replace", "path": "displayName", "value": "Boss"},
        {"op": "replace", "value": {"displayName": "Head", "active": False}},
        {"op": "replace", "path": "active", "value": True},
    ]
    for body in (okta_user("boss", displayName="Chief", **managed_by(boss)), *operations):
        answer = scim.patch(path, body) if "op" in body else scim.put(path, body)
        assert manager_of(answer) == resolved(scim, boss, answer.body["displayName"])
        assert answer.body == scim.get(path).body


@pytest.mark.parametrize("value", ["42", UNKNOWN, "{boss:upper}", "{boss:digits}"])
def test_the_id_of_nobody_stays_as_it_was_sent(scim, boss, value):
    value = {"{boss:upper}": boss.upper(), "{boss:digits}": boss.replace("-", "")}.get(value, value)
    ada = scim.user("ada", **managed_by(value, displayName="Boss Example"))
    assert manager_of(scim.get(f"/Users/{ada}")) == {"value": value}


def test_c2_nobody_of_another_connection_is_a_manager_here(scim, foreign):
    theirs = foreign.user("boss")
    ada = scim.user("ada", **managed_by(theirs))
    assert manager_of(scim.get(f"/Users/{ada}")) == {"value": theirs}
    assert "Boss" not in scim.get("/Users").content.decode()


def test_c4_what_a_client_says_of_a_manager_beside_its_id_is_not_kept(scim, boss):
    claimed = {"$ref": "https://example.com/Users/1", "displayName": "Somebody Else"}
    ada = scim.user("ada", **managed_by(boss, **claimed))
    shown = scim.get(f"/Users/{ada}").body
    assert scim.put(f"/Users/{ada}", shown).body[ENTERPRISE] == shown[ENTERPRISE]
    for op in ("add", "replace"):
        answer = scim.patch(f"/Users/{ada}", {"op": op, "path": MANAGER, "value": {"value": boss, **claimed}})
        assert manager_of(answer) == resolved(scim, boss)
    assert ProvisionedUser.objects.get(pk=ada).document[ENTERPRISE]["manager"] == {"value": boss}


@pytest.mark.parametrize("part", ["$ref", "displayName"])
def test_c4_a_patch_of_that_alone_changes_nothing_of_it(scim, boss, part):
    ada = scim.user("ada", **managed_by(boss))
    operation = {"op": "replace", "path": f"{MANAGER}.{part}", "value": "x"}
    for sent in (operation, {"op": "add", "value": {f"{MANAGER}.{part}": "x"}}):
        assert manager_of(scim.patch(f"/Users/{ada}", sent)) == resolved(scim, boss)
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)
    answer = scim.patch(f"/Users/{ada}", operation)
    assert (answer.status, answer.body["scimType"]) == (400, "mutability")


NONE = [
    {"displayName": "Bob"},
    {"$ref": "../Users/1"},
    {"value": ""},
    {"value": None},
    {"value": " "},
    {},
    "",
    None,
    [],
    [{}],
]
CLEARING = [
    *({"op": op, "path": MANAGER, "value": value} for op in ("add", "replace") for value in NONE),
    *({"op": op, "path": "manager", "value": value} for op in ("add", "replace") for value in NONE),
    *({"op": "replace", "value": {key: value}} for key in (MANAGER, "manager", "MANAGER") for value in NONE),
    *({"op": "add", "value": {ENTERPRISE: {"manager": value}}} for value in NONE),
    *({"op": op, "path": path, "value": value} for op in ("add", "replace") for value in ("", None)
      for path in (f"{MANAGER}.value", "manager.value")),
    *({"op": op, "path": path} for op in ("remove", "Remove") for path in (MANAGER, "manager", f"{MANAGER}.value")),
    {"op": "replace", "value": {"manager.value": ""}},
]  # fmt: skip


def test_clearing_the_manager_in_any_spelling_goes_with_a_deactivation(scim, boss):
    ada = scim.user("ada", **managed_by(boss))
    switch = {"op": "replace", "path": "active", "value": False}
    for operation in CLEARING:
        for operations in ([operation, switch], [switch, operation]):
            scim.put(f"/Users/{ada}", okta_user("ada", **managed_by(boss)))
            answer = scim.patch(f"/Users/{ada}", *operations)
            assert (answer.status, answer.body["active"]) == (200, False), (operation, answer.body)
            assert answer.body[ENTERPRISE] == {"department": "Engines"}, operation
        assert ProvisionedUser.objects.get(pk=ada).document[ENTERPRISE] == {"department": "Engines"}, operation


@pytest.mark.parametrize("value", NONE, ids=str)
def test_a_body_whose_manager_has_no_value_has_no_manager(scim, boss, value):
    for name, fields in (
        ("ada", {ENTERPRISE: {"manager": value}}),
        ("bob", {"manager": value}),
        ("cy", {MANAGER: value}),
    ):
        made = scim.post("/Users", okta_user(name) | fields)
        assert made.status == 201, made.body
        assert ENTERPRISE not in made.body
        path = f"/Users/{made.body['id']}"
        scim.put(path, okta_user(name, **managed_by(boss)))
        answer = scim.put(path, okta_user(name, active=False) | fields)
        assert (answer.status, answer.body["active"], ENTERPRISE in answer.body) == (200, False, False)


@pytest.mark.parametrize(
    "value", [{"displayName": "Bob"}, {"$ref": "../Users/1"}, {"value": ""}, "", [], [{"value": "1"}]]
)
def test_a_strict_connection_refuses_a_manager_in_another_form(scim, boss, value):
    ada = scim.user("ada", **managed_by(boss))
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)
    assert scim.patch(f"/Users/{ada}", {"op": "replace", "path": MANAGER, "value": value}).status == 400
    assert scim.put(f"/Users/{ada}", okta_user("ada") | {ENTERPRISE: {"manager": value}}).status == 400
    assert manager_of(scim.get(f"/Users/{ada}")) == resolved(scim, boss)
    assert ENTERPRISE in scim.patch(f"/Users/{ada}", {"op": "remove", "path": f"{MANAGER}.value"}).body


@pytest.mark.parametrize("part", ["$ref", "displayName"])
def test_lists_are_neither_filtered_nor_sorted_by_it(scim, part):
    filtered = scim.post("/Users/.search", {"filter": f'{MANAGER}.{part} eq "x"'})
    ordered = scim.post("/Users/.search", {"sortBy": f"{MANAGER}.{part}"})
    assert [answer.body["scimType"] for answer in (filtered, ordered)] == ["invalidFilter", "invalidPath"]


def test_the_schema_says_that_the_server_answers_it(scim):
    attributes = {each["name"]: each for each in scim.get(f"/Schemas/{ENTERPRISE}").body["attributes"]}
    parts = {each["name"]: each["mutability"] for each in attributes["manager"]["subAttributes"]}
    assert parts == {"value": "readWrite", "$ref": "readOnly", "displayName": "readOnly"}


def test_a_page_takes_one_query_more_however_many_managers_there_are(scim, boss):
    without = queries(scim, "/Users")
    scim.user("ada", **managed_by(boss))
    one = queries(scim, "/Users")
    assert one == without + 1
    for n in range(5):
        scim.user(f"u{n}", **managed_by(scim.user(f"boss{n}")))
    assert queries(scim, "/Users") == one


@pytest.mark.parametrize(
    ("asked", "more"),
    [
        ("attributes=userName", 0),
        (f"attributes={MANAGER}.value", 0),
        (f"attributes={ENTERPRISE}:department", 0),
        (f"attributes={ENTERPRISE}", 1),
        (f"attributes={MANAGER}", 1),
        (f"attributes=userName,{MANAGER}.displayName", 1),
        (f"attributes={MANAGER}.$ref", 1),
        (f"excludedAttributes={ENTERPRISE}", 0),
        (f"excludedAttributes={MANAGER}", 0),
        (f"excludedAttributes={MANAGER}.$ref,{MANAGER}.displayName", 0),
        (f"excludedAttributes={MANAGER}.$ref", 1),
        ("excludedAttributes=groups", 1),
    ],
)
def test_managers_are_read_only_where_the_answer_shows_them(scim, asked, more):
    bob = scim.user("bob")
    without = queries(scim, f"/Users?{asked}")
    scim.patch(f"/Users/{bob}", {"op": "add", "path": MANAGER, "value": bob})
    assert queries(scim, f"/Users?{asked}") == without + more


def test_a_user_whose_manager_cannot_be_an_id_takes_no_query_more(scim, boss):
    without = queries(scim, "/Users")
    scim.user("ada", **managed_by("E-42"))
    assert queries(scim, "/Users") == without
