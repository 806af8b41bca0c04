"""security.md C6 to C8: filters, bodies and operations that are refused change nothing."""

import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.actions.connection_settings import set_strict
from provisioning.payload.body import MAX_BYTES
from tests.provisioning.refusals import UNKNOWN, dump, is_refused, switch
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER, okta_user
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db


# C6


def test_c6_a_filter_that_is_refused_reads_nothing(scim, django_assert_num_queries):
    scim.get("/Users")
    for text in ("(" * 11, "title pr or " * 20 + "title pr", "x" * 2_001, "nonsense"):
        with django_assert_num_queries(2):  # the token, and the row of the log
            assert is_refused(scim.post("/Users/.search", {"filter": text}), 400, "invalidFilter")


PATHS = ["(" * 11, '[type eq "x"' + ' or type eq "x"' * 20 + "]", "[" * 50_000, "x" * 900_000, "[type eq " * 50_000]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path[:12]}*{len(path)}")
def test_c6_the_path_of_a_patch_is_limited_like_a_filter(scim, path):
    pk = scim.user()
    before = dump()
    for name in ("emails", "nonsense", ""):
        operation = {"op": "replace", "path": name + path, "value": "x"}
        answer = scim.patch(f"/Users/{pk}", operation)
        assert is_refused(answer, 400, "invalidFilter")
        assert "Shorten" in answer.body["detail"] or "at most" in answer.body["detail"]
    assert dump() == before


# C7

BODIES = {
    "nothing": b"",
    "no object": b"[]",
    "text": b'"x"',
    "cut off": b'{"userName": "x',
    "more behind": b'{"userName": "x@example.com"} {}',
    "NaN": b'{"userName": "x@example.com", "a": NaN}',
    "Infinity": b'{"userName": "x@example.com", "a": -Infinity}',
    "a huge number": b'{"userName": "x@example.com", "a": 1e999}',
    "a long number": b'{"userName": "x@example.com", "a": ' + b"9" * 5000 + b"}",
    "twice": b'{"userName": "x@example.com", "userName": "y@example.com"}',
    "twice in other case": b'{"userName": "x@example.com", "USERNAME": "y@example.com"}',
    "twice within": b'{"userName": "x@example.com", "name": {"givenName": "a", "givenName": "b"}}',
    "NUL": b'{"userName": "x@example.com", "title": "a\\u0000b"}',
    "raw NUL": b'{"userName": "x@example.com", "title": "a\x00b"}',
    "NUL in a name": b'{"userName": "x@example.com", "a\\u0000": 1}',
    "half a pair": b'{"userName": "x@example.com", "title": "\\ud83d"}',
    "the other half": b'{"userName": "x@example.com", "title": "\\ude00\\ud83d"}',
    "UTF-16": '{"userName": "x@example.com"}'.encode("utf-16"),
    "Latin 1": '{"userName": "é@example.com"}'.encode("latin-1"),
    "overlong UTF-8": b'{"userName": "x@example.com", "title": "\xc0\xaf"}',
    "two BOMs": '\ufeff{"userName": "x@example.com"}'.encode("utf-8-sig"),
    "a BOM alone": "".encode("utf-8-sig"),
    "deep": b'{"userName": "x@example.com", "a": ' + b"[" * 21 + b"]" * 21 + b"}",
    "very deep": b'{"a":' * 10_000,
    "too long": b'{"userName": "x@example.com", "a": "' + b"x" * MAX_BYTES + b'"}',
    "much too long": b'{"userName": "x@example.com", "a": "' + b"x" * 4 * MAX_BYTES + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_c7_a_body_that_is_none_changes_nothing_anywhere(scim, body):
    user = scim.user()
    group = scim.group(members=[user])
    before = dump()
    for method, path in (
        ("POST", "/Users"), ("PUT", f"/Users/{user}"), ("PATCH", f"/Users/{user}"), ("POST", "/Groups"),
        ("PUT", f"/Groups/{group}"), ("PATCH", f"/Groups/{group}"), ("POST", "/Users/.search"), ("POST", "/.search"),
    ):  # fmt: skip
        status = 413 if len(body) > MAX_BYTES else 400
        assert is_refused(scim.call(method, path, body), status, None if status == 413 else "invalidSyntax")
    assert dump() == before


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "text/plain"}, {"Content_Type": "multipart/form-data; boundary=x"}, {"Content_Encoding": "gzip"},
     {"Content_Type": "application/x-www-form-urlencoded"}, {"Content_Encoding": "br"}],
)  # fmt: skip
def test_c7_a_body_of_another_kind_changes_nothing(scim, headers):
    user = scim.user()
    before = dump()
    for method, path in (("POST", "/Users"), ("PUT", f"/Users/{user}"), ("POST", "/Users/.search")):
        assert is_refused(scim.call(method, path, okta_user("bob"), **headers), 415)
    assert dump() == before


WRONG = [
    {"userName": {}}, {"userName": ""}, {"userName": " "}, {"userName": None}, {"userName": ["x", "y"]},
    {"userName": True}, {"userName": "x" * 251}, {f"{USER}:userName": {"a": 1}},
    {"active": "maybe"}, {"active": []}, {"active": {}}, {USER: {"active": "no"}},
    {"externalId": {"a": 1}}, {"externalId": "x" * 501},
]  # fmt: skip
ADDRESS, PHOTO, DEPARTMENT = {"value": "a@example.com"}, {"value": "https://x.example/"}, f"{ENTERPRISE}.department"
# The same of attributes that nobody needs: where each refused value stands, and what is taken beside it.
DISPENSABLE = [
    ({"emails": [{"value": []}]}, "emails.0.value", {}),
    ({"emails": {"value": {"a": 1}}}, "emails.0.value", {}),
    ({"emails": [ADDRESS, {"value": "x" * 255}]}, "emails.1", {"emails": [ADDRESS]}),
    ({"emails": [{"value": [1, 2]}, ADDRESS, {"value": {}}]}, "emails.0.value", {"emails": [ADDRESS]}),
    ({"name": [1, 2]}, "name", {}),
    ({"name": {"givenName": [1, 2], "familyName": "L"}}, "name.givenName", {"name": {"familyName": "L"}}),
    ({"displayName": ["a", "b"]}, "displayName", {}),
    ({"displayName": "x" * 251}, "displayName", {}),
    ({"roles": [{"primary": "x"}]}, "roles", {}),
    ({"ims": [{"value": "1"}, {"value": "2", "type": {}}]}, "ims.1.type", {"ims": [{"value": "1"}, {"value": "2"}]}),
    ({"profileUrl": "relative"}, "profileUrl", {}),
    ({"photos": [{"value": "relative"}, PHOTO]}, "photos.0.value", {"photos": [PHOTO]}),
    ({"title": {"a": 1}}, "title", {}),
    ({ENTERPRISE: {"department": {"a": 1}, "costCenter": "7"}}, DEPARTMENT, {ENTERPRISE: {"costCenter": "7"}}),
    ({"department": ["a", "b"]}, DEPARTMENT, {}),
    ({"addresses": [{"region": [1, 2], "country": "CH"}]}, "addresses.0.region", {"addresses": [{"country": "CH"}]}),
]  # fmt: skip


@pytest.mark.parametrize("fields", WRONG, ids=lambda fields: json.dumps(fields)[:60])
def test_c7_values_of_another_type_change_nothing(scim, fields):
    user = scim.user()
    before = dump()
    for answer in (scim.post("/Users", okta_user("bob") | fields), scim.put(f"/Users/{user}", okta_user() | fields)):
        assert is_refused(answer, 400, "invalidValue")
    assert dump() == before


@pytest.mark.parametrize(("fields", "place", "taken"), DISPENSABLE, ids=lambda value: json.dumps(value)[:50])
def test_a_value_that_nobody_needs_stops_no_deactivation(scim, fields, place, taken):
    user = scim.user()
    others = {"userName": "ada@example.com", "externalId": "00uada", "active": False}
    answer = scim.put(f"/Users/{user}", {"schemas": [USER, ENTERPRISE], **others, **fields})
    assert answer.status == 200, answer.body
    shown = {name: value for name, value in answer.body.items() if name not in {"schemas", "id", "meta"}}
    assert shown == others | taken
    assert not scim.connection.users.get(pk=user).is_active
    assert any(note.startswith(f"Left out {place}") for note in notes(scim)), notes(scim)
    changes = [{"op": "replace", "path": name, "value": value} for name, value in fields.items()]
    for operations in (changes, [{"op": "replace", "value": fields}]):
        scim.put(f"/Users/{user}", {"schemas": [USER], **others, "active": True})
        answer = scim.patch(f"/Users/{user}", *operations, switch(False))
        assert answer.status == 200, answer.body
        assert {name: answer.body[name] for name in ("active", *taken)} == {"active": False} | taken
        assert any(note.startswith("Left out ") for note in notes(scim))
    set_strict(connection=scim.connection, is_strict=True, by=SYSTEM)
    before = dump()
    assert scim.put(f"/Users/{user}", {"schemas": [USER, ENTERPRISE], **others, **fields}).status == 400
    assert scim.patch(f"/Users/{user}", *changes, switch(True)).status == 400
    assert dump() == before


def notes(scim):
    return scim.connection.requests.latest("id").notes


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "a"]), inner),
        max_leaves=6,
    ),
    st.sampled_from(
        ["userName", "name", "emails", "active", "roles", "x509Certificates", "photos", ENTERPRISE, "schemas"]
    ),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_c7_no_value_makes_the_server_fail(scim, value, name):
    with transaction.atomic():
        user = scim.user()
        for answer in (
            scim.post("/Users", okta_user("bob") | {name: value}),
            scim.put(f"/Users/{user}", okta_user() | {name: value}),
            scim.patch(f"/Users/{user}", {"op": "add", "path": name, "value": value}),
            scim.patch(f"/Users/{user}", {"op": "replace", "value": {name: value}}),
        ):
            assert answer.status < 500, answer.body
            assert answer.status < 400 or is_refused(answer, answer.status, answer.body.get("scimType"))
        transaction.set_rollback(True)


# C8


def test_c8_the_last_of_many_operations_can_undo_them_all(scim):
    user = scim.user()
    group = scim.group(members=[user])
    before = dump()
    good = [{"op": "add", "path": "nickName", "value": str(n)} for n in range(999)]
    assert is_refused(scim.patch(f"/Users/{user}", *good, switch("perhaps")), 400, "invalidValue")
    assert is_refused(scim.patch(f"/Users/{user}", *good, switch(False), switch(False)), 413)
    leave = {"op": "remove", "path": "members"}
    enter = {"op": "add", "path": "members", "value": [{"value": UNKNOWN}]}
    rename = {"op": "replace", "path": "displayName", "value": "Builders"}
    assert is_refused(scim.patch(f"/Groups/{group}", rename, leave, enter), 400, "invalidValue")
    assert dump() == before
    assert scim.patch(f"/Users/{user}", *good, switch(False)).status == 200


def test_c8_members_are_counted_in_every_request(scim):
    group = scim.group()
    before = dump()
    many = [{"value": str(n)} for n in range(10_001)]
    operation = {"op": "add", "path": "members", "value": many}
    for method, path, body in (
        ("POST", "/Groups", {"schemas": [GROUP], "displayName": "B", "members": many}),
        ("PUT", f"/Groups/{group}", {"schemas": [GROUP], "displayName": "B", "members": many}),
        ("PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation]}),
        ("PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation | {"op": "remove"}]}),
    ):
        assert is_refused(scim.call(method, path, body), 413)
    assert dump() == before
