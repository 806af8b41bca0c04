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


def test_pingone(client):
    client.content_type = "application/scim+json"
    client.say("GET /Users?startIndex=1&count=1", status=200, answer=page())
    client.say(BY_NAME, status=200, answer=page())
    client.say(
        "POST /Users", BODY, named="ada", status=201, answer=user("ada", **KNOWN),
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    client.say(BY_NAME, status=200, answer=page(user("ada", **KNOWN)))
    married = {"name": {"givenName": "Ada", "familyName": "Lovelace"}, ENTERPRISE: {"department": "Engines"}}
    for version, changed, what in (
        (2, married, "Ada Lovelace in DEV"),
        (3, married | {"active": False}, "Ada Lovelace, deactivated"),
        (4, married | {"active": True}, "Ada Lovelace in DEV"),
    ):
        client.say(
            "PUT /Users/<ada>", BODY | {"id": "<ada>"} | changed,
            status=200, answer=user("ada", version, **KNOWN | changed), people={ADDRESS: what},
        )  # fmt: skip
    client.say("GET /Groups?filter=displayName%20eq%20%22Engineers%22", status=200, answer=page())
    client.say(
        "POST /Groups", {"schemas": [GROUP], "displayName": "Engineers", "members": [{"value": "<ada>"}]},
        named="engineers", status=201, answer=group("engineers", members=["ada"], displayName="Engineers"),
        groups={"Engineers": {ADDRESS}},
    )  # fmt: skip
    for version, name, members in ((2, "Builders", ["ada"]), (3, "Builders", []), (4, "Builders", ["ada"])):
        client.say(
            "PUT /Groups/<engineers>",
            {"schemas": [GROUP], "id": "<engineers>", "displayName": name,
             "members": [{"value": f"<{one}>", "type": "User"} for one in members]},
            status=200, answer=group("engineers", version, members=members, displayName=name),
            groups={"Engineers": None, name: {ADDRESS} if members else set()},
        )  # fmt: skip
    client.say(
        "DELETE /Users/<ada>", status=204, people={ADDRESS: "Ada Lovelace, deactivated"}, groups={"Builders": set()}
    )
    client.say(BY_NAME, status=200, answer=page())
    client.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
    client.say("GET /Groups/<engineers>", status=404, answer=error(404))
