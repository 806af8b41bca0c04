"""Google Workspace: users only, switched off before they are deleted days later."""

from tests.provisioning.conversations.play import Document, error, page, user
from tests.scim import ENTERPRISE, PATCH_OP, USER

ADDRESS = "ada@example.com"
KNOWN: Document = {
    "userName": ADDRESS,
    "externalId": "1089",
    "name": {"givenName": "Ada", "familyName": "Example"},
    "emails": [{"value": ADDRESS, "type": "work", "primary": True}],
    "active": True,
    "title": "Countess",
    "phoneNumbers": [{"value": "+1 555", "type": "work"}],
    ENTERPRISE: {"department": "Analysis", "organization": "Example"},
}
BY_NAME = "GET /Users?filter=userName%20eq%20%22ada@example.com%22"


def test_google_workspace(idp):
    idp.say("GET /Users?count=1", status=200, answer=page())
    idp.say(BY_NAME, status=200, answer=page())
    idp.say(
        "POST /Users", {"schemas": [USER, ENTERPRISE], **KNOWN}, named="ada", status=201, answer=user("ada", **KNOWN),
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(BY_NAME, status=200, answer=page(user("ada", **KNOWN)))
    married = KNOWN | {"name": {"givenName": "Ada", "familyName": "Lovelace"}}
    idp.say(
        "PUT /Users/<ada>", {"schemas": [USER, ENTERPRISE], "id": "<ada>", **married},
        status=200, answer=user("ada", 2, **married), people={ADDRESS: "Ada Lovelace in DEV"},
    )  # fmt: skip
    for version, is_active, what in (
        (3, False, "Ada Lovelace, deactivated"), (4, True, "Ada Lovelace in DEV"),
        (5, False, "Ada Lovelace, deactivated"),
    ):  # fmt: skip
        idp.say(
            "PATCH /Users/<ada>",
            {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": is_active}]},
            status=200, answer=user("ada", version, **married | {"active": is_active}), people={ADDRESS: what},
        )  # fmt: skip
    idp.say("DELETE /Users/<ada>", status=204)
    idp.say("GET /Users/<ada>", status=404, answer=error(404))
