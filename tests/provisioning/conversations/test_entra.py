"""Microsoft Entra ID: its own dialect by default, and the one nearer to the RFC with aadOptscim062020."""

from typing import Any

from tests.provisioning.conversations.play import Document, error, group, page, user
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER

ADA, BOSS = "ada@example.com", "boss@example.com"
KNOWN = {
    "externalId": "ada",
    "userName": ADA,
    "active": True,
    "displayName": "Ada Example",
    "emails": [{"primary": True, "type": "work", "value": ADA}],
    "name": {"formatted": "Ada Example", "familyName": "Example", "givenName": "Ada"},
    ENTERPRISE: {"department": "Analysis"},
}
NEW = KNOWN | {
    "schemas": [USER, ENTERPRISE],
    "active": "True",
    "nickName": None,
    "meta": {"resourceType": "User"},
    "roles": [],
    ENTERPRISE: {"department": "Analysis", "employeeNumber": None, "manager": None},
}
NEW_BOSS = {
    "schemas": [USER, ENTERPRISE],
    "externalId": "boss",
    "userName": BOSS,
    "active": True,
    "displayName": "The Boss",
    "meta": {"resourceType": "User"},
    "roles": [],
}
KNOWN_BOSS = {"externalId": "boss", "userName": BOSS, "active": True, "displayName": "The Boss"}
NEW_GROUP = {
    "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
    "externalId": "engineers",
    "displayName": "Engineers",
    "meta": {"resourceType": "Group"},
}
KNOWN_GROUP = {"externalId": "engineers", "displayName": "Engineers"}
MANAGED = {"manager": {"value": "<boss>", "$ref": "<base>/Users/<boss>", "displayName": "The Boss"}}
AS_A_WHOLE = "{} compared as a whole instead of its value"
ADDED = "an entry added that the filter of a path did not find"
UNKNOWN_SCHEMA = "Ignored the unknown schema http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"


def patch(*operations: Document) -> Document:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def op(name: str, path: str, value: Any = None) -> Document:
    return {"op": name, "path": path} | ({} if value is None else {"value": value})


def begin(idp, flag: str = "") -> None:
    """Test connection, match by several attributes, create two users: the same in both dialects."""
    nobody = "%228b1a9953-c461-4296-a827-8c7f6a6f2d4e%22"
    idp.say(f"GET /Users?filter=userName+eq+{nobody}{flag}", status=200, answer=page())
    idp.say(f"GET /Users?filter=externalId+eq+%22ada%22{flag}", status=200, answer=page())
    idp.say(
        "POST /Users", NEW, named="ada", status=201, answer=user("ada", **KNOWN), notes=["active sent as text"],
        people={ADA: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(
        "POST /Users", NEW_BOSS, named="boss", status=201, answer=user("boss", **KNOWN_BOSS),
        notes=["emails left out: userName is taken for the address"],
        people={BOSS: "The Boss in DEV"},
    )  # fmt: skip
    for condition in (
        "userName+eq+%22ADA%40example.com%22",
        "externalId+eq+%22ada%22",
        "emails%5Btype+eq+%22work%22%5D.value+eq+%22Ada%40Example.com%22",
    ):
        idp.say(f"GET /Users?filter={condition}{flag}", status=200, answer=page(user("ada", **KNOWN)))
    idp.say("POST /Users", NEW, status=409, answer=error(409, "uniqueness"), notes=["active sent as text"])


def push_group(idp) -> None:
    """Match and create a group; members are never read."""
    idp.say("GET /Groups?excludedAttributes=members&filter=displayName+eq+%22Engineers%22", status=200, answer=page())
    idp.say(
        "POST /Groups", NEW_GROUP, named="engineers", status=201, answer=group("engineers", **KNOWN_GROUP),
        notes=[UNKNOWN_SCHEMA], groups={"Engineers": set()},
    )  # fmt: skip
    idp.say("GET /Groups/<engineers>?excludedAttributes=members", status=200, answer=group("engineers", **KNOWN_GROUP))
    idp.say(
        "GET /Groups?excludedAttributes=members&filter=externalId+eq+%22engineers%22",
        status=200, answer=page(group("engineers", **KNOWN_GROUP)),
    )  # fmt: skip


def end(idp) -> None:
    """Deleted for good, and asked for once more."""
    idp.say("DELETE /Users/<boss>", status=204, people={BOSS: "The Boss, deactivated"})
    idp.say("DELETE /Users/<boss>", status=404, answer=error(404))
    idp.say("GET /Users/<boss>", status=404, answer=error(404))
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    idp.say("DELETE /Groups/<engineers>", status=404, answer=error(404))


def test_the_default_dialect(idp):
    begin(idp)
    changed = KNOWN | {
        "name": {"formatted": "Ada Lovelace", "familyName": "Lovelace", "givenName": "Ada"},
        "displayName": "Ada Lovelace",
        "emails": [{"primary": True, "type": "work", "value": "lovelace@example.com"}],
        "phoneNumbers": [{"type": "mobile", "value": "+1 555"}],
        "addresses": [{"type": "work", "locality": "London"}],
        ENTERPRISE: MANAGED,
    }
    idp.say(
        "PATCH /Users/<ada>",
        patch(
            op("Replace", "name.familyName", "Lovelace"),
            op("Replace", "name.formatted", "Ada Lovelace"),
            op("Replace", "displayName", "Ada Lovelace"),
            op("Replace", 'emails[type eq "work"].value', "lovelace@example.com"),
            op("Add", 'phoneNumbers[type eq "mobile"].value', "+1 555"),
            op("Add", 'addresses[type eq "work"].locality', "London"),
            op("Add", f"{ENTERPRISE}:manager", "<boss>"),
            op("Replace", f"{ENTERPRISE}:department", ""),
        ),
        status=200, answer=user("ada", 2, **changed),
        notes=[
            "op sent as Replace", "op sent as Add", "manager sent as a bare value", ADDED,
            "department sent as an empty text", f"{ENTERPRISE}:department cleared by an empty value",
        ],
        people={ADA: None, "lovelace@example.com": "Ada Lovelace in DEV"},
    )  # fmt: skip
    person = "lovelace@example.com"
    reference = "GET /Users?filter=id+eq+%22<ada>%22+and+manager+eq+%22<boss>%22&attributes=id"
    idp.say(
        reference, status=200, answer=page({"schemas": [USER, ENTERPRISE], "id": "<ada>"}),
        notes=["manager named without the URN of its schema", AS_A_WHOLE.format(f"{ENTERPRISE}:manager")],
    )  # fmt: skip
    with_ref = {"value": "<boss>", "$ref": "../Users/<boss>"}
    managers = [
        (op("Replace", f"{ENTERPRISE}:manager", with_ref), MANAGED, ["op sent as Replace"]),
        (op("Remove", f"{ENTERPRISE}:manager"), {}, ["op sent as Remove"]),
        (op("Add", f"{ENTERPRISE}:manager", [{"value": "<boss>"}]), MANAGED,
         ["op sent as Add", "manager sent as a list"]),
        (op("Replace", f"{ENTERPRISE}:manager", ""), {},
         ["op sent as Replace", "manager sent as an empty text", f"{ENTERPRISE}:manager cleared by an empty value"]),
    ]  # fmt: skip
    # Naming the same manager again changes nothing, so the version stays.
    for version, (operation, manager, notes) in enumerate(managers, start=2):
        changed.pop(ENTERPRISE, None)
        if manager:
            changed[ENTERPRISE] = manager
        idp.say("PATCH /Users/<ada>", patch(operation), status=200, answer=user("ada", version, **changed), notes=notes)
    for version, sent, is_active, what in (
        (6, "False", False, "Ada Lovelace, deactivated"),
        (7, "True", True, "Ada Lovelace in DEV"),
    ):
        idp.say(
            "PATCH /Users/<ada>", patch(op("Replace", "active", sent)),
            status=200, answer=user("ada", version, **changed | {"active": is_active}),
            notes=["op sent as Replace", "active sent as text"], people={person: what},
        )  # fmt: skip
    push_group(idp)
    for name, members in (("<ada>", {person}), ("<boss>", {person, BOSS})):
        idp.say(
            "PATCH /Groups/<engineers>", patch(op("Add", "members", [{"$ref": None, "value": name}])),
            status=204, notes=["op sent as Add"], groups={"Engineers": members},
        )  # fmt: skip
    idp.say(
        "GET /Groups?excludedAttributes=members&filter=id+eq+%22<engineers>%22+and+members+eq+%22<ada>%22",
        status=200, answer=page(group("engineers", 3, **KNOWN_GROUP)),
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch(op("Remove", "members", [{"$ref": None, "value": "<boss>"}])),
        status=204, notes=["op sent as Remove", "members removed by value"], groups={"Engineers": {person}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch(op("Replace", "displayName", "Builders")),
        status=204, notes=["op sent as Replace"], groups={"Engineers": None, "Builders": {person}},
    )  # fmt: skip
    idp.say(
        "GET /Groups/<engineers>", status=200,
        answer=group("engineers", 5, members=["ada"], **KNOWN_GROUP | {"displayName": "Builders"}),
    )  # fmt: skip
    end(idp)


def test_with_aadoptscim062020(idp):
    begin(idp, flag="&aadOptscim062020")
    changed = KNOWN | {
        "name": {"formatted": "Ada Example", "familyName": "Lovelace", "givenName": "Augusta"},
        "displayName": "Augusta Lovelace",
        "emails": [{"primary": True, "type": "work", "value": "augusta@example.com"}],
        "phoneNumbers": [{"type": "mobile", "value": "+1 555"}],
        ENTERPRISE: {"department": "Engines", **MANAGED},
    }
    idp.say(
        "PATCH /Users/<ada>?aadOptscim062020",
        patch(
            {
                "op": "replace",
                "value": {
                    "displayName": "Augusta Lovelace",
                    "name.givenName": "Augusta",
                    "name.familyName": "Lovelace",
                    'emails[type eq "work"].value': "augusta@example.com",
                    'phoneNumbers[type eq "mobile"].value': "+1 555",
                    f"{ENTERPRISE}:department": "Engines",
                },
            },
            {"op": "add", "path": f"{ENTERPRISE}:manager", "value": "<boss>"},
        ),
        status=200, answer=user("ada", 2, **changed),
        notes=["manager sent as a bare value", "paths sent as names in a value", ADDED],
        people={ADA: None, "augusta@example.com": "Augusta Lovelace in DEV"},
    )  # fmt: skip
    person = "augusta@example.com"
    for version, is_active, what in (
        (3, False, "Augusta Lovelace, deactivated"),
        (4, True, "Augusta Lovelace in DEV"),
    ):
        idp.say(
            "PATCH /Users/<ada>", patch(op("replace", "active", is_active)),
            status=200, answer=user("ada", version, **changed | {"active": is_active}), people={person: what},
        )  # fmt: skip
    changed |= {"phoneNumbers": [{"type": "mobile"}]}  # the sub-attribute goes, as the RFC has it
    idp.say(
        "PATCH /Users/<ada>", patch(op("remove", 'phoneNumbers[type eq "mobile"].value')),
        status=200, answer=user("ada", 5, **changed),
    )  # fmt: skip
    push_group(idp)
    idp.say(
        "PATCH /Groups/<engineers>",
        patch(op("add", "members", [{"value": "<ada>"}]), op("add", "members", [{"value": "<boss>"}])),
        status=204, groups={"Engineers": {person, BOSS}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch(op("remove", 'members[value eq "<boss>"]')),
        status=204, groups={"Engineers": {person}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch({"op": "replace", "value": {"displayName": "Builders"}}),
        status=204, groups={"Engineers": None, "Builders": {person}},
    )  # fmt: skip
    # The tenant's other application speaks the default dialect to the same group.
    idp.say(
        "PATCH /Groups/<engineers>", patch(op("Add", "members", [{"$ref": None, "value": "<boss>"}])),
        status=204, notes=["op sent as Add"], groups={"Builders": {person, BOSS}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch(op("Remove", "members", [{"$ref": None, "value": "<boss>"}])),
        status=204, notes=["op sent as Remove", "members removed by value"], groups={"Builders": {person}},
    )  # fmt: skip
    end(idp)
