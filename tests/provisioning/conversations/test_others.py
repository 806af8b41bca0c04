"""What further clients do differently: schemas left out, lower case, blanks as +, slashes, all kinds of $ref."""

from tests.provisioning.conversations.play import Document, error, group, page, user

ADDRESSES = {name: f"{name}@example.com" for name in ("ada", "bob")}
BY_REF = "members named by their $ref alone"
WITHOUT = ["schemas left out"]
WITHOUT_EMAILS = [*WITHOUT, "emails left out: userName is taken for the address"]
LOWER_CASE = [*WITHOUT, "Operations sent as operations"]


def known(name: str) -> Document:
    return {"userName": ADDRESSES[name], "displayName": name.title(), "active": True}


def operations(*sent: Document) -> Document:
    return {"operations": list(sent)}


def test_others(idp):
    idp.content_type = "application/json"
    idp.say("GET /Users/", status=200, answer=page())
    for name in ("ada", "bob"):
        idp.say(
            "POST /Users/", known(name), named=name, status=201, answer=user(name, **known(name)), notes=WITHOUT_EMAILS,
            people={ADDRESSES[name]: f"{name.title()} in DEV"},
        )  # fmt: skip
    idp.say(
        "GET /Users/?filter=userName+eq+%22ada@example.com%22", status=200, answer=page(user("ada", **known("ada")))
    )
    idp.say(
        "PATCH /Users/<ada>/", operations({"op": "replace", "path": "displayName", "value": "Ada L."}),
        status=200, answer=user("ada", 2, **known("ada") | {"displayName": "Ada L."}), notes=LOWER_CASE,
        people={ADDRESSES["ada"]: "Ada L. in DEV"},
    )  # fmt: skip
    for version, is_active, what in ((3, False, "Ada L., deactivated"), (4, True, "Ada L. in DEV")):
        idp.say(
            "PATCH /Users/<ada>/", operations({"op": "replace", "path": "active", "value": is_active}),
            status=200, answer=user("ada", version, **known("ada") | {"displayName": "Ada L.", "active": is_active}),
            notes=LOWER_CASE, people={ADDRESSES["ada"]: what},
        )  # fmt: skip
    idp.say(
        "POST /Groups/", {"displayName": "Engineers", "members": [{"$ref": "<base>/Users/<ada>"}]}, named="engineers",
        status=201, answer=group("engineers", members=["ada"], displayName="Engineers"),
        notes=[*WITHOUT, BY_REF],
        groups={"Engineers": {ADDRESSES["ada"]}},
    )  # fmt: skip
    for entry, notes in (
        ({"$ref": "../Users/<bob>"}, [BY_REF]), ({"$ref": "Users/<bob>/"}, [BY_REF]),
        ({"value": "<bob>", "$ref": "/Users/<bob>"}, []),
    ):  # fmt: skip
        idp.say(
            "PATCH /Groups/<engineers>/", operations({"op": "add", "path": "members", "value": [entry]}),
            status=204, notes=[*LOWER_CASE, *notes], groups={"Engineers": set(ADDRESSES.values())},
        )  # fmt: skip
        idp.say(
            "PATCH /Groups/<engineers>/", operations({"op": "remove", "path": "members", "value": [entry]}),
            status=204, notes=[*LOWER_CASE, *notes, "members removed by value"],
            groups={"Engineers": {ADDRESSES["ada"]}},
        )  # fmt: skip
    idp.say(
        "PATCH /Groups/<engineers>/", operations({"op": "replace", "path": "displayName", "value": "Builders"}),
        status=204, notes=LOWER_CASE, groups={"Engineers": None, "Builders": {ADDRESSES["ada"]}},
    )  # fmt: skip
    idp.say("DELETE /Groups/<engineers>/", status=204, groups={"Builders": None})
    idp.say("DELETE /Users/<bob>/", status=204, people={ADDRESSES["bob"]: "Bob, deactivated"})
    idp.say("DELETE /Users/<bob>/", status=404, answer=error(404))
