"""Answers are put together from texts. They are the JSON that rows and their documents as objects would give."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provisioning.models import ProvisionedGroup, ProvisionedUser
from provisioning.payload.resources import ACCESS
from tests.provisioning.filtering import add_group, add_user
from tests.scim import ENTERPRISE, GROUP, USER

pytestmark = pytest.mark.django_db

LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
# What could be taken for a part of a document, and what databases and encoders spell in different ways.
NASTY = [
    f'"{ENTERPRISE}": ', f'\\"{ENTERPRISE}": ', '"urn:x": ', '"manager": ', '", "', "{}", "}", "\\", "\\u00e9", "\x7f",
    "\x01\b\f\n\r\t", "</script>", "\u2028", "é", "e\u0301", "ß", "\u200f", "😀", "\ufeff", "%s", "$1", "\\1",
]  # fmt: skip
texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=9)
numbers = st.integers(-(10**30), 10**30)
values = st.recursive(
    texts | numbers | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
extensions = st.fixed_dictionaries({}, optional={"department": texts, "manager": st.none()})
users = st.fixed_dictionaries(
    {"userName": texts.filter(str.strip), "active": st.booleans()},
    optional={
        "displayName": texts,
        "name": st.fixed_dictionaries({}, optional={"formatted": texts, "givenName": texts}),
        "emails": st.lists(st.fixed_dictionaries({"value": texts}, optional={"primary": st.booleans()}), max_size=2),
        "title": values,
        ACCESS: st.just({}),
        ENTERPRISE: extensions,
    },
)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)) | st.just(  # noqa: DTZ001 -- given UTC
    datetime(2026, 1, 1, tzinfo=UTC)
)


@st.composite
def shuffled(draw, documents):
    """A document whose names come in any order."""
    document = draw(documents)
    return {name: document[name] for name in draw(st.permutations(list(document)))}


@given(documents=st.lists(shuffled(users), min_size=2, max_size=2), created=moments, name=texts, data=st.data())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_users_are_shown_as_their_rows_say(scim, documents, created, name, data):
    with transaction.atomic():
        people = [add_user(scim.connection, {"userName": f"u{number}"}) for number in range(2)]
        groups = [add_group(scim.connection, label, *people[:size]) for label, size in (("a", 2), ("b", 1), ("c", 0))]
        scim.connection.groups.filter(pk=groups[1].pk).update(display_name=name)
        for document in documents:
            if document.get(ENTERPRISE, {}).get("manager", 0) is None:
                value = data.draw(
                    st.sampled_from([str(people[0].pk), str(people[0].pk).upper(), "nobody", str(groups[0].pk)])
                )
                document[ENTERPRISE]["manager"] = {"value": value}
        for number, (row, document) in enumerate(zip(people, documents, strict=True)):
            changed = created + timedelta(microseconds=number * 1_001)
            scim.connection.users.filter(pk=row.pk).update(
                document=document, version=number + 7, created_at=created, updated_at=changed
            )
        _assert_shown(scim, "User", people)
        transaction.set_rollback(True)


@given(
    document=shuffled(st.fixed_dictionaries({"displayName": texts}, optional={"externalId": texts})), created=moments
)
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_groups_are_shown_as_their_rows_say(scim, document, created):
    with transaction.atomic():
        people = [add_user(scim.connection, {"userName": f"u{number}"}) for number in range(2)]
        groups = [add_group(scim.connection, label, *people[:size]) for label, size in (("a", 2), ("b", 0))]
        scim.connection.groups.update(document=document, created_at=created, updated_at=created)
        _assert_shown(scim, "Group", groups)
        transaction.set_rollback(True)


def _assert_shown(scim, kind, rows):
    """Every way to read resources shows what is expected, to the byte."""
    model = ProvisionedUser if kind == "User" else ProvisionedGroup
    rows = [model.objects.get(pk=row.pk) for row in rows]
    expected = [_expected(scim.connection, row) for row in rows]
    for row, document in zip(rows, expected, strict=True):
        answer = scim.get(f"/{kind}s/{row.pk}")
        assert answer.content.decode() == _json(document)
        assert answer.headers["Location"] == document["meta"]["location"]
        assert answer.headers["ETag"] == document["meta"]["version"]
    page = {"schemas": [LIST], "totalResults": 2, "startIndex": 1, "itemsPerPage": 2, "Resources": expected}
    for asked in ("", "?startIndex=1&count=100", "?filter=id%20pr", "?sortBy=id"):
        assert scim.get(f"/{kind}s{asked}").content.decode() == _json(page)
    attribute, name = ("userName", "u1") if kind == "User" else ("displayName", "b")
    alone = page | {"totalResults": 1, "itemsPerPage": 1, "Resources": expected[1:]}
    assert scim.get(f'/{kind}s?filter={attribute}%20eq%20"{name}"').content.decode() == _json(alone)
    del page["startIndex"]
    assert scim.get(f"/{kind}s?cursor=").content.decode() == _json(page)
    some = [{name: each[name] for name in each if name not in ("meta", "groups", "members")} for each in expected]
    page = {"schemas": [LIST], "totalResults": 2, "startIndex": 1, "itemsPerPage": 2, "Resources": some}
    assert scim.get(f"/{kind}s?excludedAttributes=meta,groups,members").content.decode() == _json(page)


def _expected(connection, row):
    """What an answer shows of a row: the server's attributes, then the others in the order of the document."""
    kind, base = "User" if isinstance(row, ProvisionedUser) else "Group", connection.base_url
    moments = [
        moment.isoformat(timespec="milliseconds").replace("+00:00", "Z") for moment in (row.created_at, row.updated_at)
    ]
    meta = {
        "resourceType": kind, "created": moments[0], "lastModified": moments[1],
        "location": f"{base}/{kind}s/{row.pk}", "version": f'W/"{row.version}"',
    }  # fmt: skip
    server = {"id": str(row.pk), "meta": meta}
    memberships = list(row.memberships.order_by("pk"))
    if kind == "Group" and memberships:
        server["members"] = [
            {"value": str(one.user_id), "$ref": f"{base}/Users/{one.user_id}", "type": "User"} for one in memberships
        ]
    if kind == "User" and memberships:
        server["groups"] = [
            {"value": str(one.group_id), "$ref": f"{base}/Groups/{one.group_id}", "display": one.group.display_name,
             "type": "direct"}
            for one in memberships
        ]  # fmt: skip
    value = row.document.get(ENTERPRISE, {}).get("manager", {}).get("value")
    manager = connection.users.filter(pk=value).first() if value and len(value) == 36 and value.islower() else None
    if manager:
        said = manager.document
        names = (said.get("displayName"), said.get("name", {}).get("formatted"), said["userName"])
        called = next(name for name in names if name and name.strip())
        named = {"value": value, "$ref": f"{base}/Users/{value}", "displayName": called}
        server[ENTERPRISE] = row.document[ENTERPRISE] | {"manager": named}
    shown = {**server, **row.document, **server}
    schemas = [USER if kind == "User" else GROUP, *(name for name in shown if name in (ENTERPRISE, ACCESS))]
    return {"schemas": schemas, **shown}


def _json(document):
    return json.dumps(document, ensure_ascii=False)
