"""JumpCloud: makes and removes a test user and group on Activate, then one operation for each attribute."""

from typing import Any

from tests.provisioning.conversations.play import Document, error, group, page, user
from tests.scim import GROUP, PATCH_OP, USER

ADA = "ada@example.com"
NOTES = {"add": [], "remove": ["members removed by value"]}


def known(address: str, given: str, family: str) -> Document:
    return {
        "userName": address,
        "externalId": f"jc-{given.lower()}",
        "name": {"givenName": given, "familyName": family, "formatted": f"{given} {family}"},
        "displayName": f"{given} {family}",
        "emails": [{"type": "work", "primary": True, "value": address}],
        "active": True,
    }


def patch(*operations: tuple[str, str, Any]) -> Document:
    """Each operation by itself: verb, path, value."""
    tidy = [{"op": verb, "path": path, "value": value} for verb, path, value in operations]
    return {"schemas": [PATCH_OP], "Operations": tidy}


def test_jumpcloud(idp):
    idp.content_type = "application/scim+json"
    activate(idp)
    by_name = "GET /Users?filter=userName%20eq%20%22ada%40example.com%22"
    idp.say(by_name, status=200, answer=page())
    ada = known(ADA, "Ada", "Example")
    idp.say(
        "POST /Users", {"schemas": [USER], **ada}, named="ada", status=201, answer=user("ada", **ada),
        people={ADA: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(by_name, status=200, answer=page(user("ada", **ada)))
    ada |= {
        "name": {"givenName": "Ada", "familyName": "Lovelace", "formatted": "Ada Lovelace"},
        "displayName": "Ada Lovelace",
        "title": "Countess",
    }
    idp.say(
        "PATCH /Users/<ada>",
        patch(
            ("replace", "name.familyName", "Lovelace"), ("replace", "name.formatted", "Ada Lovelace"),
            ("replace", "displayName", "Ada Lovelace"), ("replace", "title", "Countess"),
            ("replace", "emails", [{"type": "work", "primary": True, "value": ADA}]),
        ),
        status=200, answer=user("ada", 2, **ada), people={ADA: "Ada Lovelace in DEV"},
    )  # fmt: skip
    for version, is_active, what in ((3, False, "Ada Lovelace, deactivated"), (4, True, "Ada Lovelace in DEV")):
        idp.say(
            "PATCH /Users/<ada>", patch(("replace", "active", is_active)),
            status=200, answer=user("ada", version, **ada | {"active": is_active}), people={ADA: what},
        )  # fmt: skip
    idp.say("GET /Groups?filter=displayName%20eq%20%22Engineers%22", status=200, answer=page())
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": "<ada>"}]},
        named="engineers", status=201, answer=group("engineers", members=["ada"], displayName="Engineers"),
        groups={"Engineers": {ADA}},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", patch(("replace", "displayName", "Builders")),
        status=204, groups={"Engineers": None, "Builders": {ADA}},
    )  # fmt: skip
    for verb, members in (("remove", set()), ("add", {ADA})):
        idp.say(
            "PATCH /Groups/<engineers>", patch((verb, "members", [{"value": "<ada>"}])),
            status=204, notes=NOTES[verb], groups={"Builders": members},
        )  # fmt: skip
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    idp.say("DELETE /Users/<ada>", status=204, people={ADA: "Ada Lovelace, deactivated"})


def activate(idp) -> None:
    """Everything it will need is tried once, with a person and a group that go again."""
    tester = known("test@example.com", "Test", "User")
    idp.say("GET /Users?filter=userName%20eq%20%22test%40example.com%22", status=200, answer=page())
    idp.say(
        "POST /Users", {"schemas": [USER], **tester}, named="tester", status=201, answer=user("tester", **tester),
        people={"test@example.com": "Test User in DEV"},
    )  # fmt: skip
    idp.say("GET /Users/<tester>", status=200, answer=user("tester", **tester))
    idp.say(
        "PATCH /Users/<tester>", patch(("replace", "name.givenName", "Tested")),
        status=200, answer=user("tester", 2, **tester | {"name": tester["name"] | {"givenName": "Tested"}}),
    )  # fmt: skip
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "JumpCloud test", "members": []}, named="trial",
        status=201, answer=group("trial", displayName="JumpCloud test"), groups={"JumpCloud test": set()},
    )  # fmt: skip
    for verb, members in (("add", {"test@example.com"}), ("remove", set())):
        idp.say(
            "PATCH /Groups/<trial>", patch((verb, "members", [{"value": "<tester>"}])),
            status=204, notes=NOTES[verb], groups={"JumpCloud test": members},
        )  # fmt: skip
    idp.say("DELETE /Groups/<trial>", status=204, groups={"JumpCloud test": None})
    idp.say("DELETE /Users/<tester>", status=204, people={"test@example.com": "Test User, deactivated"})
    idp.say("GET /Users/<tester>", status=404, answer=error(404))
