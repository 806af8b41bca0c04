"""What a lenient connection takes and notes, and a strict one refuses: names, echoes, paths, types, equal values."""

import pytest

from provisioning.actions.connection_settings import set_strict
from tests.provisioning.refusals import dump, is_refused, switch
from tests.scim import ENTERPRISE, GROUP, USER, okta_user
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db
MANAGER = {"value": "42"}


def notes(scim):
    return scim.connection.requests.latest("id").notes


def make_strict(scim):
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)


@pytest.fixture
def ada(scim):
    return scim.user()


# Attributes of the enterprise extension without its URN

BARE = [
    ({"op": "Add", "path": "manager", "value": [{"value": "42"}]}, {"manager": MANAGER}),
    ({"op": "add", "path": "manager", "value": "42"}, {"manager": MANAGER}),
    ({"op": "replace", "path": "Manager", "value": {"value": "42", "displayName": "Bob"}}, {"manager": MANAGER}),
    ({"op": "replace", "path": "manager.value", "value": "42"}, {"manager": MANAGER}),
    ({"op": "replace", "path": "MANAGER.VALUE", "value": 42}, {"manager": MANAGER}),
    ({"op": "replace", "path": "department", "value": "D"}, {"department": "D"}),
    ({"op": "replace", "path": f"{USER}:department", "value": "D"}, {"department": "D"}),
    ({"op": "replace", "path": "urn:scim:schemas:core:1.0:department", "value": "D"}, {"department": "D"}),
    ({"op": "add", "path": "employeeNumber", "value": 7}, {"employeeNumber": "7"}),
    ({"op": "replace", "value": {"manager": {"value": "42"}}}, {"manager": MANAGER}),
    ({"op": "replace", "value": {"manager.value": "42", "costcenter": "c"}}, {"manager": MANAGER, "costCenter": "c"}),
    ({"op": "add", "value": {"manager": "42", "division": "d"}}, {"manager": MANAGER, "division": "d"}),
    ({"op": "add", "value": {USER: {"organization": "o"}}}, {"organization": "o"}),
]


@pytest.mark.parametrize(("operation", "expected"), BARE, ids=str)
def test_a_bare_path_of_the_enterprise_extension_is_taken_and_noted(scim, ada, operation, expected):
    answer = scim.patch(f"/Users/{ada}", operation, switch(False))
    assert answer.status == 200, answer.body
    assert answer.body[ENTERPRISE] == expected
    assert any(note.endswith("named without the URN of its schema") for note in notes(scim))
    make_strict(scim)
    before = dump()
    answer = scim.patch(f"/Users/{ada}", operation)
    is_old = operation["op"] == "Add" or "1.0" in operation.get("path", "")
    assert is_refused(answer, 400, "invalidSyntax" if is_old else "invalidPath")
    assert dump() == before


def test_a_bare_path_removes_from_the_enterprise_extension(scim, ada):
    scim.put(f"/Users/{ada}", okta_user(**{ENTERPRISE: {"department": "D", "division": "d", "manager": MANAGER}}))
    assert scim.patch(f"/Users/{ada}", {"op": "remove", "path": "department"}).body[ENTERPRISE]["division"] == "d"
    answer = scim.patch(f"/Users/{ada}", {"op": "Remove", "path": "division"}, {"op": "remove", "path": "manager"})
    assert ENTERPRISE not in answer.body


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"manager": {"value": "42"}}, {"manager": MANAGER}),
        ({"manager": "42", "DEPARTMENT": "D"}, {"manager": MANAGER, "department": "D"}),
        ({"manager.value": "42"}, {"manager": MANAGER}),
        ({"employeeNumber": 7, ENTERPRISE: {"department": "D"}}, {"department": "D", "employeeNumber": "7"}),
        ({USER: {"costCenter": "c"}}, {"costCenter": "c"}),
        ({f"{USER}:division": "d"}, {"division": "d"}),
    ],
    ids=str,
)
def test_a_flat_attribute_of_the_enterprise_extension_is_taken_and_noted(scim, ada, fields, expected):
    for answer in (scim.put(f"/Users/{ada}", okta_user() | fields), scim.post("/Users", okta_user("bob") | fields)):
        assert answer.body[ENTERPRISE] == expected
        assert any(note.endswith("named without the URN of its schema") for note in notes(scim))
    make_strict(scim)
    assert is_refused(scim.put(f"/Users/{ada}", okta_user() | fields), 400, "invalidSyntax")


def test_a_group_has_no_enterprise_extension(scim):
    answer = scim.post("/Groups", {"schemas": [GROUP], "displayName": "B", "department": "D"})
    assert set(answer.body) == {"schemas", "id", "meta", "displayName"}
    assert notes(scim) == ["Ignored the unknown attribute department"]


# What the server says, sent back in a change without a path


@pytest.mark.parametrize(
    "echo",
    [
        {"groups": []}, {"groups": [{"value": "x"}]}, {"meta": {"resourceType": "User"}}, {"meta": None}, {"ID": None},
        {"schemas": [USER, "urn:x"]}, {f"{USER}:groups": []}, {USER: {"groups": [], "id": None}},
        {"meta.created": "x"}, {"groups.value": "x"}, {'groups[value eq "x"]': 1},
        {f"{ENTERPRISE}:manager.displayName": "Bob"}, {"manager.displayName": "Bob"},
        {ENTERPRISE: {"schemas": [ENTERPRISE]}},
    ],
    ids=str,
)  # fmt: skip
def test_read_only_attributes_in_a_change_without_a_path_are_ignored(scim, ada, echo):
    before = scim.get(f"/Users/{ada}").body
    for op in ("add", "replace", "Replace"):
        answer = scim.patch(f"/Users/{ada}", {"op": op, "value": {**echo, "active": False}})
        assert answer.status == 200, answer.body
        assert answer.body | {"meta": 0} == before | {"active": False, "meta": 0}
        assert any(note.startswith(("Ignored the", "Left out")) for note in notes(scim))
        scim.patch(f"/Users/{ada}", switch(True))


def test_a_whole_user_as_it_was_read_can_be_sent_back_as_a_change(scim, ada):
    scim.group(members=[ada])
    user = scim.get(f"/Users/{ada}?attributes=urn:workspace-admin:params:scim:schemas:extension:access:2.0:User").body
    user = scim.get(f"/Users/{ada}").body | user
    answer = scim.patch(f"/Users/{ada}", {"op": "replace", "value": user | {"active": False}})
    assert (answer.status, answer.body["active"]) == (200, False), answer.body


# Paths


UNKNOWN = [
    "__class__", "favouriteColour", "user_name", "name.nick", "urn:x:y:z", 'colours[type eq "x"].value',
    'colours[type eq "x" and not (value sw "y")]', "schemas", f"{ENTERPRISE}:colour", "x-y", "$ref", "end_user",
]  # fmt: skip
NO_PATHS = [
    "foo bar", "emails[type eq", 'emails[type eq "x"', 'colours[type eq "x"]]', "colours[]", "colours[x]", "..",
    ".name", "name.", "a..b", "[x pr]", "é", "1abc", "-", "name/givenName", '"title"', "emails[0].value",
    'colours["x"].y', "title,name", "{}",
]  # fmt: skip


@pytest.mark.parametrize("path", UNKNOWN)
@pytest.mark.parametrize("op", ["add", "replace", "remove"])
def test_a_path_that_names_no_attribute_is_noted(scim, ada, op, path):
    before = scim.get(f"/Users/{ada}").body
    operation = {"op": op, "path": path, "value": "x"}
    assert scim.patch(f"/Users/{ada}", operation, switch(False)).status == 200
    assert notes(scim) == [f"Ignored the unknown attribute {path}"]
    assert scim.get(f"/Users/{ada}").body | {"meta": 0} == before | {"active": False, "meta": 0}
    make_strict(scim)
    assert is_refused(scim.patch(f"/Users/{ada}", operation, switch(True)), 400, "invalidPath")


@pytest.mark.parametrize("path", NO_PATHS)
@pytest.mark.parametrize("is_strict", [False, True])
def test_a_text_that_is_no_path_is_refused(scim, ada, path, is_strict):
    set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
    before = dump()
    for operation in ({"op": "add", "value": "x"}, {"op": "replace", "value": "x"}, {"op": "remove"}):
        answer = scim.patch(f"/Users/{ada}", switch(False), operation | {"path": path})
        assert is_refused(answer, 400, "invalidPath")
    assert dump() == before


@pytest.mark.parametrize("path", ["active.value", "active.x", "userName.x", "externalId.y", f"{USER}:active.value"])
@pytest.mark.parametrize("form", ["path", "no path", "body"])
def test_what_must_not_be_guessed_is_refused(scim, ada, path, form):
    before = dump()
    if form == "body":
        answer = scim.put(f"/Users/{ada}", okta_user() | {path: False})
    elif form == "path":
        answer = scim.patch(f"/Users/{ada}", {"op": "replace", "path": path, "value": False})
    else:
        answer = scim.patch(f"/Users/{ada}", {"op": "replace", "value": {path: False, "title": "Dr"}})
    assert is_refused(answer, 400, "invalidPath")
    assert dump() == before


def test_what_only_the_other_kind_needs_is_unknown(scim, ada):
    fields = {"active": False, "userName": "x", "name": {"givenName": "x"}}
    group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "Builders"} | fields)
    path = f"/Groups/{group.body['id']}"
    assert scim.put(path, {"schemas": [GROUP], "displayName": "Makers"} | fields).body["displayName"] == "Makers"
    changes = [{"op": "replace", "path": name, "value": value} for name, value in fields.items()]
    assert scim.patch(path, *changes, {"op": "replace", "path": "displayName", "value": "Coders"}).status == 204
    assert "Ignored the unknown attribute active" in notes(scim)
    assert scim.put(f"/Users/{ada}", okta_user(members=[{"value": "x"}])).status == 200
    assert scim.patch(f"/Users/{ada}", {"op": "add", "path": "members", "value": []}, switch(False)).status == 200
    assert notes(scim) == ["Ignored the unknown attribute members"]


def test_members_are_never_left_out(scim, ada):
    group = scim.group("Builders", [ada])
    before = dump()
    for sent in (
        {"op": "add", "path": "members", "value": [{"value": "nobody"}]},
        {"op": "add", "path": "members", "value": [{"display": "Ada"}]},
        {"op": "add", "path": "members", "value": 5},
        {"op": "remove", "path": 'members[display eq "Ada"]'},
        {"op": "remove", "path": "members.x"},
        {"op": "replace", "value": {"members.x": []}},
        {"op": "replace", "path": "displayName", "value": {"a": 1}},
        {"op": "replace", "path": "displayName", "value": "x" * 251},
        {"op": "replace", "path": "externalId", "value": {"a": 1}},
    ):
        assert scim.patch(f"/Groups/{group}", sent).status == 400
    for fields in ({"members": 5}, {"members": [{}]}, {"displayName": ["a", "b"]}, {"members.x": []}):
        assert scim.put(f"/Groups/{group}", {"schemas": [GROUP], "displayName": "B", **fields}).status == 400
    assert dump() == before


# Types


@pytest.mark.parametrize(
    ("fields", "note"),
    [
        ({"userName": ["ada@example.com"]}, "userName sent as a list"),
        ({"userName": {"value": "ada@example.com"}}, "userName sent as an object"),
        ({"externalId": 7}, "externalId sent as a number"),
        ({"externalId": ["7"]}, "externalId sent as a list"),
        ({"schemas": ["urn:x"]}, "Ignored the unknown schema urn:x"),
        ({"__class__": "x"}, "Ignored the unknown attribute __class__"),
        (
            {"emails": [{"value": "a@b.example", "primary": True}, {"value": "c@d.example", "primary": True}]},
            "several primary emails, of which the first one counts",
        ),
    ],
)
def test_a_value_of_another_type_is_noted(scim, ada, fields, note):
    answer = scim.put(f"/Users/{ada}", okta_user() | fields)
    assert (answer.status, answer.body["userName"]) == (200, "ada@example.com")
    assert note in notes(scim)
    make_strict(scim)
    assert scim.put(f"/Users/{ada}", okta_user() | fields).status == 400


# Equal values

WORK, HOME = {"value": "a@b.example", "type": "work"}, {"value": "a@b.example", "type": "home"}
ROLE = {"value": "Admin"}


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"roles": [ROLE, ROLE]}, {"roles": [ROLE]}),
        ({"roles": [ROLE, {"value": "ADMIN"}]}, {"roles": [ROLE]}),
        ({"roles": [ROLE, {"value": "b"}, ROLE]}, {"roles": [ROLE, {"value": "b"}]}),
        ({"emails": [WORK, HOME, WORK]}, {"emails": [WORK, HOME]}),
        ({"emails": [WORK, WORK | {"primary": True}]}, {"emails": [WORK | {"primary": True}]}),
        ({"emails": [WORK | {"primary": True}, WORK]}, {"emails": [WORK | {"primary": True}]}),
        ({"emails": [WORK | {"primary": True}, WORK | {"primary": False}]}, {"emails": [WORK | {"primary": True}]}),
        ({"roles": [ROLE, ROLE | {"display": "Boss"}]}, {"roles": [ROLE | {"display": "Boss"}]}),
        ({"addresses": [{"country": "CH"}, {"country": "AT"}]}, {"addresses": [{"country": "CH"}, {"country": "AT"}]}),
        (
            {"x509Certificates": [{"value": "QUJD"}, {"value": "QUJd"}, {"value": "QUJD"}]},
            {"x509Certificates": [{"value": "QUJD"}, {"value": "QUJd"}]},
        ),
    ],
    ids=str,
)
def test_equal_pairs_of_type_and_value_are_stored_once(scim, ada, sent, kept, is_strict):
    set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
    path, body = f"/Users/{ada}", {"schemas": [USER], "userName": "ada@example.com", "emails": [HOME]}
    assert scim.put(path, body | sent).body.items() >= kept.items()
    scim.put(path, body)
    [(name, entries)] = sent.items()
    answer = scim.patch(path, {"op": "replace", "path": name, "value": entries})
    assert answer.body.items() >= kept.items()
    if name != "emails":
        scim.put(path, body)
        one_by_one = [{"op": "add", "path": name, "value": [entry]} for entry in entries]
        assert scim.patch(path, *one_by_one).body.items() >= kept.items()
        assert scim.patch(path, *one_by_one).body.items() >= kept.items()
    assert scim.get(path).body.items() >= kept.items()


def test_strict_takes_schemas_inside_an_extension(scim, ada):
    make_strict(scim)
    extension = {"schemas": [ENTERPRISE], "department": "D"}
    body = {"schemas": [USER, ENTERPRISE], "userName": "bob@example.com", "emails": [HOME], ENTERPRISE: extension}
    made = scim.post("/Users", body)
    assert (made.status, made.body[ENTERPRISE]) == (201, {"department": "D"})
    path = f"/Users/{made.body['id']}"
    assert scim.put(path, body).status == 200
    assert scim.patch(path, {"op": "add", "path": ENTERPRISE, "value": extension | {"division": "d"}}).status == 200
    assert notes(scim) == []
    assert scim.patch(path, {"op": "add", "path": "name", "value": {"schemas": [USER]}}).status == 400
