"""PATCH: members as sets, everything else through scim2-models."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.payload import patch
from provisioning.payload.errors import ScimError
from provisioning.payload.member_changes import MemberChange
from provisioning.payload.resources import User
from provisioning.payload.tolerance import Tolerance
from tests.scim import ENTERPRISE, GROUP


def change(*operations):
    return patch.split({"value": None} | operation for operation in operations)[0]


def add(*ids, path="members"):
    return {"op": "add", "path": path, "value": [{"value": pk} for pk in ids]}


def remove(*ids):
    return {"op": "remove", "path": "members", "value": [{"value": pk} for pk in ids]}


def replace(*ids):
    return {"op": "replace", "path": "members", "value": [{"value": pk} for pk in ids]}


@pytest.mark.parametrize(
    ("operations", "expected"),
    [
        ([add("a", "b", "a")], MemberChange(add=["a", "b"], named=["a", "b"])),
        ([add("a", path=f"{GROUP}:MEMBERS")], MemberChange(add=["a"], named=["a"])),
        ([remove("a")], MemberChange(remove=["a"])),
        ([{"op": "remove", "path": 'members[value eq "a"]'}], MemberChange(remove=["a"])),
        ([{"op": "remove", "path": 'members[VALUE EQ "a" or value eq "B"]'}], MemberChange(remove=["a", "b"])),
        ([{"op": "remove", "path": 'members[(value eq "a")]'}], MemberChange(remove=["a"])),
        ([{"op": "remove", "path": 'members[value eq "A" and type eq "User"]'}], MemberChange(remove=["a"])),
        (
            [{"op": "remove", "path": 'members[type eq "user" and (value eq "a" or value eq "b")]'}],
            MemberChange(remove=["a", "b"]),
        ),
        (
            [{"op": "remove", "path": 'members[value eq "a" and (value eq "b" or value eq "A")]'}],
            MemberChange(remove=["a"]),
        ),
        ([{"op": "remove", "path": 'members[value eq "a" and type eq "Group"]'}], MemberChange()),
        ([{"op": "remove", "path": 'members[type eq "User"]'}], MemberChange(replace=[])),
        ([{"op": "remove", "path": "members[value pr]"}], MemberChange(replace=[])),
        ([{"op": "remove", "path": "members[not (type pr)]"}], MemberChange()),
        ([{"op": "remove", "path": 'members[not (value ne "A")]'}], MemberChange(remove=["a"])),
        ([{"op": "remove", "path": 'members[value ne "a"]'}], MemberChange(replace=[], keep=["a"])),
        ([{"op": "remove", "path": 'members[not (value eq "a")]'}], MemberChange(replace=[], keep=["a"])),
        (
            [{"op": "remove", "path": 'members[type eq "User" and value ne "a" and not (value eq "B")]'}],
            MemberChange(replace=[], keep=["a", "b"]),
        ),
        (
            [add("a"), remove("b"), {"op": "remove", "path": 'members[value ne "a" and value ne "b"]'}, add("c")],
            MemberChange(replace=["a", "c"], keep=["a"], named=["a", "c"]),
        ),
        ([{"op": "remove", "path": "members"}], MemberChange(replace=[])),
        ([{"op": "remove", "path": "members", "value": []}], MemberChange()),
        ([replace()], MemberChange(replace=[])),
        ([replace("a"), add("b"), remove("a")], MemberChange(replace=["b"], named=["a", "b"])),
        ([add("a"), remove("a")], MemberChange(remove=["a"], named=["a"])),
        ([remove("a"), add("a")], MemberChange(add=["a"], named=["a"])),
        ([add("a"), {"op": "remove", "path": "members"}, add("b")], MemberChange(replace=["b"], named=["a", "b"])),
        ([{"op": "add", "path": "members", "value": {"value": "a"}}], MemberChange(add=["a"], named=["a"])),
        ([{"op": "add", "path": "members", "value": "A"}], MemberChange(add=["a"], named=["a"])),
        (
            [{"op": "add", "path": "members", "value": [{"$ref": None, "value": "a"}]}],
            MemberChange(add=["a"], named=["a"]),
        ),
        ([{"op": "add", "path": "members", "value": [{"$ref": "../Users/a"}]}], MemberChange(add=["a"], named=["a"])),
    ],
)
def test_members(operations, expected):
    assert change(*operations) == expected


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "add", "path": "members", "value": [{"value": "a", "type": "Group"}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": [{}]}, "invalidValue"),
        ({"op": "add", "path": "members", "value": [{"value": 5}]}, "invalidValue"),
        ({"op": "remove", "path": 'members[display eq "a"]'}, "invalidPath"),
        ({"op": "remove", "path": 'members[value eq "a" and display eq "b"]'}, "invalidPath"),
        ({"op": "remove", "path": 'members[value sw "a"]'}, "invalidPath"),
        ({"op": "remove", "path": 'members[not (display eq "a")]'}, "invalidPath"),
        ({"op": "remove", "path": 'members[(value eq "a"]'}, "invalidPath"),
        ({"op": "add", "path": 'members[value eq "a"]', "value": {}}, "invalidPath"),
        ({"op": "replace", "path": 'members[value eq "a"].display', "value": "x"}, "mutability"),
    ],
)
def test_refused_members(operation, scim_type):
    with pytest.raises(ScimError) as refusal:
        change(operation)
    assert refusal.value.scim_type == scim_type


def test_c8_members_of_a_request_are_counted():
    change(add(*map(str, range(5000))), remove(*map(str, range(5000))))
    with pytest.raises(ScimError) as refusal:
        change(add(*map(str, range(5000))), remove(*map(str, range(5001))))
    assert refusal.value.status == 413


IDS = st.lists(st.sampled_from("abcdef"), max_size=4)


@given(
    st.sets(st.sampled_from("abcdef")),
    st.lists(st.tuples(st.sampled_from(["add", "remove", "by filter", "keep", "replace", "clear"]), IDS), max_size=8),
)
def test_c10_coalesced_is_as_applied_one_after_the_other(members, steps):
    expected, operations = set(members), []
    for verb, ids in steps:
        if verb == "add":
            expected |= set(ids)
            operations.append(add(*ids))
        elif verb == "remove":
            expected -= set(ids)
            operations.append(remove(*ids))
        elif ids and verb == "by filter":
            expected -= set(ids)
            text = " and ".join(f'value ne "{one}"' for one in ids)
            operations.append({"op": "remove", "path": f"members[not ({text})]"})
        elif ids and verb == "keep":
            expected &= set(ids)
            text = " or ".join(f'value eq "{one}"' for one in ids)
            operations.append({"op": "remove", "path": f'members[not ({text}) and type eq "User"]'})
        elif verb in {"replace", "clear"}:
            expected = set(ids) if verb == "replace" else set()
            operations.append(replace(*ids) if verb == "replace" else {"op": "remove", "path": "members"})
    result = change(*operations)
    after = (members | set(result.add)) - set(result.remove)
    if result.replace is not None:
        assert not result.add and not result.remove
        after = set(result.replace) | (members & set(result.keep))
    assert after == expected
    assert not (set(result.add) & set(result.remove))


def test_a_type_of_the_clients_own_stands_in_the_way_of_no_change():
    emails = [{"value": "ada@x.example", "type": "holiday"}]
    changes = [{"op": "replace", "path": "title", "value": "x"}, {"op": "remove", "path": "nickName"}]
    patched = patch.apply({"userName": "ada", "emails": emails}, changes, User, Tolerance([], False))
    assert patched == {"userName": "ada", "emails": emails, "title": "x"}


def test_the_rest_goes_through_scim2_models():
    document = {"userName": "ada", "emails": [{"value": "a@b", "type": "work", "primary": True}]}
    after = patch.apply(
        document,
        [
            {"op": "replace", "path": 'emails[type eq "work"].value', "value": "c@d"},
            {"op": "add", "path": 'emails[type eq "home"].value', "value": "e@f"},
            {"op": "add", "path": f"{ENTERPRISE}:department", "value": "D"},
            {"op": "replace", "path": "favouriteColour", "value": "blue"},
            {"op": "replace", "path": "password", "value": "s3cret"},
        ],
        User,
        Tolerance(),
    )
    assert after == {
        "userName": "ada",
        "emails": [{"value": "c@d", "type": "work", "primary": True}, {"value": "e@f", "type": "home"}],
        ENTERPRISE: {"department": "D"},
    }


USER = {"userName": "ada", "emails": [{"value": "a@b"}]}


@pytest.mark.parametrize("is_strict", [False, True])
@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "remove", "path": "userName"}, "mutability"),
        ({"op": "replace", "path": "userName", "value": {"a": 1}}, "invalidValue"),
        ({"op": "replace", "path": "userName", "value": "x" * 300}, "invalidValue"),
        ({"op": "replace", "path": 'active[value eq "x"]', "value": False}, "invalidFilter"),
        ({"op": "replace", "path": "groups", "value": []}, "mutability"),
        ({"op": "replace", "path": "id", "value": "x"}, "mutability"),
        ({"op": "replace", "path": "emails[type eq", "value": "x"}, "invalidPath"),
    ],
)
def test_refused(operation, scim_type, is_strict):
    is_refused(operation, scim_type, is_strict)


@pytest.mark.parametrize(
    ("operation", "scim_type"),
    [
        ({"op": "replace", "path": "displayName", "value": {"a": 1}}, "invalidValue"),
        ({"op": "replace", "path": 'emails[colour eq "x"].value', "value": "x"}, "invalidFilter"),
        ({"op": "add", "path": 'emails[type eq "x" or type eq "y"].value', "value": "x"}, "noTarget"),
        ({"op": "replace", "path": "displayName", "value": "x" * 300}, "invalidValue"),
        ({"op": "replace", "path": "profileUrl", "value": "relative"}, "invalidValue"),
        ({"op": "add", "path": "roles", "value": [{"value": str(n)} for n in range(300)]}, "invalidValue"),
    ],
)
def test_what_cannot_be_applied_and_nobody_needs_is_left_out(operation, scim_type):
    is_refused(operation, scim_type, is_strict=True)
    tolerance = Tolerance()
    others = [{"op": "replace", "path": "active", "value": False}, {"op": "add", "path": "title", "value": "Dr"}]
    for operations in ([operation, *others], [others[0], operation, others[1]], [*others, operation]):
        assert patch.apply(USER, operations, User, tolerance) == USER | {"active": False, "title": "Dr"}
    [note] = [note for note in tolerance.notes if note.startswith("Left out")]
    assert note.startswith(f"Left out {operation['path']}: ")


def is_refused(operation, scim_type, is_strict):
    with pytest.raises(ScimError) as refusal:
        patch.apply(USER, [operation], User, Tolerance(is_strict=is_strict))
    assert (refusal.value.status, refusal.value.scim_type) == (400, scim_type)
    assert "\n" not in refusal.value.detail
