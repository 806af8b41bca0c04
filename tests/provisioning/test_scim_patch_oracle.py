"""PATCH leaves exactly the User that scim2-models makes of the same operations, without those that it refuses."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scim2_models import Context, PatchOp, SCIMException, ScimPolicy

from provisioning.payload.resources import ENTERPRISE, User
from tests.scim import PATCH_OP, USER
from workspace.db.keys import canonical

pytestmark = pytest.mark.django_db

# More of them by hand: PATCHES=20000
EXAMPLES = int(os.environ.get("PATCHES", "200"))
# What RFC 7644 leaves open and identity providers count on.
OURS = ScimPolicy(
    remove_value_as_filter=ScimPolicy.RemoveValue.apply, unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create
)
NEEDED = {"username", "active", "externalid"}
EXACT = {"photos", "x509Certificates"}
BY_SERVER = {"schemas", "id", "meta", "groups"}

Document = dict[str, Any]
Strategy = st.SearchStrategy[Any]

texts = st.sampled_from(["a", "A", "Ada", "Straße", "é", "e\u0301", "1", "true", "null", "x y", '"', "\\", "😀", "[a]"])
addresses = st.sampled_from(["ada@example.com", "Ada@Example.com", "lovelace@example.com"])
uris = st.sampled_from(["https://example.com/a", "https://example.com/b.png"])
certificates = st.sampled_from(["QUJD", "YWJj"])
flags = st.booleans()
types = st.sampled_from(["work", "home", "other"])
SIMPLE = {
    "userName": addresses,
    "externalId": texts,
    "displayName": texts,
    "nickName": texts,
    "profileUrl": uris,
    "title": texts,
    "userType": texts,
    "preferredLanguage": st.sampled_from(["en", "de-CH"]),
    "locale": st.sampled_from(["en-US", "de-CH"]),
    "timezone": st.sampled_from(["Europe/Zurich", "America/New_York"]),
    "active": flags,
}
NAME = dict.fromkeys(
    ("formatted", "familyName", "givenName", "middleName", "honorificPrefix", "honorificSuffix"), texts
)
PLURAL = {"display": texts, "type": types, "primary": flags}
ADDRESS = ("formatted", "streetAddress", "locality", "region", "postalCode")
LISTS: dict[str, dict[str, Strategy]] = {
    "emails": {"value": addresses, **PLURAL},
    "phoneNumbers": {"value": texts, **PLURAL},
    "ims": {"value": texts, **PLURAL},
    "photos": {"value": uris, **PLURAL},
    "addresses": {**dict.fromkeys(ADDRESS, texts), "country": st.just("CH"), "type": types, "primary": flags},
    "entitlements": {"value": texts, **PLURAL},
    "roles": {"value": texts, **PLURAL},
    "x509Certificates": {"value": certificates, **PLURAL},
}
WORK = dict.fromkeys(("employeeNumber", "costCenter", "organization", "division", "department"), texts)


def some(fields: dict[str, Strategy]) -> Strategy:
    """An object with at least one of these fields."""

    def begun(name: str) -> Strategy:
        rest = {key: values for key, values in fields.items() if key != name}
        return st.fixed_dictionaries({name: fields[name]}, optional=rest)

    return st.sampled_from(list(fields)).flatmap(begun)


managers = some({"value": texts})
extensions = some({**WORK, "manager": managers})
entries = {name: some(fields) for name, fields in LISTS.items()}
lists = {name: st.lists(entry, min_size=1, max_size=3) for name, entry in entries.items()}
attributes = {**SIMPLE, "name": some(NAME), **lists, ENTERPRISE: extensions}
del attributes["userName"]


def one_primary(document: Document) -> Document:
    """The document with at most one primary entry in each list, as it must be stored."""
    for name in LISTS:
        for entry in document.get(name, [])[1:]:
            entry.pop("primary", None)
        document[name] = [entry for entry in document.get(name, []) if entry]
    return {name: value for name, value in document.items() if value != []}


documents = st.fixed_dictionaries({"userName": addresses}, optional=attributes).map(one_primary)


@st.composite
def conditions(draw: Callable[..., Any], name: str) -> str:
    """A filter within brackets that some entry of the list may match."""
    fields = {key: values for key, values in LISTS[name].items() if key != "primary"}
    key = draw(st.sampled_from([*fields, "type"]))
    if draw(st.integers(0, 9)) == 0:
        return draw(st.sampled_from(["primary eq true", f"{key} pr", 'not (type eq "work")']))
    value = draw(fields[key]).replace("\\", "\\\\").replace('"', '\\"')
    return f'{key} {draw(st.sampled_from(["eq", "EQ", "ne", "sw"]))} "{value}"'


@st.composite
def targets(draw: Callable[..., Any]) -> tuple[str, Strategy]:
    """A path, and what may stand there."""
    kind = draw(st.sampled_from(["simple", "name", "extension", "list", "entry", "entry", "part", "part"]))
    if kind == "simple":
        name = draw(st.sampled_from(list(SIMPLE)))
        return draw(st.sampled_from([name, name.lower(), f"{USER}:{name}"])), SIMPLE[name]
    if kind == "name":
        part = draw(st.sampled_from(["", *NAME]))
        return (f"name.{part}", NAME[part]) if part else ("name", some(NAME))
    if kind == "extension":
        part = draw(st.sampled_from(["manager", "manager.value", *WORK]))
        return f"{ENTERPRISE}:{part}", {"manager": managers, "manager.value": texts, **WORK}[part]
    name = draw(st.sampled_from(list(LISTS)))
    if kind == "list":
        return name, lists[name]
    path = f"{name}[{draw(conditions(name))}]"
    if kind == "entry":
        return path, entries[name]
    part = draw(st.sampled_from(list(LISTS[name])))
    return f"{path}.{part}", LISTS[name][part]


@st.composite
def operations(draw: Callable[..., Any]) -> Document:
    """One operation as the RFC has it."""
    verb = draw(st.sampled_from(["add", "replace", "remove"]))
    path, values = draw(targets())
    if verb == "remove":
        by_value = path in LISTS and draw(flags)
        return {"op": verb, "path": path} | ({"value": draw(values)} if by_value else {})
    if draw(st.integers(0, 5)) == 0:
        return {"op": verb, "value": draw(some(attributes))}
    return {"op": verb, "path": path, "value": draw(values)}


def in_memory(document: Document, sent: list[Document]) -> Document | None:
    """The User after the operations; None where they are refused.

    An operation that cannot be applied is left out, unless it is about a needed attribute.
    """
    for operation in map(one_primary_sent, singles(sent)):
        after = applied(document, operation)
        if after is None and operation["path"].rpartition(":")[2].lower() in NEEDED:
            return None
        document = document if after is None else after
    return each_once(document)


def singles(sent: list[Document]) -> list[Document]:
    """The same operations with a path each."""
    found = []
    for operation in sent:
        parts = {operation["path"]: operation.get("value")} if "path" in operation else dict(operation["value"])
        parts |= {f"{ENTERPRISE}:{name}": value for name, value in parts.pop(ENTERPRISE, {}).items()}
        found += [operation | {"path": path, "value": value} for path, value in parts.items()]
    return [{key: value for key, value in each.items() if value is not None} for each in found]


def one_primary_sent(operation: Document) -> Document:
    """The operation with one primary entry at most: the first one."""
    entries = [dict(entry) for entry in operation["value"]] if isinstance(operation.get("value"), list) else []
    for entry in [entry for entry in entries if entry.get("primary")][1:]:
        del entry["primary"]
    return operation | ({"value": entries} if entries else {})


def each_once(document: Document) -> Document:
    """The document with each pair of type and value once in a list. What stands later adds to the first."""
    document = dict(document)
    for name in LISTS:
        kept: list[Document] = []
        for entry in document.get(name, []):
            first = next((other for other in kept if "value" in entry and pair(name, other) == pair(name, entry)), None)
            is_primary = bool(first and first.get("primary"))
            if first is None:
                kept.append(dict(entry))
            else:
                first.update({key: value for key, value in entry.items() if key not in {"type", "value"}})
                first.update({"primary": True} if is_primary else {})
        document |= {name: kept} if kept else {}
    return document


def pair(name: str, entry: Document) -> tuple[str | None, str | None]:
    """What makes an entry equal to another one."""
    value = entry.get("value")
    return entry.get("type"), value if value is None or name in EXACT else canonical(value)


def applied(document: Document, operation: Document) -> Document | None:
    """The User after one operation; None where scim2-models refuses it."""
    try:
        with OURS:
            patch = PatchOp[User].model_validate(
                {"schemas": [PATCH_OP], "Operations": [operation]}, scim_ctx=Context.RESOURCE_PATCH_REQUEST
            )
            user = User.model_validate({"schemas": [USER]} | document)
            patch.patch(user)
            return shown(user.model_dump(scim_ctx=Context.RESOURCE_REPLACEMENT_REQUEST))
    except (ValidationError, SCIMException):
        return None


def shown(document: Document) -> Document:
    return {name: value for name, value in document.items() if name not in BY_SERVER}


@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(document=documents, sent=st.lists(operations(), min_size=1, max_size=4))
def test_the_server_agrees_with_scim2_models(scim, document, sent):
    with transaction.atomic():
        created = scim.post("/Users", {"schemas": [USER], "active": True} | document)
        assert created.status == 201, created.body
        before = shown(created.body)
        expected = in_memory(before, sent)
        answer = scim.patch(f"/Users/{created.body['id']}", *sent)
        assert answer.status == (200 if expected is not None else 400), answer.body
        after = scim.get(f"/Users/{created.body['id']}").body
        assert shown(after) == (before if expected is None else expected)
        assert expected is None or after == answer.body
        transaction.set_rollback(True)
