"""OneLogin: the body is an administrator's template, with what SCIM 1.0 called its schemas."""

from tests.provisioning.conversations.play import Document, group, page, user
from tests.scim import ENTERPRISE, GROUP, PATCH_OP

ADDRESS = "ada@example.com"
OLD_CORE, OLD_ENTERPRISE = "urn:scim:schemas:core:1.0", "urn:scim:schemas:extension:enterprise:1.0"
BODY: Document = {
    "schemas": [OLD_CORE, OLD_ENTERPRISE],
    "userName": ADDRESS,
    "displayName": "Ada Example",
    "externalId": "41023",
    "name": {"givenName": "Ada", "familyName": "Example", "formatted": "Ada Example"},
    "emails": {"value": ADDRESS},
    OLD_ENTERPRISE: {"department": "Analysis"},
}
KNOWN = {key: value for key, value in BODY.items() if key not in {"schemas", "emails", OLD_ENTERPRISE}} | {
    "emails": [{"value": ADDRESS}],
    ENTERPRISE: {"department": "Analysis"},
    "active": True,
}
NOTES = [
    "emails sent as one value instead of a list",
    f"Ignored the unknown schema {OLD_CORE}",
    f"Ignored the unknown schema {OLD_ENTERPRISE}",
    f"{OLD_ENTERPRISE} sent for a schema of SCIM 2.0",
]


def test_onelogin(idp):
    idp.content_type = "application/json"
    by_name = "GET /Users/?filter=userName%20eq%20%22ada@example.com%22"
    idp.say("GET /Users/?startIndex=1&count=1", status=200, answer=page())
    idp.say(by_name, status=200, answer=page())
    idp.say(
        "POST /Users/", BODY, named="ada", status=201, answer=user("ada", **KNOWN), notes=NOTES,
        people={ADDRESS: "Ada Example in DEV"},
    )  # fmt: skip
    idp.say(by_name, status=200, answer=page(user("ada", **KNOWN)))
    idp.say(
        "PUT /Users/<ada>", BODY | {"displayName": "Ada Lovelace"}, notes=NOTES,
        status=200, answer=user("ada", 2, **KNOWN | {"displayName": "Ada Lovelace"}),
        people={ADDRESS: "Ada Lovelace in DEV"},
    )  # fmt: skip
    for version, is_active, what in ((3, False, "Ada Lovelace, deactivated"), (4, True, "Ada Lovelace in DEV")):
        idp.say(
            "PATCH /Users/<ada>",
            {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "path": "active", "value": is_active}]},
            status=200, answer=user("ada", version, **KNOWN | {"displayName": "Ada Lovelace", "active": is_active}),
            people={ADDRESS: what},
        )  # fmt: skip
    idp.say("GET /Groups/?filter=displayName%20eq%20%22Engineers%22", status=200, answer=page())
    idp.say(
        "POST /Groups", {"schemas": [OLD_CORE], "displayName": "Engineers"}, named="engineers",
        status=201, answer=group("engineers", displayName="Engineers"), groups={"Engineers": set()},
        notes=[f"Ignored the unknown schema {OLD_CORE}"],
    )  # fmt: skip
    for verb, path, value, members in (
        ("add", "members", [{"value": "<ada>"}], {ADDRESS}),
        ("remove", 'members[value eq "<ada>"]', None, set()),
        ("replace", "members", [{"value": "<ada>"}], {ADDRESS}),
    ):
        operation = {"op": verb, "path": path} | ({"value": value} if value else {})
        idp.say(
            "PATCH /Groups/<engineers>", {"schemas": [PATCH_OP], "Operations": [operation]},
            status=204, groups={"Engineers": members},
        )  # fmt: skip
    idp.say(
        "PUT /Groups/<engineers>", {"schemas": [GROUP], "displayName": "Builders"},
        status=200, answer=group("engineers", 5, members=["ada"], displayName="Builders"),
        groups={"Engineers": None, "Builders": {ADDRESS}}, notes=["members left out: they stay as they are"],
    )  # fmt: skip
    idp.say(
        "DELETE /Users/<ada>", status=204, people={ADDRESS: "Ada Lovelace, deactivated"}, groups={"Builders": set()}
    )
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
