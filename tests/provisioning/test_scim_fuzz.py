"""C7: whatever stands where names, paths, values and filters do, no answer is a failure, and a refusal changes nothing.

What is drawn looks like SCIM: attributes as identity providers spell them, in places where they do and do not belong.
"""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from provisioning.models import ProvisionedEmail, ProvisionedGroup, ProvisionedMembership, ProvisionedUser
from provisioning.payload.attributes import attributes
from provisioning.payload.resources import Group, User
from tests.provisioning.refusals import is_refused
from tests.scim import GROUP, SEARCH, USER, okta_user
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db
OWN = {User: USER, Group: GROUP}
OLD = ["urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"]
TEXTS = [
    "", " ", "x", "work", "true", "False", "0", "a@corp.local", "Example", "[]", "{}", '[{"value": "x"}]',
    '{"value": null}', '{"manager.value": []}', "ﷺ", "\x7f", "2026-01-31T12:00:00Z", "%", "'", '"',
]  # fmt: skip


def names(model):
    """Attributes and parts of them, also after the URNs of schemas and with filters."""
    found = ["id", "meta", "schemas", "value", "$ref", "display", "type", "primary", "nonsense", ""]
    for attribute in attributes(model).values():
        found.append(attribute.name)
        mark = ":" if attribute.is_extension else "."
        for part in attributes(attribute.model).values() if attribute.model else ():
            path = f"{attribute.name}{mark}{part.name}"
            found += [path, f'{attribute.name}[{part.name} eq "work"]', f'{attribute.name}[{part.name} eq "x"].value']
            found += [f"{path}.{each}" for each in (attributes(part.model) if part.model else ())]
    found += ["manager", "manager.value", "department", "active.value", "__class__", "a b"]
    return [*found, OWN[model], *OLD, *(f"{urn}:{name}" for urn in (OWN[model], *OLD) for name in found)]


def cased(model):
    change = st.sampled_from([str, str, str.upper, str.swapcase])
    return st.builds(lambda name, change: change(name), st.sampled_from(names(model)), change)


def values(model):
    numbers = st.integers(-1, 2**63) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | st.sampled_from(TEXTS) | cased(model),
        lambda inner: st.lists(inner, max_size=3) | objects(model, inner),
        max_leaves=6,
    )


def objects(model, inner):
    return st.dictionaries(cased(model), inner, max_size=4)


def operations(model):
    op = st.sampled_from(["add", "replace", "remove", "Add", "Remove"])
    parts = {
        "path": cased(model) | st.none() | st.sampled_from(TEXTS),
        "value": values(model),
    }
    return st.lists(st.fixed_dictionaries({"op": op}, optional=parts), min_size=1, max_size=3)


def bodies(model):
    return st.tuples(objects(model, values(model)), operations(model))


def rows():
    models = [ProvisionedUser, ProvisionedEmail, ProvisionedGroup, ProvisionedMembership, EndUser, ChangeEvent]
    return [list(model.objects.order_by("pk").values()) for model in models]


def check(scim, *calls):
    """That no answer is a failure, and that a refusal leaves all rows as they were."""
    for call in calls:
        before = rows()
        answer = scim.call(*call)
        assert answer.status < 500, (call, answer.body)
        if answer.status >= 400:
            assert is_refused(answer, answer.status, answer.body.get("scimType"))
            assert rows() == before


@pytest.fixture
def resources(scim):
    return scim.user(), scim.group(members=[scim.user("bob")])


fuzzed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def check_changes(scim, collection, pk, new, old, drawn):
    """Whatever is drawn, sent as a new resource, in the place of an old one, and as changes of it."""
    sent, operations = drawn
    path = f"{collection}/{pk}"
    with transaction.atomic():
        check(
            scim,
            ("POST", collection, new | sent),
            ("PUT", path, old | sent),
            ("PATCH", path, {"Operations": operations}),
            ("PATCH", path, {"Operations": [{"op": "add", "value": sent}]}),
            ("PATCH", path, {"Operations": [{"op": "replace", "value": sent}]}),
            ("GET", path),
        )
        transaction.set_rollback(True)


@given(bodies(User))
@example(({"emails.value": "ada@example.com"}, [{"op": "add", "value": {"emails.value": None}}]))
@fuzzed
def test_c7_no_user_makes_the_server_fail(scim, resources, drawn):
    check_changes(scim, "/Users", resources[0], okta_user("new"), okta_user(), drawn)


@given(bodies(Group))
@fuzzed
def test_c7_no_group_makes_the_server_fail(scim, resources, drawn):
    check_changes(scim, "/Groups", resources[1], {"displayName": "New"}, {"displayName": "Engineers"}, drawn)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "filter": cased(User) | values(User),
            "sortBy": cased(User) | values(User),
            "attributes": st.lists(cased(User), max_size=3) | values(User),
            "excludedAttributes": st.lists(cased(User), max_size=3),
            "startIndex": values(User),
            "count": values(User),
            "cursor": values(User),
            "sortOrder": values(User),
        },
    )
)
@fuzzed
def test_c7_no_search_makes_the_server_fail(scim, resources, asked):
    for path in ("/Users/.search", "/Groups/.search", "/.search"):
        check(scim, ("POST", path, {"schemas": [SEARCH]} | asked))
