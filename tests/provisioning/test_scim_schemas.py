"""/Schemas says what the server does: each characteristic of each attribute is compared with answers."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest

from provisioning.payload.resources import ACCESS
from tests.scim import ENTERPRISE, GROUP, USER, Scim

pytestmark = pytest.mark.django_db
Attribute = dict[str, Any]
TEXTS = {"reference": "https://acme.example/a", "binary": "QUJD", "string": "Some Text"}


def schema(scim: Scim, urn: str) -> list[Attribute]:
    return scim.get(f"/Schemas/{urn}").body["attributes"]


def walk(scim: Scim, urn: str) -> Iterator[tuple[Attribute, Attribute | None]]:
    """Each attribute of a schema, then its sub-attributes with it as their parent."""
    for attribute in schema(scim, urn):
        yield attribute, None
        for part in attribute.get("subAttributes") or []:
            yield part, attribute


def sample(attribute: Attribute, *, is_kept: bool = False) -> Any:
    """A value as the schema describes it; or what the server keeps of it."""
    if attribute["type"] == "complex":
        parts = [each for each in attribute["subAttributes"] if not is_kept or each["mutability"] != "readOnly"]
        value: Any = {part["name"]: sample(part) for part in parts}
    elif attribute["type"] == "boolean":
        value = True
    else:
        value = (attribute.get("canonicalValues") or [TEXTS[attribute["type"]]])[0]
    return [value] if attribute["multiValued"] else value


def body(urn: str, attribute: Attribute | None = None, **more: Any) -> dict[str, Any]:
    """A User with nothing but what is required and, if given, one attribute with all its parts."""
    document: dict[str, Any] = {"schemas": [USER], "userName": f"{uuid4()}@acme.example"} | more
    if attribute is not None and attribute["name"] != "userName":
        value = {attribute["name"]: sample(attribute)}
        document |= value if urn == USER else {"schemas": [USER, urn], urn: value}
    return document


def create(scim: Scim, document: dict[str, Any], status: int = 201) -> dict[str, Any]:
    answer = scim.post("/Users", document)
    assert answer.status == status, (document, answer.body)
    return answer.body


def shown(document: dict[str, Any], urn: str, attribute: Attribute, parent: Attribute | None) -> Any:
    """The value of an attribute in an answer; None where it is absent."""
    found: Any = document if urn == USER else document.get(urn, {})
    for step in [parent, attribute] if parent else [attribute]:
        found = found.get(step["name"]) if isinstance(found, dict) else None
        if step is parent and step["multiValued"]:
            found = found[0] if found else None
    return found


def path_of(urn: str, attribute: Attribute, parent: Attribute | None) -> str:
    path = f"{parent['name']}.{attribute['name']}" if parent else attribute["name"]
    return path if urn == USER else f"{urn}:{path}"


@pytest.mark.parametrize("urn", [USER, ENTERPRISE, ACCESS])
def test_mutability_and_returned_are_true(scim, urn):
    for attribute, parent in walk(scim, urn):
        top, path = parent or attribute, path_of(urn, attribute, parent)
        user = create(scim, body(urn, top))
        one = f"/Users/{user['id']}"
        value, said = shown(user, urn, attribute, parent), sample(attribute)
        kept = {"readWrite": True, "readOnly": False, "writeOnly": False}[attribute["mutability"]]
        if kept and attribute["name"] != "userName":
            assert value == sample(attribute, is_kept=True), path
            assert isinstance(value, list) == attribute["multiValued"], path
        elif not kept:
            assert value is None, path
        if attribute["returned"] == "default" and kept and path != "userName":
            hidden = scim.get(f"{one}?excludedAttributes={quote(path)}").body
            assert shown(hidden, urn, attribute, parent) is None, path
        assert scim.get(f"{one}?attributes={quote(path)}").status == 200
        if attribute["returned"] == "never":
            assert path not in scim.get(f"{one}?attributes={path}").body
        if parent is None:
            answer = scim.patch(one, {"op": "replace", "path": path, "value": said})
            refused = attribute["mutability"] == "readOnly"
            assert (answer.status, answer.body.get("scimType")) == ((400, "mutability") if refused else (200, None)), (
                path
            )


@pytest.mark.parametrize("urn", [USER, ENTERPRISE, ACCESS])
def test_required_is_true(scim, urn):
    for attribute, parent in walk(scim, urn):
        document = body(urn, parent or attribute)
        holder: Any = document if urn == USER else document[urn]
        if parent:
            value = holder[parent["name"]]
            (value[0] if parent["multiValued"] else value).pop(attribute["name"], None)
        else:
            holder.pop(attribute["name"], None)
        create(scim, document, 400 if attribute.get("required") else 201)


def test_uniqueness_is_true(scim):
    for urn in (USER, ENTERPRISE):
        for attribute in schema(scim, urn):
            first = create(scim, body(urn, attribute))
            more = {"userName": first["userName"]} if attribute["name"] == "userName" else {}
            unique = {"none": 201, "server": 409}[attribute["uniqueness"]]
            create(scim, body(urn, attribute, **more), unique)
    for _ in range(2):
        create(scim, body(USER, externalId="00u1"))
    names = [scim.post("/Groups", {"schemas": [GROUP], "displayName": "Q X"}).status for _ in range(2)]
    [name] = [each for each in schema(scim, GROUP) if each["name"] == "displayName"]
    assert (name["uniqueness"], names) == ("server", [201, 409])


def test_case_exact_is_true(scim):
    for urn in (USER, ENTERPRISE):
        for attribute, parent in walk(scim, urn):
            if attribute["type"] not in {"string", "reference"} or attribute["mutability"] != "readWrite":
                continue
            user = create(scim, body(urn, parent or attribute))
            value = shown(user, urn, attribute, parent)
            text = f'{path_of(urn, attribute, parent)} eq "{value.swapcase()}" and id eq "{user["id"]}"'
            found = scim.get(f"/Users?filter={quote(text)}").body["totalResults"]
            assert found == (0 if attribute["caseExact"] else 1), text


def test_types_are_true(scim):
    """A value of another type is refused where strict mode takes the schema at its word."""
    scim.connection.is_strict = True
    scim.connection.save()
    wrong = {"string": {"a": 1}, "reference": {"a": 1}, "binary": {"a": 1}, "boolean": "maybe", "complex": 7}
    for urn in (USER, ENTERPRISE):
        for attribute in schema(scim, urn):
            if attribute["mutability"] == "readWrite":
                document = body(urn, attribute)
                (document if urn == USER else document[urn])[attribute["name"]] = wrong[attribute["type"]]
                assert scim.post("/Users", document).status == 400, attribute["name"]


def test_members_are_as_the_schema_says(scim):
    [members] = [each for each in schema(scim, GROUP) if each["name"] == "members"]
    parts = {part["name"]: part for part in members["subAttributes"]}
    assert set(parts) == {"value", "$ref", "type", "display"}
    assert parts["type"]["canonicalValues"] == parts["$ref"]["referenceTypes"] == ["User"]
    ada, bo = scim.user("ada"), scim.user("bo")
    sent = {"value": ada, "display": "Somebody", "type": "User"}
    group = scim.post("/Groups", {"schemas": [GROUP], "displayName": "Q X", "members": [sent]}).body
    assert set(group["members"][0]) == {name for name, part in parts.items() if part["returned"] != "never"}
    one = f"/Groups/{group['id']}"
    for name, value in {"value": bo, "type": "User", "$ref": "x", "display": "x"}.items():
        assert parts[name]["mutability"] in {"immutable", "readOnly"}
        answer = scim.patch(one, {"op": "replace", "path": f'members[value eq "{ada}"].{name}', "value": value})
        assert answer.body["scimType"] == "mutability"
    nested = {"value": group["id"], "type": "Group"}
    assert scim.patch(one, {"op": "add", "path": "members", "value": [nested]}).status == 400


def test_what_older_clients_look_for_is_there(scim):
    named = {(attribute["name"], (parent or {}).get("name")): attribute for attribute, parent in walk(scim, USER)}
    password = named["password", None]
    assert (password["mutability"], password["returned"]) == ("writeOnly", "never")
    required = [name for (name, _), attribute in named.items() if attribute["required"]]
    assert required == ["userName"]
    assert not any(attribute["required"] for attribute, _ in walk(scim, ENTERPRISE))
