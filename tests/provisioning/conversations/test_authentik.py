"""authentik: reads what the server can, puts users, and patches a group one member at a time."""

from tests.provisioning.conversations.play import Document, error, group, membership, page, user
from tests.scim import GROUP, PATCH_OP, USER

ADDRESSES = {name: f"{name}@example.com" for name in ("ada", "bob")}


def known(name: str, **changed: object) -> Document:
    return {
        "externalId": f"authentik-{name}",
        "userName": name,
        "name": {"formatted": f"{name.title()} Example", "givenName": name.title(), "familyName": "Example"},
        "displayName": f"{name.title()} Example",
        "active": True,
        "emails": [{"value": ADDRESSES[name], "type": "other", "primary": True}],
    } | changed


def body(name: str, **changed: object) -> Document:
    """Empty lists and a photo beside what it knows; the photo of somebody without one is a data URL."""
    return {"schemas": [USER], **known(name), "photos": [], "groups": []} | changed


def patch(*operations: Document) -> Document:
    return {"schemas": [PATCH_OP], "Operations": list(operations)}


def one_each(verb: str, *names: str) -> Document:
    return patch(*({"op": verb, "path": "members", "value": [{"value": f"<{name}>"}]} for name in names))


def test_authentik(idp):
    config = idp.scim.get("/ServiceProviderConfig")
    assert (config.status, config.body["patch"], config.body["filter"]["supported"]) == (200, {"supported": True}, True)
    for name in ("ada", "bob"):
        idp.say(
            "POST /Users", body(name), named=name, status=201, answer=user(name, **known(name)),
            people={ADDRESSES[name]: f"{name.title()} Example in DEV"},
        )  # fmt: skip
    # A provider that was set up anew finds what it made before.
    idp.say("POST /Users", body("ada"), status=409, answer=error(409, "uniqueness"))
    idp.say("GET /Users?filter=userName+eq+%22ada%22", status=200, answer=page(user("ada", **known("ada"))))
    for version, changed, what in (
        (2, {"displayName": "Ada Lovelace"}, "Ada Lovelace in DEV"),
        (3, {"displayName": "Ada Lovelace", "active": False}, "Ada Lovelace, deactivated"),
        (4, {"displayName": "Ada Lovelace", "active": True}, "Ada Lovelace in DEV"),
    ):
        idp.say(
            "PUT /Users/<ada>", body("ada", id="<ada>", **changed),
            status=200, answer=user("ada", version, **known("ada", **changed)), people={ADDRESSES["ada"]: what},
        )  # fmt: skip
    engineers = {"displayName": "Engineers", "externalId": "authentik-engineers"}
    idp.say(
        "POST /Groups", {"schemas": [GROUP], **engineers}, named="engineers",
        status=201, answer=group("engineers", **engineers), groups={"Engineers": set()},
    )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>", one_each("add", "ada", "bob"),
        status=204, groups={"Engineers": set(ADDRESSES.values())},
    )  # fmt: skip
    idp.say("POST /Groups", {"schemas": [GROUP], **engineers}, status=409, answer=error(409, "uniqueness"))
    idp.say(
        "GET /Groups?filter=displayName+eq+%22Engineers%22",
        status=200, answer=page(group("engineers", 2, members=["ada", "bob"], **engineers)),
    )  # fmt: skip
    builders = engineers | {"displayName": "Builders"}
    idp.say(
        "PATCH /Groups/<engineers>",
        patch({"op": "replace", "value": {"schemas": [GROUP], "id": "<engineers>", **builders}}),
        status=204, notes=["id repeated in a change", "Ignored the schemas in a change"],
        groups={"Engineers": None, "Builders": set(ADDRESSES.values())},
    )  # fmt: skip
    idp.say("GET /Groups/<engineers>", status=200, answer=group("engineers", 3, members=["ada", "bob"], **builders))
    idp.say(
        "PATCH /Groups/<engineers>", one_each("remove", "ada"),
        status=204, notes=["members removed by value"], groups={"Builders": {ADDRESSES["bob"]}},
    )  # fmt: skip
    idp.say("GET /Groups/<engineers>", status=200, answer=group("engineers", 4, members=["bob"], **builders))
    # Somebody who was deleted is taken out of the group only afterwards.
    idp.say(
        "DELETE /Users/<bob>", status=204,
        people={ADDRESSES["bob"]: "Bob Example, deactivated"}, groups={"Builders": set()},
    )  # fmt: skip
    idp.say("PATCH /Groups/<engineers>", one_each("remove", "bob"), status=204, notes=["members removed by value"])
    idp.say("DELETE /Users/<bob>", status=404, answer=error(404))
    idp.say("PATCH /Groups/<engineers>", one_each("add", "ada"), status=204, groups={"Builders": {ADDRESSES["ada"]}})
    shown = known("ada", displayName="Ada Lovelace", groups=[membership("engineers", "Builders")])
    idp.say("GET /Users/<ada>", status=200, answer=user("ada", 4, **shown))
    idp.say("DELETE /Groups/<engineers>", status=204, groups={"Builders": None})
