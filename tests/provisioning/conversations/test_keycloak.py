"""Plug-ins of Keycloak: a complex value, or the whole value of a patch, as a text that holds JSON."""

import json

from tests.provisioning.conversations.play import Document, error, group, page, user
from tests.scim import GROUP, PATCH_OP, USER

ADDRESS = "ada@example.com"
NAME = {"givenName": "Ada", "familyName": "Example"}
KNOWN: Document = {
    "userName": "ada",
    "externalId": "kc-ada",
    "name": NAME,
    "emails": [{"value": ADDRESS, "primary": True}],
    "active": True,
}


def replace(path: str | None, value: object) -> Document:
    operation = {"op": "replace"} | ({"path": path} if path else {}) | {"value": value}
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def as_json(name: str) -> str:
    return f"{name} sent as JSON in a text"


def test_keycloak(idp):
    idp.say("GET /Users?filter=userName%20eq%20%22ada%22", status=200, answer=page())
    idp.say(
        "POST /Users", {"schemas": [USER], **KNOWN, "name": json.dumps(NAME), "emails": json.dumps(KNOWN["emails"])},
        named="ada", status=201, answer=user("ada", **KNOWN), notes=[as_json("name"), as_json("emails")],
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    married = KNOWN | {"name": {"givenName": "Ada", "familyName": "Lovelace"}}
    idp.say(
        "PATCH /Users/<ada>", replace("name", json.dumps(married["name"])),
        status=200, answer=user("ada", 2, **married), notes=[as_json("name")],
        people={ADDRESS: "Ada Lovelace in DEV"},
    )  # fmt: skip
    for version, sent, is_active, what in (
        (3, "false", False, "Ada Lovelace, deactivated"), (4, "true", True, "Ada Lovelace in DEV"),
    ):  # fmt: skip
        idp.say(
            "PATCH /Users/<ada>", replace("active", sent),
            status=200, answer=user("ada", version, **married | {"active": is_active}),
            notes=["active sent as text"], people={ADDRESS: what},
        )  # fmt: skip
    for version, is_active, what in ((5, False, "Ada Lovelace, deactivated"), (6, True, "Ada Lovelace in DEV")):
        idp.say(
            "PUT /Users/<ada>", {"schemas": [USER], "id": "<ada>", **married, "active": is_active},
            status=200, answer=user("ada", version, **married | {"active": is_active}), people={ADDRESS: what},
        )  # fmt: skip
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": json.dumps([{"value": "<ada>"}])},
        named="engineers", status=201, answer=group("engineers", members=["ada"], displayName="Engineers"),
        notes=[as_json("members")], groups={"Engineers": {ADDRESS}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", replace(None, json.dumps({"schemas": [GROUP], "displayName": "Builders"})),
        status=204, notes=[as_json("value"), "Ignored the schemas in a change"],
        groups={"Engineers": None, "Builders": {ADDRESS}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", replace("members", json.dumps([])),
        status=204, notes=[as_json("members")], groups={"Builders": set()},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", replace(None, json.dumps({"members": [{"value": "<ada>"}]})),
        status=204, notes=[as_json("value")], groups={"Builders": {ADDRESS}},
    )  # fmt: skip
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    idp.say("DELETE /Users/<ada>", status=204, people={ADDRESS: "Ada Lovelace, deactivated"})
    idp.say("GET /Users/<ada>", status=404, answer=error(404))
