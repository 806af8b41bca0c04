"""PingOne: users by PUT alone, groups with all their members."""

from tests.provisioning.conversations.play import Document, error, group, page, user
from tests.scim import ENTERPRISE, GROUP, USER

ADDRESS = "ada@example.com"
KNOWN: Document = {
    "userName": ADDRESS,
    "externalId": "ping-ada",
    "name": {"givenName": "Ada", "familyName": "Example"},
    "emails": [{"value": ADDRESS, "type": "work", "primary": True}],
    "active": True,
    ENTERPRISE: {"department": "Analysis"},
}
BODY = {"schemas": [USER, ENTERPRISE], **KNOWN}
BY_NAME = "GET /Users?filter=userName%20eq%20%22ada%40example.com%22"


def test_pingone(idp):
    idp.content_type = "application/scim+json"
    idp.say("GET /Users?startIndex=1&count=1", status=200, answer=page())
    idp.say(BY_NAME, status=200, answer=page())
    idp.say(
        "POST /Users", BODY, named="ada", status=201, answer=user("ada", **KNOWN),
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(BY_NAME, status=200, answer=page(user("ada", **KNOWN)))
    married = {"name": {"givenName": "Ada", "familyName": "Lovelace"}, ENTERPRISE: {"department": "Engines"}}
    for version, changed, what in (
        (2, married, "Ada Lovelace in DEV"),
        (3, married | {"active": False}, "Ada Lovelace, deactivated"),
        (4, married | {"active": True}, "Ada Lovelace in DEV"),
    ):
        idp.say(
            "PUT /Users/<ada>", BODY | {"id": "<ada>"} | changed,
            status=200, answer=user("ada", version, **KNOWN | changed), people={ADDRESS: what},
        )  # fmt: skip
    idp.say("GET /Groups?filter=displayName%20eq%20%22Engineers%22", status=200, answer=page())
    idp.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": "<ada>"}]},
        named="engineers", status=201, answer=group("engineers", members=["ada"], displayName="Engineers"),
        groups={"Engineers": {ADDRESS}},
    )  # fmt: skip
    for version, name, members in ((2, "Builders", ["ada"]), (3, "Builders", []), (4, "Builders", ["ada"])):
        idp.say(
            "PUT /Groups/<engineers>",
            {"schemas": [GROUP], "id": "<engineers>", "displayName": name,
             "members": [{"value": f"<{one}>", "type": "User"} for one in members]},
            status=200, answer=group("engineers", version, members=members, displayName=name),
            groups={"Engineers": None, name: {ADDRESS} if members else set()},
        )  # fmt: skip
    idp.say(
        "DELETE /Users/<ada>", status=204, people={ADDRESS: "Ada Lovelace, deactivated"}, groups={"Builders": set()}
    )
    idp.say(BY_NAME, status=200, answer=page())
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    idp.say("GET /Groups/<engineers>", status=404, answer=error(404))
