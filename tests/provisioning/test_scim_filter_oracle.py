"""The database finds by any filter exactly the users whom scim2-models matches in memory."""

import contextlib
import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from django import conf
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scim2_models import ScimFilter, ScimPolicy

from provisioning.models import ProvisionedEmail, ProvisionedMembership, ProvisionedUser, ProvisioningConnection
from provisioning.payload.documents import folded
from provisioning.payload.errors import ScimError
from provisioning.payload.resources import ACCESS, ENTERPRISE, User
from provisioning.search.filters import compile_filter
from tests.scim import make_connection
from workspace.db.keys import canonical, name_key
from workspace.models import EndUser, Source

pytestmark = pytest.mark.django_db

CORE = str(User.__schema__)
IDS = [UUID(int=0x0198_0000_0000_7000_8000_0000_0000_0000 + (n << 76) + n) for n in range(4)]
CONNECTION_ID = UUID(int=0x0197_0000_0000_7000_8000_0000_0000_0000)
BASE_URL = f"{conf.settings.ORIGIN}/scim/{CONNECTION_ID}/v2"
GROUP_IDS = [UUID(int=0x0199_0000_0000_7000_8000_0000_0000_0000 + n) for n in range(2)]
GROUPS = ["Engines", "STRASSE"]
PLACE_IDS, FILLED_IDS = GROUP_IDS, GROUP_IDS[::-1]
PLACES, FILLED = [("a-b", "Äpfel"), ("b", "STRASSE")], ["Zebra", "ß"]
MOMENTS = [datetime(2026, 1, day, 12, 30, 15, micro, UTC) for day in (1, 2) for micro in (0, 120)]

# Pairs that differ in case or composition only, what LIKE and quoting trip over, and what collations reorder.
NASTY = (
    "Ada ADA ada Straße STRASSE É é e\u0301 ﬁn FIN İ i\u0307 I ı Σ σ ς ά Ά % _ a%b a_b axb \\ \\% \\_ \" ' a'b "
    "𝒳 😀 x😀y x\u200by xy x\u00ad😀y 10 9 Z a Zebra apple Äpfel true null work WORK home Å Å a-b ab A\u00a0b"
)
texts = st.sampled_from(NASTY.split(" ")) | st.text(
    st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=4
)
values = texts.filter(name_key)


def some(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Dictionaries in which any of these keys may be missing."""
    return st.fixed_dictionaries({}, optional=fields)


types = st.sampled_from(["work", "WORK", "home", "büro", "BÜRO"])
documents = st.fixed_dictionaries(
    {"userName": values, "active": st.booleans()},
    optional={
        "externalId": values,
        "displayName": values,
        "title": values,
        "nickName": values,
        "name": some(givenName=values, familyName=values),
        "emails": st.lists(
            some(value=values, type=types, display=values, primary=st.booleans()), min_size=1, max_size=3
        ),
        "addresses": st.lists(some(locality=values, type=types, primary=st.booleans()), min_size=1, max_size=2),
        "roles": st.lists(some(value=values, primary=st.booleans()), min_size=1, max_size=2),
        "x509Certificates": st.lists(some(value=st.sampled_from(["QUJD", "YWJj"])), min_size=1, max_size=1),
        ENTERPRISE: some(department=values, manager=some(value=values)),
    },
)
people = st.fixed_dictionaries(
    {
        "document": documents,
        "created": st.sampled_from(MOMENTS),
        "modified": st.sampled_from(MOMENTS),
        "version": st.sampled_from([1, 2]),
        "groups": st.sets(st.sampled_from([0, 1])),
        "places": st.sets(st.sampled_from([0, 1])),
        "filled": st.sets(st.sampled_from([0, 1])),
    }
)

STRINGS = [
    "userName", "USERNAME", "displayName", "title", "nickname", "name.givenName", "NAME.familyname", "externalId", "id",
    "emails", "emails.value", "Emails.Type", "emails.display", "addresses.locality", "addresses.type", "roles",
    "roles.value", "groups", "groups.value", "groups.display", "groups.type", "meta.resourceType", f"{CORE}:title",
    "schemas", "Schemas", "meta.location", "Meta.Version",
    f"{CORE.upper()}:emails.value", f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager.value",
    f"{ACCESS}:environments", f"{ACCESS}:environments.display", f"{ACCESS}:groups", f"{ACCESS}:groups.display",
    f"{ACCESS.upper()}:groups.environment",
]  # fmt: skip
BOOLEANS = ["active", "emails.primary", "addresses.primary", "roles.primary"]
TIMES = ["meta.created", "meta.lastModified"]
COMPLEX = ["name", "emails", "addresses", "groups", "meta", "x509Certificates", f"{ENTERPRISE}:manager"]
COMPLEX += [f"{ACCESS}:environments", f"{ACCESS}:groups"]
ELEMENTS = {
    "emails": (["value", "Value", "type", "display"], ["primary"]),
    "addresses": (["locality", "type"], ["PRIMARY"]),
    "roles": (["value", "type"], ["primary"]),
    "groups": (["value", "display", "type"], []),
    f"{CORE}:emails": (["value", "type"], ["primary"]),
    f"{ACCESS}:environments": (["value", "Display"], []),
    f"{ACCESS}:groups": (["value", "display", "environment"], []),
}
SAID = ["User", "direct", "work", CORE, ENTERPRISE, 'W/"1"', 'W/"2"', *(f"{BASE_URL}/Users/{pk}" for pk in IDS)]
known = st.sampled_from([*map(str, [*IDS, *GROUP_IDS]), *GROUPS, *sum(PLACES, ()), *FILLED, *SAID])
pieces = st.builds(lambda text, start, end: text[start : len(text) - end], known, st.integers(0, 3), st.integers(0, 3))
operands = values | texts | pieces | known | st.sampled_from(["", " ", "a "])
moments = st.builds(
    lambda moment, step: moment + timedelta(microseconds=step), st.sampled_from(MOMENTS), st.integers(-1, 1)
)


def spelled(word: str) -> st.SearchStrategy[str]:
    return st.sampled_from([word, word.upper(), word.title()])


def quoted(text: str) -> st.SearchStrategy[str]:
    return st.booleans().map(lambda plain: json.dumps(text, ensure_ascii=plain))


def comparisons(attributes: list[str], operators: str, literals: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """`attribute op value`, with null once in a while."""
    operator = st.sampled_from(operators.split()).flatmap(spelled)
    literal = st.integers(0, 9).flatmap(lambda n: st.just("null") if n == 0 else literals)
    return st.tuples(st.sampled_from(attributes), operator, literal).map(" ".join)


def presences(attributes: list[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(attributes), spelled("pr")).map(" ".join)


def combined(leaves: st.SearchStrategy[str], size: int) -> st.SearchStrategy[str]:
    """Whole expressions; without brackets precedence decides what they mean."""

    def extend(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joined = st.tuples(inner, st.sampled_from([" and ", " OR ", " or ", " And "]), inner).map("".join)
        return joined | inner.map("({})".format) | inner.map("not ({})".format) | inner.map("Not({})".format)

    return st.recursive(leaves, extend, max_leaves=size)


strings = operands.flatmap(quoted)
booleans = st.sampled_from(["true", "false", "True", '"True"', '"false"'])
zones = st.integers(-12, 12).map(lambda hours: timezone(timedelta(hours=hours)))
times = st.builds(
    lambda moment, zone: f'"{moment.astimezone(zone).isoformat()}"'.replace("+00:00", "Z"), moments, zones
)


def of_elements(name: str) -> st.SearchStrategy[str]:
    """`emails[…]`, some with Entra's `.value eq "…"` behind."""
    texts, flags = ELEMENTS[name]
    leaves = comparisons(texts, "eq eq ne co sw ew gt ge lt le", strings) | presences(texts + flags)
    if flags:
        leaves |= comparisons(flags, "eq ne", booleans)
    path = combined(leaves, 3).map(f"{name}[{{}}]".format)
    return path | st.tuples(path, st.just("."), leaves).map("".join)


leaves = st.one_of(
    comparisons(STRINGS, "eq eq ne co sw ew gt ge lt le", strings),
    comparisons(STRINGS, "eq eq ne co sw ew gt ge lt le", strings),
    comparisons(BOOLEANS, "eq ne", booleans),
    comparisons(TIMES, "eq ne gt ge lt le", times),
    comparisons(["x509Certificates.value"], "eq ne", st.sampled_from(['"QUJD"', '"YWJj"'])),
    presences(STRINGS + BOOLEANS + TIMES + COMPLEX),
    st.sampled_from(list(ELEMENTS)).flatmap(of_elements),
)
filters = combined(leaves, 5)


@st.composite
def cases(draw: Callable[..., Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """Some people with names of their own, and some filters; many of them name a value that somebody has."""
    drawn = draw(
        st.lists(people, min_size=1, max_size=4, unique_by=lambda person: name_key(person["document"]["userName"]))
    )
    return drawn, draw(st.lists(filters, min_size=8, max_size=8))


@pytest.fixture
def connection() -> ProvisioningConnection:
    """A connection with two groups, and as many people of the workspace as a case has users.

    There are two environments and two groups that the connection may let them into, and others already have.
    """
    ProvisioningConnection.objects.filter(pk=make_connection().pk).update(id=CONNECTION_ID)
    connection = ProvisioningConnection.objects.get()
    for pk, name in zip(GROUP_IDS, GROUPS, strict=True):
        connection.groups.create(pk=pk, display_name=name)
    for n in range(len(IDS)):
        connection.environment.workspace.end_users.create(full_name="x", email=f"{n}@example.com")
    workspace = connection.environment.workspace
    for n, (slug, name) in enumerate(PLACES):
        place = workspace.environments.create(pk=PLACE_IDS[n], slug=slug, name=name, kind="dev")
        place.groups.create(pk=FILLED_IDS[n], name=FILLED[n])
    others = make_connection(name="Entra", environment="PROD")
    grant(others.source, workspace.end_users.all(), [0, 1], [0, 1], others.groups.create(display_name="x").source)
    return connection


def grant(source: Source, people: Iterable[EndUser], places: Iterable[int], filled: Iterable[int], by: Source) -> None:
    """Access to these environments by one source, memberships in these groups by another."""
    for one in people:
        for n in places:
            one.accesses.create(environment_id=PLACE_IDS[n], **source.fields())
        for n in filled:
            one.memberships.create(group_id=FILLED_IDS[n], **by.fields())


def store(connection: ProvisioningConnection, drawn: list[dict[str, Any]]) -> None:
    ends: list[EndUser] = list(connection.environment.workspace.end_users.all())
    pushed = connection.groups.get(pk=GROUP_IDS[0])
    for pk, end, person in zip(IDS, ends, drawn, strict=False):
        document = person["document"]
        user = ProvisionedUser(
            pk=pk, connection=connection, end_user=end, document=document, folded=folded(document, User),
            user_name=document["userName"], external_id=document.get("externalId", ""), is_active=document["active"],
            display_name_key=name_key(document.get("displayName", "")),
        )  # fmt: skip
        user.save(force_insert=True)
        moments = {"created_at": person["created"], "updated_at": person["modified"]}
        connection.users.filter(pk=pk).update(version=person["version"], **moments)
        emails = [email for email in document.get("emails", []) if email.get("value")]
        ProvisionedEmail.objects.bulk_create(
            ProvisionedEmail(
                user=user, connection=connection,
                value_key=canonical(email["value"]),
            )
            for email in emails
        )  # fmt: skip
        ProvisionedMembership.objects.bulk_create(
            ProvisionedMembership(user=user, group_id=GROUP_IDS[n]) for n in person["groups"]
        )
        grant(connection.source, [end], person["places"], person["filled"], pushed.source)


def in_memory(pk: UUID, person: dict[str, Any]) -> User:
    """The whole resource as an answer shows it."""
    groups = [{"value": str(GROUP_IDS[n]), "display": GROUPS[n], "type": "direct"} for n in person["groups"]]
    meta = {"resourceType": "User", "created": person["created"], "lastModified": person["modified"]}
    meta |= {"location": f"{BASE_URL}/Users/{pk}", "version": f'W/"{person["version"]}"'}
    places = [{"value": PLACES[n][0], "display": PLACES[n][1]} for n in person["places"]]
    filled = [
        {"value": str(FILLED_IDS[n]), "display": FILLED[n], "environment": PLACES[n][0]} for n in person["filled"]
    ]
    access = {"environments": places or None, "groups": filled or None}
    schemas = [CORE, *([ENTERPRISE] if ENTERPRISE in person["document"] else [])]
    server = {"schemas": schemas, "id": str(pk), "meta": meta, "groups": groups or None, ACCESS: access}
    return User.model_validate(server | person["document"])


OURS = ScimPolicy(comparison_key=lambda binding, text: text if binding.case_exact else name_key(text))


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(case=cases())
def test_the_database_agrees_with_scim2_models(connection, case):
    drawn, texts = case
    users = {pk: in_memory(pk, person) for pk, person in zip(IDS, drawn, strict=False)}
    with transaction.atomic():
        store(connection, drawn)
        for text in texts:
            with OURS:
                asked = ScimFilter[User](text)
                expected = {pk for pk, user in users.items() if asked.match(user, strict=True)}
            rows = connection.users.filter(compile_filter(text, kind="User"))
            assert sorted(rows.values_list("pk", flat=True)) == sorted(expected), text
        transaction.set_rollback(True)


WORDS = (
    'userName emails emails.value [ ] ( ) not and or eq ne co gt pr true null 1 -1e3 " \\ . : , $ \\u0000 \x00 é '
    'meta.created members.value id "x" "2026-01-01T00:00:00Z" manager name urn:a:b'
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    text=st.lists(st.sampled_from(WORDS.split(" ")), max_size=12).map(" ".join) | st.text(max_size=30),
    resource=st.sampled_from(["User", "Group"]),
)
def test_c6_any_text_is_a_filter_or_refused(connection, text, resource):
    rows = connection.users if resource == "User" else connection.groups
    with contextlib.suppress(ScimError):
        list(rows.filter(compile_filter(text, kind=resource)))
