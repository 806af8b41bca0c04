"""A body of a known shape is read as the full way reads it: values, order, notes and refusals."""

import copy
import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provisioning.payload import shapes
from provisioning.payload.attributes import attributes
from provisioning.payload.resources import ACCESS, Group, User
from tests.provisioning.ways import check_both_ways
from tests.scim import ENTERPRISE, GROUP, USER, entra_group, entra_user, okta_group, okta_user

# More of them by hand: BODIES=20000
EXAMPLES = int(os.environ.get("BODIES", "300"))
URNS = {User: USER, Group: GROUP}
FULL = okta_user() | {
    "schemas": [USER, ENTERPRISE],
    "id": "b",
    "meta": {"resourceType": "User", "version": None},
    "name": {"givenName": "Ada", "familyName": "Example", "formatted": "Ada Example", "middleName": None},
    "nickName": "Ada",
    "title": "Countess",
    "phoneNumbers": [{"type": "mobile", "value": "1"}, {"value": "2", "primary": False}],
    "addresses": [{"type": "Work", "locality": "Zürich", "primary": True}],
    "roles": [{"value": "x", "primary": True}, {"value": "y"}],
    "ims": [],
    "groups": [{"value": "x", "type": 3}],
    ACCESS: {"groups": "x"},
    ENTERPRISE: {"department": "D", "manager": {"value": "1", "displayName": "x"}, "division": None},
}
TEXTS = ["", " ", "x", "X", "work", "WORK", "holiday", "true", "[]", "{}", '[{"value":"x"}]', "ß", "é", "a@corp.local"]
LONG = ["x" * 101, "x" * 251, "ﷺ" * 30, "x" * 501]


def test_bodies_of_the_usual_clients_have_a_known_shape():
    put = okta_user() | {"schemas": [USER, ENTERPRISE], "id": "1", "meta": {}, ENTERPRISE: {"department": "D"}}
    pairs = [{"value": "A@x.example", "type": "Work"}, {"value": "a@x.example", "type": "work", "display": "A"}]
    for body in (
        okta_user(),
        okta_user(emails=pairs),
        FULL,
        put,
        entra_user(active=True),
        {"schemas": [USER], "userName": "ada"},
    ):
        assert check_both_ways(body, User), body
    assert check_both_ways({"schemas": [GROUP], "displayName": "E", "externalId": "1", "id": "2"}, Group)
    assert check_both_ways({name: value for name, value in okta_group().items() if name != "members"}, Group)


def test_what_is_tolerated_or_refused_goes_the_full_way():
    others = [
        {}, {"schemas": [USER]}, {"userName": "ada"}, {"schemas": [], "userName": "ada"},
        *(okta_user() | more for more in (
            {"active": "True"}, {"active": 1}, {"active": "x"}, {"title": ""}, {"title": 3}, {"title": ["x"]},
            {"Title": "x"}, {"nonsense": None}, {"name.givenName": "x"}, {"userName": " "}, {"userName": "x" * 251},
            {"profileUrl": "https://example.com"}, {"name": "x"}, {"name": {"given": "x"}},
            {"name": '{"givenName": "x"}'}, {"emails": {"value": "x"}}, {"emails": [{}]}, {"emails": [None]},
            {"emails": ["x"]},
            {"emails": [{"value": "x", "primary": True}, {"value": "y", "primary": True}]},
            {"emails": [{"value": "x" * 255}]}, {"emails": [{"value": str(n)} for n in range(201)]},
            {"roles": [None] * 1001}, {"schemas": [USER.lower(), "x"]}, {"schemas": USER}, {"schemas": [USER] * 101},
            {ACCESS: {}}, {ACCESS: {"Schemas": []}}, {ENTERPRISE: {"manager": {"displayName": "x"}}},
            {ENTERPRISE: {"manager": {"value": " "}}}, {ENTERPRISE: {"schemas": []}}, {ENTERPRISE.lower(): {}},
            {"department": "D"}, {USER: {"title": "x"}}, {"title": "x" * 50_000},
        )),
    ]  # fmt: skip
    for body in others:
        assert not check_both_ways(body, User), body
    check_both_ways(entra_user(), User)
    for body in (entra_group(), {}, {"schemas": [GROUP], "displayName": ""}, {"schemas": [GROUP], "displayName": None}):
        assert not check_both_ways(body, Group)


def test_all_that_a_client_may_write_is_known_but_references():
    """A new attribute of a simple type needs no change here."""
    unknown = set()
    for attribute in attributes(User).values():
        samples = ["x", True, {"givenName": "x"}, [{"type": "x"}], {"department": "x"}, {"groups": "left out"}]
        bodies = [{"schemas": [USER], "userName": "ada", attribute.name: sample} for sample in samples]
        if not any(shapes.parse(body, User) for body in bodies):
            unknown.add(attribute.name)
    assert unknown == {"profileUrl"}
    for name in ("photos", "x509Certificates"):
        assert not check_both_ways(okta_user() | {name: [{"value": "QUJD"}]}, User)


@st.composite
def near(draw, whole):
    """A body that is nearly of a known shape: a few values and names of a whole one are changed."""
    names = draw(st.lists(st.sampled_from(sorted(whole)), unique=True))
    body = copy.deepcopy({name: whole[name] for name in [*names, "schemas"] if draw(st.integers(0, 30))})
    body.setdefault("userName", draw(st.sampled_from(["ada", "ada@example.com"])))
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, body)
    return dict(draw(st.permutations(list(body.items()))))


def _change(draw, body):
    """Change something in the body, or in an object of it."""
    place = body
    while isinstance(place, dict | list) and place:
        key = draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or draw(st.booleans()):
            break
        place = place[key]
    if not isinstance(place, dict) or not place:
        if isinstance(place, list):
            place.append(draw(_values()))
        return
    match draw(st.sampled_from(["value", "value", "case", "new", "gone", "copy"])):
        case "value":
            place[key] = draw(_values())
        case "case":
            place[draw(st.sampled_from([str.lower, str.upper]))(key)] = place.pop(key)
        case "new":
            place.setdefault(draw(_names()), draw(_values()))
        case "gone":
            del place[key]
        case "copy" if isinstance(place[key], list):
            place[key] = [*place[key], *copy.deepcopy(place[key])]


def _names():
    known = [attribute.name for attribute in attributes(User).values()]
    return st.sampled_from([*known, "value", "type", "primary", "display", "$ref", "nonsense", "department", "manager"])


def _values():
    simple = st.sampled_from([None, True, False, 0, 1, 2.5, *TEXTS, *LONG])
    names = st.sampled_from(["value", "type", "primary", "display", "givenName", "department", "manager", "x"])
    return st.recursive(
        simple, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=5
    )


@settings(max_examples=EXAMPLES)
@given(near(FULL))
def test_a_body_that_is_nearly_of_a_known_shape_is_read_as_in_full(body):
    check_both_ways(body, User)


@settings(max_examples=EXAMPLES // 3)
@given(near({"schemas": [GROUP], "displayName": "E", "externalId": "1", "id": "x", "meta": {"a": 1}}))
def test_so_is_that_of_a_group(body):
    check_both_ways(body, Group)


@settings(max_examples=EXAMPLES // 3)
@given(near(FULL))
def test_whatever_is_read_twice_stays_as_it_is(body):
    """Clients send back what they have read."""
    document = shapes.parse(body, User)
    if document is not None:
        assert json.dumps(shapes.parse({"schemas": [USER], **document}, User)) == json.dumps(document)


@pytest.mark.parametrize("name", ["userName", "externalId", "displayName", "title", "nickName"])
@pytest.mark.parametrize("length", [250, 251, 500, 501])
def test_too_long_values_go_the_full_way(name, length):
    check_both_ways(okta_user() | {name: "x" * length}, User)
    check_both_ways(okta_user() | {name: "ﷺ" * (length // 10)}, User)
