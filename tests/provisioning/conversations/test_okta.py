"""Okta: custom apps read, merge and put; apps of its catalogue patch. Neither ever deletes a user."""

from typing import Any

from tests.provisioning.conversations.play import error, group, membership, page, user
from tests.scim import GROUP, PATCH_OP, USER

ADA = {
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "familyName": "Example"},
    "emails": [{"primary": True, "value": "ada@example.com", "type": "work"}],
    "displayName": "Ada Example",
    "locale": "en-US",
    "externalId": "00u1ada",
}
NEW = {"schemas": [USER], **ADA, "groups": [], "password": "1mz050nq", "active": True}
KNOWN = ADA | {"active": True}
MARRIED = KNOWN | {
    "name": {"givenName": "Ada", "familyName": "Lovelace"},
    "displayName": "Ada Lovelace",
}
BY_NAME = "GET /Users?filter=userName%20eq%20%22ada%40example.com%22&startIndex=1&count=100"
GROUP_BY_NAME = "GET /Groups?filter=displayName%20eq%20%22Engineers%22&startIndex=1&count=100"
ADDRESS = "ada@example.com"


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def begin(idp) -> None:
    """Test connection, match and create: the same in all apps."""
    idp.say("GET /Users?startIndex=1&count=2", status=200, answer=page())
    idp.say(BY_NAME, status=200, answer=page())
    idp.say(
        "POST /Users", NEW, named="ada", status=201, answer=user("ada", **KNOWN),
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(BY_NAME, status=200, answer=page(user("ada", **KNOWN)))


def test_a_custom_app_reads_merges_and_puts(idp):
    begin(idp)
    read = user("ada", **KNOWN)
    idp.say("GET /Users/<ada>", status=200, answer=read)
    idp.say(
        "PUT /Users/<ada>", read | MARRIED, status=200, answer=user("ada", 2, **MARRIED),
        people={ADDRESS: "Ada Lovelace in DEV"},
    )  # fmt: skip
    for version, is_active, what in ((3, False, "Ada Lovelace, deactivated"), (4, True, "Ada Lovelace in DEV")):
        read = user("ada", version - 1, **MARRIED | {"active": not is_active})
        idp.say("GET /Users/<ada>", status=200, answer=read)
        idp.say(
            "PUT /Users/<ada>", read | {"active": is_active},
            status=200, answer=user("ada", version, **MARRIED | {"active": is_active}), people={ADDRESS: what},
        )  # fmt: skip
    idp.say(GROUP_BY_NAME, status=200, answer=page())
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": []}, named="engineers",
        status=201, answer=group("engineers", displayName="Engineers"), groups={"Engineers": set()},
    )  # fmt: skip
    idp.say("GET /Groups/<engineers>", status=200, answer=group("engineers", displayName="Engineers"))
    idp.say(
        "PUT /Groups/<engineers>",
        group("engineers", displayName="Engineers") | {"members": [{"value": "<ada>", "display": ADDRESS}]},
        status=200, answer=group("engineers", 2, members=["ada"], displayName="Engineers"),
        groups={"Engineers": {ADDRESS}},
    )  # fmt: skip
    # What a read shows of the groups comes back with the next update, and says nothing.
    read = user("ada", 4, groups=[membership("engineers", "Engineers")], **MARRIED)
    idp.say("GET /Users/<ada>", status=200, answer=read)
    idp.say("PUT /Users/<ada>", read, status=200, answer=read)
    idp.say(
        "PUT /Groups/<engineers>",
        {"schemas": [GROUP], "id": "<engineers>", "displayName": "Builders", "members": [{"value": "<ada>"}]},
        status=200, answer=group("engineers", 3, members=["ada"], displayName="Builders"),
        groups={"Engineers": None, "Builders": {ADDRESS}},
    )  # fmt: skip
    idp.say(
        "PUT /Groups/<engineers>", {"schemas": [GROUP], "id": "<engineers>", "displayName": "Builders", "members": []},
        status=200, answer=group("engineers", 4, displayName="Builders"), groups={"Builders": set()},
    )  # fmt: skip
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})


def test_a_catalogue_app_patches_without_a_path(idp):
    begin(idp)
    for version, is_active, what in ((2, False, "Ada Example, deactivated"), (3, True, "Ada Example in DEV")):
        idp.say(
            "PATCH /Users/<ada>", patch({"op": "replace", "value": {"active": is_active}}),
            status=200, answer=user("ada", version, **KNOWN | {"active": is_active}), people={ADDRESS: what},
        )  # fmt: skip
    idp.say(
        "PATCH /Users/<ada>", patch({"op": "replace", "value": {"password": "n3w-secret"}}),
        status=200, answer=user("ada", 3, **KNOWN),
    )  # fmt: skip
    idp.say(
        "POST /Users", NEW | {
            "userName": "bob@example.com", "externalId": "00u1bob", "displayName": "Bob Example",
            "emails": [{"primary": True, "value": "bob@example.com", "type": "work"}],
        },
        named="bob", status=201, answer=user("bob", **KNOWN | {
            "userName": "bob@example.com", "externalId": "00u1bob", "displayName": "Bob Example",
            "emails": [{"primary": True, "value": "bob@example.com", "type": "work"}],
        }),
        people={"bob@example.com": "Bob Example in DEV"},
    )  # fmt: skip
    idp.say("POST /Users", NEW, status=409, answer=error(409, "uniqueness"))
    idp.say(GROUP_BY_NAME, status=200, answer=page())
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": []}, named="engineers",
        status=201, answer=group("engineers", displayName="Engineers"), groups={"Engineers": set()},
    )  # fmt: skip
    members = [
        ({"op": "add", "path": "members", "value": [{"value": "<ada>", "display": ADDRESS}]}, {"ada"}),
        ({"op": "add", "path": "members", "value": [{"value": "<bob>", "display": "bob@example.com"}]}, {"ada", "bob"}),
        ({"op": "remove", "path": 'members[value eq "<ada>"]'}, {"bob"}),
        ({"op": "replace", "path": "members", "value": [{"value": "<ada>"}, {"value": "<bob>"}]}, {"ada", "bob"}),
        ({"op": "replace", "path": "members", "value": []}, set()),
        ({"op": "add", "path": "members", "value": [{"value": "<ada>"}, {"value": "<bob>"}]}, {"ada", "bob"}),
    ]
    for operation, names in members:
        idp.say(
            "PATCH /Groups/<engineers>", patch(operation), status=204,
            groups={"Engineers": {f"{name}@example.com" for name in names}},
        )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>",
        patch({"op": "replace", "value": {"id": "<engineers>", "displayName": "Builders"}}),
        status=204, notes=["id repeated in a change"],
        groups={"Engineers": None, "Builders": {"ada@example.com", "bob@example.com"}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>",
        patch({"op": "replace", "value": {"members": [], "id": "<engineers>", "displayName": "Builders"}}),
        status=204, notes=["id repeated in a change"], groups={"Builders": set()},
    )  # fmt: skip
    idp.say("GET /Groups/<engineers>", status=200, answer=group("engineers", 9, displayName="Builders"))
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    idp.say(
        "PATCH /Users/<ada>", patch({"op": "replace", "value": {"active": False}}),
        status=200, answer=user("ada", 4, **KNOWN | {"active": False}),
        people={ADDRESS: "Ada Example, deactivated"},
    )  # fmt: skip
