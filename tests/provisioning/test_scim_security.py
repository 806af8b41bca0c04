"""security.md C1–C16, where no other module holds the clause: through HTTP, and looking at the whole database."""

import json
import logging
from typing import Any

import pytest
from django.db import connection as database

from provisioning.actions.connection_settings import set_strict
from provisioning.models import ProvisionedUser, ScimRequest
from tests.factories import PASSWORD
from tests.provisioning.refusals import UNKNOWN, dump, is_refused, person, switch
from tests.scim import USER, Answer, Scim, make_connection, okta_group, okta_user
from workspace.actions.end_users import set_password
from workspace.events import SYSTEM
from workspace.models import EndUser

pytestmark = pytest.mark.django_db


# C1


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "HEAD", "BREW", "get", "PROPFIND"])
@pytest.mark.parametrize("path", ["/Users", f"/Users/{UNKNOWN}", "/Groups", "/Schemas", "/ServiceProviderConfig"])
def test_c1_no_method_gets_a_page_of_the_framework(scim, method, path):
    answer = scim.call(method, path)
    assert answer.status in {200, 404, 405}
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.status == 200 or not answer.content or is_refused(answer, answer.status)


@pytest.mark.parametrize(
    "path", ["/Users/%00", "/Users/%FF", "/Users/..%2f..", "/%2e%2e/Users", "/Users/" + "x" * 9000]
)
def test_c1_paths_that_are_none(scim, path):
    assert is_refused(scim.get(path), 404)


@pytest.mark.parametrize(
    "query", ["filter=%FF", "filter=%00", "startIndex=%00", "attributes=%FF%00", "x=" + "y" * 9000]
)
def test_c1_queries_that_are_none(scim, query):
    answer = scim.get(f"/Users?{query}")
    assert answer.status in {200, 400}
    assert answer.status == 200 or is_refused(answer, 400, answer.body["scimType"])


def test_c1_too_many_parameters(scim):
    assert is_refused(scim.get("/Users?" + "a=1&" * 5000), 400, "invalidSyntax")


def test_c1_another_host(scim):
    response = scim.client.get(f"{scim.base}/Users", headers={"Authorization": f"Bearer {scim.token}", "Host": "evil"})
    assert is_refused(Answer(response.status_code, response.headers, response.json(), response.content), 400)


def test_c1_a_failure_while_the_token_is_checked_lets_nobody_in(scim, monkeypatch):
    def fail(*args: Any) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("provisioning.tokens.find", fail)
    before = dump()
    answer = scim.post("/Users", okta_user())
    assert is_refused(answer, 500)
    assert "secret" not in answer.body["detail"]
    assert dump() == before


def test_c1_nothing_but_the_authorization_header_is_looked_at(scim):
    for path in (f"/Users?access_token={scim.token}", f"/Users?token={scim.token}"):
        assert is_refused(scim.get(path, Authorization=""), 401)
    assert is_refused(scim.get("/Users", Authorization="", X_Api_Key=scim.token), 401)
    assert is_refused(scim.get("/Users", Authorization=f"Token {scim.token}"), 401)


# C2


def test_c2_a_foreign_id_is_as_unknown_in_every_place_that_takes_one(scim, other):
    theirs, group = other.user("bob"), other.group("Theirs")
    ours = scim.group("Ours")
    for kind, pk in (("Users", theirs), ("Groups", group)):
        unlike = [scim.get(f"/{kind}/{each}?attributes=id", If_None_Match="*") for each in (pk, UNKNOWN)]
        assert unlike[0].content == unlike[1].content
        unlike = [scim.delete(f"/{kind}/{each}", If_Match="*") for each in (pk, UNKNOWN)]
        assert unlike[0].content == unlike[1].content
    for text in ('id eq "{}"', 'groups.value eq "{}"', 'not (id ne "{}")', 'id eq "{}" or userName eq "x"'):
        found = [
            scim.post("/Users/.search", {"filter": text.format(each)}).content for each in (theirs, group, UNKNOWN)
        ]
        assert len(set(found)) == 1
    members = {"op": "add", "path": "members", "value": [{"value": theirs}]}
    refusals = [scim.patch(f"/Groups/{ours}", members | {"value": [{"value": each}]}) for each in (theirs, UNKNOWN)]
    assert refusals[0].body["detail"].replace(theirs, UNKNOWN) == refusals[1].body["detail"]


# C3


def test_c3_an_external_id_is_no_key(scim):
    ada = scim.user()
    group = scim.group(members=[ada])
    assert is_refused(scim.get("/Users/00uada"), 404)
    assert is_refused(scim.patch("/Users/00uada", switch(False)), 404)
    assert is_refused(
        scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": "00uada"}]}),
        400, "invalidValue",
    )  # fmt: skip
    assert scim.patch(f"/Groups/{group}", {"op": "remove", "path": 'members[value eq "00uada"]'}).status == 204
    assert scim.get(f"/Groups/{group}").body["members"][0]["value"] == ada


def test_c3_an_external_id_joins_nobody_across_connections(scim):
    second = Scim(make_connection(name="Entra Dev"))
    scim.user()
    second.user("bob", externalId="00uada")
    assert EndUser.objects.count() == 2


@pytest.mark.parametrize("text", ["../../x", "' OR 1=1 --", "😀", " a ", "%", UNKNOWN, "00UADA", "{}", "null"])
def test_c3_an_external_id_is_opaque_text(scim, text):
    scim.user()
    pk = scim.user("bob", externalId=text)
    assert scim.get(f"/Users/{pk}").body["externalId"] == text
    found = scim.post("/Users/.search", {"filter": f"externalId eq {json.dumps(text)}"}).body
    assert [user["id"] for user in found["Resources"]] == [pk]
    assert scim.post("/Users", okta_user("cleo", externalId=text)).status == 201


# C4

SERVERS = {"id": UNKNOWN, "meta": {"created": "yesterday", "version": 5}, "groups": [{"value": "x"}], "schemas": [USER]}
OURS = {
    "pk": 1, "end_user": 1, "end_user_id": 1, "connection": 1, "connection_id": UNKNOWN, "version": 9, "folded": {},
    "is_active": False, "is_staff": True, "is_superuser": True, "workspace": "globex", "document": {}, "__class__": 1,
    "isActive": False, "user_name": "x", "role": "owner", "accesses": [1], "source_kind": "manual",
}  # fmt: skip


@pytest.mark.parametrize("extra", [SERVERS, {"ID": 5, "Meta": [], "$ref": "x"}, OURS])
def test_c4_what_the_server_says_and_what_nobody_knows_is_ignored_in_bodies(scim, extra):
    created = scim.post("/Users", okta_user() | extra)
    assert created.status == 201, created.body
    pk = created.body["id"]
    assert pk != UNKNOWN
    replaced = scim.put(f"/Users/{pk}", okta_user() | extra)
    assert (replaced.status, replaced.body) == (200, created.body)
    group = scim.post("/Groups", okta_group() | {key: value for key, value in extra.items() if key != "groups"})
    assert (group.status, group.body["displayName"]) == (201, "Engineers")
    row = ProvisionedUser.objects.get()
    assert (str(row.pk), row.version, row.connection, row.is_active) == (pk, 1, scim.connection, True)
    assert set(row.document) == {"userName", "name", "emails", "displayName", "locale", "externalId", "active"}


@pytest.mark.parametrize("path", ["id", "meta", "meta.created", "groups", 'groups[value eq "x"]', "groups.value", "ID"])
@pytest.mark.parametrize("verb", ["add", "replace", "remove"])
def test_c4_a_patch_of_what_the_server_says_is_refused(scim, verb, path):
    pk = scim.user()
    before = dump()
    assert is_refused(scim.patch(f"/Users/{pk}", {"op": verb, "path": path, "value": "x"}), 400, "mutability")
    assert dump() == before


@pytest.mark.parametrize("name", OURS)
def test_c4_a_patch_sets_nothing_by_name(scim, name):
    pk = scim.user()
    before = dump()
    for operation in ({"path": name, "value": OURS[name]}, {"value": {name: OURS[name]}}):
        assert scim.patch(f"/Users/{pk}", {"op": "replace", **operation}).status in {200, 400}
    assert dump() == before


def test_c4_passwords_are_not_taken(scim):
    pk = scim.user(password="from the identity provider")
    set_password(end_user=person(), password=PASSWORD, by=SYSTEM)
    before = person().password
    for operation in ({"path": "password", "value": "another"}, {"value": {"Password": "another"}}):
        assert scim.patch(f"/Users/{pk}", {"op": "replace", **operation}).status == 200
    assert scim.patch(f"/Users/{pk}", {"op": "remove", "path": "password"}).status == 200
    scim.put(f"/Users/{pk}", okta_user(password="another"))
    assert person().password == before
    assert "password" not in ProvisionedUser.objects.get().document
    assert scim.get('/Users?filter=password eq "another"').body["scimType"] == "invalidFilter"


# C13

SAME = [
    ("ada@example.com", "ADA@EXAMPLE.COM"), ("ada@example.com", "ａda@example.com"), ("straße", "STRASSE"),
    ("ﬁn", "FIN"),    ("é", "e\u0301"), ("Ω", "ω"), ("Å", "Å"), ("ς", "Σ"), ("x", " x "), ("Ⅷ", "viii"),
]  # fmt: skip
DIFFERENT = [("ada", "adа"), ("i", "ı"), ("é", "e"), ("a_b", "axb"), ("a%", "ab"), ("10", "１0x"), ("İ", "I")]


def user_named(name: str, number: int) -> dict[str, Any]:
    address = f"person{number}@example.com"
    return {"userName": name, "externalId": str(number), "emails": [{"value": address}]}


@pytest.mark.parametrize(("first", "second"), SAME)
def test_c13_names_that_look_alike_are_one_name(scim, first, second):
    assert scim.post("/Users", user_named(first, 1)).status == 201
    assert is_refused(scim.post("/Users", user_named(second, 2)), 409, "uniqueness")
    assert scim.post("/Users/.search", {"filter": f"userName eq {json.dumps(second)}"}).body["totalResults"] == 1
    assert scim.post("/Groups", {"displayName": first}).status == 201
    assert is_refused(scim.post("/Groups", {"displayName": second}), 409, "uniqueness")
    assert EndUser.objects.count() == 1


@pytest.mark.parametrize(("first", "second"), DIFFERENT)
def test_c13_names_that_differ_are_two(scim, first, second):
    assert [scim.post("/Users", user_named(name, n)).status for n, name in enumerate((first, second))] == [201, 201]
    assert scim.post("/Users/.search", {"filter": f"userName eq {json.dumps(second)}"}).body["totalResults"] == 1
    assert [scim.post("/Groups", {"displayName": name}).status for name in (first, second)] == [201, 201]


# C15


@pytest.fixture
def crowd(scim) -> list[str]:
    """The ids of 205 users, made in no alphabetical order."""
    workspace = scim.connection.environment.workspace
    people = EndUser.objects.bulk_create(
        EndUser(workspace=workspace, full_name="x", email=f"{n * 7 % 205}@x", email_key=f"{n * 7 % 205}@x")
        for n in range(205)
    )
    users = ProvisionedUser.objects.bulk_create(
        ProvisionedUser(connection=scim.connection, end_user=one, user_name=one.email, user_name_key=one.email,
                        document={"userName": one.email}, folded={"username": one.email})
        for one in people
    )  # fmt: skip
    return [str(user.pk) for user in users]


def test_c15_a_page_has_two_hundred_at_most_and_pages_make_the_whole(scim, crowd):
    for asked in ("count=201", "count=100000", "count=200"):
        page = scim.get(f"/Users?{asked}").body
        assert (page["totalResults"], page["itemsPerPage"]) == (205, 200)
    found = [
        user["id"]
        for start in range(1, 206, 50)
        for user in scim.get(f"/Users?startIndex={start}&count=50").body["Resources"]
    ]
    assert found == crowd
    scim.patch(f"/Users/{crowd[3]}", {"op": "add", "path": "emails", "value": [{"value": "first@example.com"}]})
    assert [user["id"] for user in scim.get("/Users?count=200").body["Resources"]] == crowd[:200]


@pytest.mark.parametrize("path", ["/Users", "/Groups", "/.search"])
def test_c15_numbers_below_the_least_mean_the_least(scim, path):
    scim.user()
    scim.group()

    def answer(**asked: int) -> dict[str, Any]:
        if path == "/.search":
            return scim.post(path, asked).body
        return scim.get(f"{path}?{'&'.join(f'{name}={value}' for name, value in asked.items())}").body

    assert answer(startIndex=0) == answer(startIndex=-9) == answer(startIndex=1) == answer()
    nothing = answer(count=-1)
    assert nothing == answer(count=0)
    assert (nothing["Resources"], nothing["totalResults"]) == ([], answer()["totalResults"])


# C16


def test_c16_a_token_is_in_clear_nowhere(scim, caplog, django_db_blocker):
    caplog.set_level(logging.DEBUG)
    secret = scim.token.split("_", 2)[2]
    pk = scim.user(nickName=scim.token)
    answers = [
        scim.get(f"/Users?filter=userName eq {json.dumps(scim.token)}"),
        scim.get(f"/Users/{scim.token}"),
        scim.get(f"/{scim.token}"),
        scim.post("/Users", {"displayName": scim.token}),
        scim.patch(f"/Users/{pk}", {"op": "replace", "path": scim.token, "value": scim.token}),
        scim.get(f"/Users?startIndex={scim.token}"),
        scim.get("/Users", Authorization=f"Bearer {scim.token}x"),
        scim.get("/Users", Authorization=scim.token),
    ]
    assert {answer.status for answer in answers} == {200, 400, 401, 404}
    for answer in answers:
        assert secret not in str(answer.headers)
        assert answer.status < 400 or secret not in answer.content.decode()
    assert secret not in caplog.text
    kept = [row for table, rows in whole_database().items() for row in rows if secret in row]
    # Where a client says its token is a nickname, it is one; that is data, and never a token of ours by itself.
    assert {row.partition("nickName")[1] for row in kept} <= {"nickName"}


def test_c16_no_note_and_no_refusal_tells_a_token(scim):
    pk = scim.user()
    secret = scim.token.split("_", 2)[2]
    for operation in (
        {"op": "replace", "path": scim.token, "value": "x"},
        {"op": "replace", "path": f"{scim.token} {scim.token}", "value": "x"},
        {"op": "replace", "path": "profileUrl", "value": scim.token},
        {"op": "replace", "value": {scim.token: 1, "profileUrl": f"x/{scim.token}"}},
    ):
        for is_strict in (False, True):
            set_strict(connection=scim.connection, is_strict=is_strict, by=SYSTEM)
            answer = scim.patch(f"/Users/{pk}", operation)
            row = ScimRequest.objects.latest("id")
            assert (answer.status < 400) == bool(row.notes)
            assert secret not in f"{row.notes} {row.error}"
            assert answer.status < 400 or secret not in answer.content.decode()


def whole_database() -> dict[str, list[str]]:
    """Every row of every table, the logs too."""
    tables = {}
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")  # noqa: S608 - names of our tables
            tables[table] = [str(row) for row in cursor.fetchall()]
    return tables


def test_c16_a_token_that_worked_is_not_in_a_dump_of_the_database(scim):
    scim.post("/Users", okta_user())
    scim.get("/Users")
    secret = scim.token.split("_", 2)[2]
    assert ScimRequest.objects.count() == 2
    assert [table for table, rows in whole_database().items() if any(secret in row for row in rows)] == []
