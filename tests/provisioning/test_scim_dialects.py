"""What identity providers send instead of what the RFC says (scim.md "Clients", security.md C9)."""

import pytest

from provisioning.payload import members
from provisioning.payload.dialects.operations import tidy_operations
from provisioning.payload.dialects.resources import tidy_resource
from provisioning.payload.documents import parse
from provisioning.payload.errors import ScimError
from provisioning.payload.profile import profile
from provisioning.payload.resources import Group, User
from provisioning.payload.tolerance import Tolerance
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER


def read(**body):
    """The document of a User body, with the notes."""
    notes: list[str] = []
    document = parse(tidy_resource({"schemas": [USER], "userName": "ada"} | body, User, Tolerance(notes)), User)
    assert document.pop("userName") == "ada"
    return document, notes


def operations(*sent, model=User, key="Operations"):
    notes: list[str] = []
    body = {"schemas": [PATCH_OP], key: list(sent)}
    return tidy_operations(body, model, "the-id", Tolerance(notes)), notes


@pytest.mark.parametrize("more", [{}, {"emails": [{"value": "a@example.com"}]}])
def test_a_part_of_a_list_without_the_list_is_left_out(more):
    for sent in (more | {"emails.value": "b@example.com"}, {"emails.value": "b@example.com"} | more):
        document, notes = read(**sent)
        assert document == more
        assert notes[-1].startswith("Left out emails.value: emails has several values. Send it as a list")


@pytest.mark.parametrize(
    ("sent", "active"),
    [
        (True, True),
        ("True", True),
        ("true", True),
        ("1", True),
        (1, True),
        (1.0, None),
        (False, False),
        ("False", False),
        (" false ", False),
        ("0", False),
        (0, False),
        ("yes", None),
        ("", "absent"),
        (None, "absent"),
        (2, None),
        ([], None),
        ({}, None),
        ("Falsch", None),
    ],
    ids=repr,
)
def test_c9_active_is_right_or_refused(sent, active):
    if active is None:
        with pytest.raises(ScimError, match="true or false"):
            read(active=sent)
        with pytest.raises(ScimError, match="true or false"):
            operations({"op": "replace", "path": "active", "value": sent})
        return
    document, notes = read(active=sent)
    assert document.get("active", "absent") is active or active == "absent"
    assert bool(notes) == (not isinstance(sent, bool) and sent is not None)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "Replace", "path": "active", "value": "False"},
        {"op": "replace", "path": "Active", "value": False},
        {"op": "replace", "value": {"active": False}},
        {"op": "replace", "value": {"ACTIVE": "false"}},
        {"op": "replace", "value": '{"active": false}'},
        {"op": "add", "path": f"{USER}:active", "value": 0},
        {"op": "replace", "value": {f"{USER}:active": False}},
        {"op": "replace", "value": {USER: {"active": False}}},
        {"Op": "replace", "Path": "active", "Value": [{"value": "False"}]},
    ],
)
def test_c9_active_in_operations(operation):
    [tidy], _ = operations(operation)
    assert (tidy["path"], tidy["value"]) == ("active", False)


@pytest.mark.parametrize(
    ("body", "document"),
    [
        ({"EMAILS": {"value": "a@b.c"}}, {"emails": [{"value": "a@b.c"}]}),
        ({"emails": "a@b.c"}, {"emails": [{"value": "a@b.c"}]}),
        ({"emails": ['{"value": "a@b.c"}']}, {"emails": [{"value": "a@b.c"}]}),
        ({"emails": '[{"value": "a@b.c", "type": "WORK"}]'}, {"emails": [{"value": "a@b.c", "type": "work"}]}),
        (
            {"emails": [{"value": "a@corp.local", "primary": "True"}]},
            {"emails": [{"value": "a@corp.local", "primary": True}]},
        ),
        ({"emails": [], "roles": [], "groups": [], "nickName": None, "title": ""}, {}),
        ({"emails": [None, {"value": ""}]}, {}),
        ({"name": '{"givenName": "Ada"}'}, {"name": {"givenName": "Ada"}}),
        ({"name": {"givenName": "", "familyName": "L"}}, {"name": {"familyName": "L"}}),
        ({"name.givenName": "Ada", "name.familyName": "L"}, {"name": {"givenName": "Ada", "familyName": "L"}}),
        ({f"{USER}:title": "Dr"}, {"title": "Dr"}),
        ({ENTERPRISE: {"manager": "42"}}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        ({ENTERPRISE: {"manager": {"value": "42"}}}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        ({ENTERPRISE: {"manager": [{"value": "42"}]}}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        ({ENTERPRISE: {"manager": None, "employeeNumber": 7}}, {ENTERPRISE: {"employeeNumber": "7"}}),
        ({f"{ENTERPRISE}:department": "D"}, {ENTERPRISE: {"department": "D"}}),
        ({ENTERPRISE: {"manager.value": "42"}}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        ({ENTERPRISE: {"manager": None, "manager.value": "42"}}, {ENTERPRISE: {"manager": {"value": "42"}}}),
        ({"urn:scim:schemas:extension:enterprise:1.0": {"department": "D"}}, {ENTERPRISE: {"department": "D"}}),
        ({"favouriteColour": "blue", "urn:x:y": {"a": 1}}, {}),
        ({"password": "s3cret", "id": "1", "meta": {"created": "x"}}, None),
    ],
)
def test_bodies(body, document):
    if document is None:
        body.pop("meta")
        document = {}
    assert read(**body)[0] == document


def test_meta_of_any_kind_is_left_out():
    assert read(meta={"resourceType": "User"})[0] == {}


@pytest.mark.parametrize(
    ("body", "note"),
    [
        ({"active": "True"}, "active sent as text"),
        ({"emails": {"value": "a@b.c"}}, "emails sent as one value instead of a list"),
        ({ENTERPRISE: {"manager": "42"}}, "manager sent as a bare value"),
        ({ENTERPRISE: {"manager.value": "42"}}, "manager.value sent as a path"),
        ({"favouriteColour": 1}, "Ignored the unknown attribute favouriteColour"),
        ({"schemas": ["urn:scim:schemas:core:1.0"]}, "Ignored the unknown schema urn:scim:schemas:core:1.0"),
        ({"schemas": []}, "schemas left out"),
        ({"schemas": None}, "schemas left out"),
    ],
)
def test_notes(body, note):
    assert read(**body)[1] == [note]


def test_an_honest_body_has_no_notes():
    assert read(active=True, emails=[{"value": "a@b.c", "type": "work"}], name={"givenName": "Ada"})[1] == []


@pytest.mark.parametrize("bad", ['{"value": NaN}', '{"value": "\\u0000"}', "[" * 50 + "]" * 50, "{"])
def test_json_in_a_text_obeys_the_rules_of_bodies(bad):
    document, notes = read(emails=bad, title="Dr")
    assert document == {"title": "Dr"}
    assert notes[-1].startswith("Left out emails: ")
    with pytest.raises(ScimError):
        operations({"op": "replace", "value": bad})
    with pytest.raises(ScimError):
        members.member_ids(bad)


@pytest.mark.parametrize(
    ("operation", "tidy"),
    [
        ({"op": "Add", "path": "displayName", "value": "A"}, [("add", "displayName", "A")]),
        ({"op": "replace", "path": "title", "value": ""}, [("remove", "title", None)]),
        ({"op": "add", "path": "title", "value": None}, [("remove", "title", None)]),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": ""},
            [("remove", 'emails[type eq "work"]', None)],
        ),
        (
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "a@b"},
            [("replace", 'emails[type eq "work"].value', "a@b")],
        ),
        (
            {"op": "add", "path": f"{ENTERPRISE}:manager", "value": "42"},
            [("add", f"{ENTERPRISE}:manager", {"value": "42"})],
        ),
        (
            {
                "op": "replace",
                "value": {
                    "name.givenName": "A",
                    'emails[type eq "work"].value': "a@b",
                    f"{ENTERPRISE}:department": "D",
                },
            },
            [
                ("replace", "name.givenName", "A"),
                ("replace", 'emails[type eq "work"].value', "a@b"),
                ("replace", f"{ENTERPRISE}:department", "D"),
            ],
        ),
        ({"op": "add", "value": {ENTERPRISE: {"department": "D"}}}, [("add", f"{ENTERPRISE}:department", "D")]),
        ({"op": "replace", "value": {"id": "the-id", "schemas": [USER], "title": "Dr"}}, [("replace", "title", "Dr")]),
        (
            {"op": "replace", "path": "name", "value": {"givenName": None, "familyName": "L"}},
            [("replace", "name", {"givenName": None, "familyName": "L"})],
        ),
        ({"op": "remove", "path": "title", "value": "Dr"}, [("remove", "title", None)]),
        ({"op": "Remove", "path": "emails", "value": [{"value": "a@b"}]}, [("remove", "emails", [{"value": "a@b"}])]),
        ({"op": "replace", "path": "active", "value": None}, [("remove", "active", None)]),
    ],
)
def test_operations(operation, tidy):
    read, _ = operations(operation)
    assert [(one["op"], one["path"], one.get("value")) for one in read] == tidy


def test_group_replaced_without_a_path():
    sent = {"op": "replace", "value": {"id": "the-id", "displayName": "B", "members": []}}
    read, notes = operations(sent, model=Group)
    assert [(one["path"], one["value"]) for one in read] == [("displayName", "B"), ("members", [])]
    assert notes == ["id repeated in a change"]


def test_operations_in_lower_case_and_without_schemas():
    assert operations({"op": "add", "path": "title", "value": "Dr"}, key="operations")[1] == [
        "Operations sent as operations"
    ]


@pytest.mark.parametrize(
    ("sent", "scim_type"),
    [
        ([], "invalidSyntax"),
        (["x"], "invalidSyntax"),
        ("x", "invalidSyntax"),
        ([{"path": "title"}], "invalidValue"),
        ([{"op": "move", "path": "title"}], "invalidValue"),
        ([{"op": "remove"}], "noTarget"),
        ([{"op": "add", "path": 5}], "invalidPath"),
        ([{"op": "add", "value": "x"}], "invalidSyntax"),
        ([{"op": "add", "value": [1]}], "invalidValue"),
    ],
)
def test_refused_operations(sent, scim_type):
    with pytest.raises(ScimError) as refusal:
        tidy_operations({"Operations": sent}, User, "", Tolerance())
    assert refusal.value.scim_type == scim_type


def test_c8_as_many_operations_as_are_advertised():
    operation = {"op": "add", "path": "title", "value": "Dr"}
    assert len(operations(*[operation] * 1000)[0]) == 1000
    with pytest.raises(ScimError, match="Send at most 1,000 operations in one request") as refusal:
        operations(*[operation] * 1001)
    assert refusal.value.status == 413


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"displayName": "D", "emails": [{"value": "a@b"}]}, ("D", "a@b")),
        ({"name": {"formatted": "F"}, "emails": [{"value": "a@b"}, {"value": "c@d", "type": "work"}]}, ("F", "c@d")),
        (
            {
                "name": {"givenName": "G", "familyName": "L"},
                "emails": [{"value": "a@b", "type": "work"}, {"value": "c@d", "primary": True}],
            },
            ("G L", "c@d"),
        ),
        ({"userName": "u@x"}, ("u@x", "u@x")),
        ({"displayName": "D"}, ("D", "")),
        ({"emails": [{"value": "nobody", "primary": True}, {"value": "c@d"}, {"value": "a@b"}]}, ("u", "c@d")),
        ({"userName": "u@x", "emails": [{"value": "a b@c"}]}, ("u@x", "u@x")),
        ({"userName": "u@x", "displayName": "  ", "emails": [{"type": "work"}]}, ("u@x", "u@x")),
    ],
)
def test_profile(document, expected):
    assert profile({"userName": "u"} | document) == expected


def test_schemas_of_groups():
    notes: list[str] = []
    tidy_resource({"schemas": [GROUP, "http://x"], "displayName": "A"}, Group, Tolerance(notes))
    assert notes == ["Ignored the unknown schema http://x"]
