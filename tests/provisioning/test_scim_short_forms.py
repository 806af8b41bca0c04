"""Bodies that are recognised by their form: what they mean, note and refuse is what the full way finds."""

import copy

from hypothesis import given
from hypothesis import strategies as st

from provisioning.payload import patch
from provisioning.payload.dialects.active import active_alone
from provisioning.payload.dialects.operations import tidy_operations
from provisioning.payload.dialects.resources import read_resource
from provisioning.payload.errors import ScimError
from provisioning.payload.resources import User
from provisioning.payload.tolerance import Tolerance
from tests.scim import ENTERPRISE, PATCH_OP, entra_user, okta_user

# What clients send first, and what is almost that.
OPS = ["replace", "Replace", "REPLACE", "add", "Add", "remove", "replace ", "", None, 1]
PATHS = ["active", "Active", " active", "active.value", "urn:ietf:params:scim:schemas:core:2.0:User:active", "", None]
FLAGS = [True, False, "True", "False", "true", "false", "TRUE", " false", "1", 1, 0, 0.0, "", None, [True], "no"]
SCHEMAS = [[PATCH_OP], [PATCH_OP.lower()], [PATCH_OP, "urn:x"], [], PATCH_OP, None]
DOCUMENTS = [
    read_resource(okta_user(), User, Tolerance()),
    read_resource(entra_user(active=False) | {ENTERPRISE: {"manager": {"value": "boss"}}}, User, Tolerance()),
    read_resource(okta_user(active=False, roles=[{"value": "a"}, {"value": "b", "primary": True}]), User, Tolerance()),
]


def first_often(values):
    """Values, of which the first ones are drawn about half of the time."""
    return st.one_of(st.sampled_from(values[:2]), st.sampled_from(values))


flags = first_often(FLAGS)
objects = st.one_of(
    st.fixed_dictionaries({"active": flags}),
    st.fixed_dictionaries({}, optional={"active": flags, "Active": flags, "id": st.just("own"), "title": st.just("x")}),
)
operation = st.one_of(
    st.fixed_dictionaries({"op": first_often(OPS), "path": first_often(PATHS), "value": flags}),
    st.fixed_dictionaries({"op": first_often(OPS), "value": objects}),
    st.fixed_dictionaries(
        {},
        optional={"op": first_often(OPS), "Op": st.just("replace"), "path": first_often(PATHS),
                  "value": flags | objects, "more": flags},
    ),
)  # fmt: skip
operations = st.one_of(
    st.lists(operation, min_size=1, max_size=1), st.lists(operation, max_size=2), operation, st.none()
)
bodies = st.one_of(
    st.fixed_dictionaries({"schemas": first_often(SCHEMAS), "Operations": operations}),
    st.fixed_dictionaries(
        {}, optional={"schemas": first_often(SCHEMAS), "Operations": operations, "operations": operations}
    ),
)  # fmt: skip


def outcome(change, is_strict):
    """What a change answers or refuses, and what it notes."""
    tolerance = Tolerance(is_strict=is_strict)
    try:
        found = change(tolerance)
    except ScimError as refusal:
        return refusal.to_dict(), tolerance.notes
    return found, tolerance.notes


@given(body=bodies, document=st.sampled_from(DOCUMENTS), is_strict=st.booleans())
def test_active_alone_is_what_the_full_way_makes_of_it(body, document, is_strict):
    def short(tolerance):
        found = active_alone(copy.deepcopy(body), tolerance)
        return None if found is None else document | {"active": found}

    def full(tolerance):
        _, others = patch.split(tidy_operations(copy.deepcopy(body), User, "own", tolerance))
        return patch.apply(document, others, User, tolerance)

    found, notes = outcome(short, is_strict)
    if found is None:
        assert notes == []
    else:
        assert (found, notes) == outcome(full, is_strict)


def test_the_bodies_of_okta_and_entra_are_recognised():
    for flag, meant in ((True, True), (False, False), ("True", True), ("False", False)):
        for sent in (
            {"op": "replace", "path": "active", "value": flag},
            {"op": "Replace", "path": "active", "value": flag},
            {"op": "replace", "value": {"active": flag}},
        ):
            assert active_alone({"schemas": [PATCH_OP], "Operations": [sent]}, Tolerance()) is meant
