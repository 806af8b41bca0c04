"""security.md C1–C16, where no other module holds the clause: through HTTP, and looking at the whole database."""

import json
import logging
from typing import Any

import pytest
from django.apps import apps
from django.db import connection as database
from django.db import transaction
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authentication.actions.passwords import request_password_reset
from authentication.models import EndUserSession, Visit
from provisioning.models import ProvisionedUser, ScimRequest
from provisioning.payload.body import MAX_BYTES
from tests import factories
from tests.authentication.end_users import environments, is_signed_in, provider, signed_in
from tests.factories import PASSWORD
from tests.scim import ENTERPRISE, GROUP, PATCH_OP, USER, Answer, Scim, make_connection, okta_group, okta_user
from workspace.actions.end_users import set_password
from workspace.events import SYSTEM
from workspace.models import Administrator, EndUser, Environment, User

pytestmark = pytest.mark.django_db
UNKNOWN = "01a2099e-8adc-7840-80c7-920880ceb065"
# Grows with every request, and with what the tests look at.
LOGS = {"provisioning_scimrequest", "django_session"}


def dump() -> dict[str, list[str]]:
    """Every row of every table but the logs, as text."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.db_table not in LOGS]
    return {model._meta.db_table: sorted(map(str, model._default_manager.values())) for model in models}


def is_refused(answer: Answer, status: int, scim_type: str | None = None) -> bool:
    """Whether the answer is a SCIM error of that status, with a sentence for whoever reads it."""
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/scim+json"), answer.content
    assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert answer.body["status"] == str(status)
    assert answer.body.get("scimType") == scim_type
    return bool(answer.body["detail"])


def switch(value: Any) -> dict[str, Any]:
    return {"op": "replace", "path": "active", "value": value}


def person() -> EndUser:
    return EndUser.objects.get(email="ada@example.com")


def has_access() -> bool:
    return person().is_active and person().accesses.exists()


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
    assert scim.post("/Users", okta_user("cleo", externalId=text)).status == 409


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


# C5


@pytest.fixture
def dev() -> Environment:
    return environments()[0]


@pytest.fixture
def okta(dev) -> Scim:
    """A connection of a provider that may enforce SSO in DEV."""
    use = provider(dev)
    token = factories.scim_token(use)
    return Scim(use.connection, token)


def test_c5_administrators_and_operators_are_out_of_reach(okta, dev):
    owner = factories.administrator(dev.workspace)
    operator = User.objects.create_superuser("operator@acme.example", PASSWORD)
    console = factories.sign_in(Client(), owner)
    before = sorted(map(str, [*User.objects.values(), *Administrator.objects.values()]))
    for name in (owner.user.email, operator.email):
        pk = okta.post("/Users", {"userName": name, "displayName": "Taken over"}).body["id"]
        okta.put(f"/Users/{pk}", {"userName": name, "displayName": "x", "emails": [{"value": "new@example.com"}]})
        okta.patch(f"/Users/{pk}", switch(False))
        assert okta.delete(f"/Users/{pk}").status == 204
    assert sorted(map(str, [*User.objects.values(), *Administrator.objects.values()])) == before
    assert console.get(f"/workspaces/{dev.workspace.slug}/", follow=True).status_code == 200


@pytest.mark.parametrize("address", ["ada@example.com", "new@example.com"])
def test_c5_an_address_from_an_identity_provider_never_feeds_a_password_reset(okta, dev, mailoutbox, address):
    pk = okta.user()
    set_password(end_user=person(), password=PASSWORD, by=SYSTEM)
    change = {"op": "replace", "path": 'emails[type eq "work"].value', "value": "new@example.com"}
    assert okta.patch(f"/Users/{pk}", change).status == 200
    request_password_reset(environment=dev, email=address, visit=Visit(), now=timezone.now())
    assert mailoutbox == []


# C6


def test_c6_a_filter_that_is_refused_reads_nothing(scim, django_assert_num_queries):
    scim.get("/Users")
    for text in ("(" * 11, "title pr or " * 20 + "title pr", "x" * 2_001, "nonsense"):
        with django_assert_num_queries(2):  # the token, and the row of the log
            assert is_refused(scim.post("/Users/.search", {"filter": text}), 400, "invalidFilter")


PATHS = ["(" * 11, '[type eq "x"' + ' or type eq "x"' * 20 + "]", "[" * 50_000, "x" * 900_000, "[type eq " * 50_000]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: f"{path[:12]}*{len(path)}")
def test_c6_the_path_of_a_patch_is_limited_like_a_filter(scim, path):
    pk = scim.user()
    before = dump()
    for name in ("emails", "nonsense", ""):
        operation = {"op": "replace", "path": name + path, "value": "x"}
        answer = scim.patch(f"/Users/{pk}", operation)
        assert is_refused(answer, 400, "invalidFilter")
        assert "Shorten" in answer.body["detail"] or "at most" in answer.body["detail"]
    assert dump() == before


# C7

BODIES = {
    "nothing": b"",
    "no object": b"[]",
    "text": b'"x"',
    "cut off": b'{"userName": "x',
    "more behind": b'{"userName": "x@example.com"} {}',
    "NaN": b'{"userName": "x@example.com", "a": NaN}',
    "Infinity": b'{"userName": "x@example.com", "a": -Infinity}',
    "a huge number": b'{"userName": "x@example.com", "a": 1e999}',
    "a long number": b'{"userName": "x@example.com", "a": ' + b"9" * 5000 + b"}",
    "twice": b'{"userName": "x@example.com", "userName": "y@example.com"}',
    "twice in other case": b'{"userName": "x@example.com", "USERNAME": "y@example.com"}',
    "twice within": b'{"userName": "x@example.com", "name": {"givenName": "a", "givenName": "b"}}',
    "NUL": b'{"userName": "x@example.com", "title": "a\\u0000b"}',
    "raw NUL": b'{"userName": "x@example.com", "title": "a\x00b"}',
    "NUL in a name": b'{"userName": "x@example.com", "a\\u0000": 1}',
    "half a pair": b'{"userName": "x@example.com", "title": "\\ud83d"}',
    "the other half": b'{"userName": "x@example.com", "title": "\\ude00\\ud83d"}',
    "UTF-16": '{"userName": "x@example.com"}'.encode("utf-16"),
    "Latin 1": '{"userName": "é@example.com"}'.encode("latin-1"),
    "overlong UTF-8": b'{"userName": "x@example.com", "title": "\xc0\xaf"}',
    "a BOM": '{"userName": "x@example.com"}'.encode("utf-8-sig"),
    "deep": b'{"userName": "x@example.com", "a": ' + b"[" * 21 + b"]" * 21 + b"}",
    "very deep": b'{"a":' * 10_000,
    "too long": b'{"userName": "x@example.com", "a": "' + b"x" * MAX_BYTES + b'"}',
    "much too long": b'{"userName": "x@example.com", "a": "' + b"x" * 4 * MAX_BYTES + b'"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_c7_a_body_that_is_none_changes_nothing_anywhere(scim, body):
    user = scim.user()
    group = scim.group(members=[user])
    before = dump()
    for method, path in (
        ("POST", "/Users"), ("PUT", f"/Users/{user}"), ("PATCH", f"/Users/{user}"), ("POST", "/Groups"),
        ("PUT", f"/Groups/{group}"), ("PATCH", f"/Groups/{group}"), ("POST", "/Users/.search"), ("POST", "/.search"),
    ):  # fmt: skip
        status = 413 if len(body) > MAX_BYTES else 400
        assert is_refused(scim.call(method, path, body), status, None if status == 413 else "invalidSyntax")
    assert dump() == before


@pytest.mark.parametrize(
    "headers",
    [{"Content_Type": "text/plain"}, {"Content_Type": "multipart/form-data; boundary=x"}, {"Content_Encoding": "gzip"},
     {"Content_Type": "application/x-www-form-urlencoded"}, {"Content_Encoding": "br"}],
)  # fmt: skip
def test_c7_a_body_of_another_kind_changes_nothing(scim, headers):
    user = scim.user()
    before = dump()
    for method, path in (("POST", "/Users"), ("PUT", f"/Users/{user}"), ("POST", "/Users/.search")):
        assert is_refused(scim.call(method, path, okta_user("bob"), **headers), 415)
    assert dump() == before


WRONG = [
    {"userName": {}}, {"userName": ""}, {"userName": " "}, {"userName": None}, {"userName": ["x", "y"]},
    {"userName": True},
    {"emails": [{"value": []}]}, {"emails": {"value": {"a": 1}}}, {"emails": [{"value": "no address"}]},
    {"emails": [{"value": "a@example.com", "primary": True}, {"value": "b@example.com", "primary": True}]},
    {"name": [1, 2]}, {"name": {"givenName": [1, 2]}}, {"active": "maybe"}, {"active": []}, {"active": {}},
    {"externalId": {"a": 1}}, {"displayName": ["a", "b"]}, {"roles": [{"primary": "x"}]},
    {"userName": "x" * 251}, {"externalId": "x" * 501}, {"displayName": "x" * 251},
]  # fmt: skip


@pytest.mark.parametrize("fields", WRONG, ids=lambda fields: json.dumps(fields)[:60])
def test_c7_values_of_another_type_change_nothing(scim, fields):
    user = scim.user()
    before = dump()
    for answer in (scim.post("/Users", okta_user("bob") | fields), scim.put(f"/Users/{user}", okta_user() | fields)):
        assert is_refused(answer, 400, "invalidValue")
    assert dump() == before


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["value", "type", "a"]), inner),
        max_leaves=6,
    ),
    st.sampled_from(
        ["userName", "name", "emails", "active", "roles", "x509Certificates", "photos", ENTERPRISE, "schemas"]
    ),
)
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_c7_no_value_makes_the_server_fail(scim, value, name):
    with transaction.atomic():
        user = scim.user()
        for answer in (
            scim.post("/Users", okta_user("bob") | {name: value}),
            scim.put(f"/Users/{user}", okta_user() | {name: value}),
            scim.patch(f"/Users/{user}", {"op": "add", "path": name, "value": value}),
            scim.patch(f"/Users/{user}", {"op": "replace", "value": {name: value}}),
        ):
            assert answer.status < 500, answer.body
            assert answer.status < 400 or is_refused(answer, answer.status, answer.body.get("scimType"))
        transaction.set_rollback(True)


# C8


def test_c8_the_last_of_many_operations_can_undo_them_all(scim):
    user = scim.user()
    group = scim.group(members=[user])
    before = dump()
    good = [{"op": "add", "path": "nickName", "value": str(n)} for n in range(99)]
    assert is_refused(scim.patch(f"/Users/{user}", *good, switch("perhaps")), 400, "invalidValue")
    assert is_refused(scim.patch(f"/Users/{user}", *good, *good), 413)
    leave = {"op": "remove", "path": "members"}
    enter = {"op": "add", "path": "members", "value": [{"value": UNKNOWN}]}
    rename = {"op": "replace", "path": "displayName", "value": "Builders"}
    assert is_refused(scim.patch(f"/Groups/{group}", rename, leave, enter), 400, "invalidValue")
    assert dump() == before
    assert scim.patch(f"/Users/{user}", *good, switch(False)).status == 200


def test_c8_members_are_counted_in_every_request(scim):
    group = scim.group()
    before = dump()
    many = [{"value": str(n)} for n in range(10_001)]
    operation = {"op": "add", "path": "members", "value": many}
    for method, path, body in (
        ("POST", "/Groups", {"schemas": [GROUP], "displayName": "B", "members": many}),
        ("PUT", f"/Groups/{group}", {"schemas": [GROUP], "displayName": "B", "members": many}),
        ("PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation]}),
        ("PATCH", f"/Groups/{group}", {"schemas": [PATCH_OP], "Operations": [operation | {"op": "remove"}]}),
    ):
        assert is_refused(scim.call(method, path, body), 413)
    assert dump() == before


# C9

OFF = [False, "False", "false", "FALSE", " false ", 0, "0"]
ON = [True, "True", "true", 1, "1"]
DOUBTFUL = ["no", "off", "inactive", "Falsch", 2, -1, 0.0, [], {}, [False, False], "null", "0.0"]
FORMS = {
    "a path": switch,
    "another case": lambda value: {"Op": "Replace", "PATH": "ACTIVE", "value": value},
    "the URN": lambda value: {"op": "add", "path": f"{USER}:active", "value": value},
    "no path": lambda value: {"op": "replace", "value": {"active": value}},
    "no path and the URN": lambda value: {"op": "replace", "value": {f"{USER}:active": value}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_c9_off_is_off_on_is_on_and_doubt_is_refused(scim, form):
    pk = scim.user()
    for off in OFF:
        assert scim.patch(f"/Users/{pk}", form(off)).status == 200
        assert not has_access()
        for doubtful in DOUBTFUL:
            assert is_refused(scim.patch(f"/Users/{pk}", form(doubtful)), 400, "invalidValue"), doubtful
        assert not has_access()
        for on in ON:
            assert scim.patch(f"/Users/{pk}", form(on)).status == 200
            assert has_access()
    for doubtful in DOUBTFUL:
        assert is_refused(scim.patch(f"/Users/{pk}", form(doubtful)), 400, "invalidValue"), doubtful
        assert is_refused(scim.put(f"/Users/{pk}", okta_user(active=doubtful)), 400, "invalidValue"), doubtful
    assert has_access()


# C11


@pytest.fixture
def ada(okta) -> str:
    """The SCIM id of somebody with a password."""
    pk = okta.user()
    set_password(end_user=person(), password=PASSWORD, by=SYSTEM)
    return pk


@pytest.mark.parametrize(
    ("method", "body"),
    [
        ("PATCH", {"Operations": [{"op": "Replace", "path": "active", "value": "False"}]}),
        ("PUT", okta_user(active=False)),
        ("DELETE", None),
    ],
)
def test_c11_deprovisioning_ends_every_session(okta, ada, dev, method, body):
    browsers = [signed_in(dev, person()) for _ in range(2)]
    assert okta.call(method, f"/Users/{ada}", body).status in {200, 204}
    assert not any(is_signed_in(browser, dev) for browser in browsers)
    if method != "DELETE":
        assert okta.patch(f"/Users/{ada}", switch(True)).status == 200
        assert not any(is_signed_in(browser, dev) for browser in browsers)


def test_c11_a_request_that_is_refused_ends_no_session(okta, ada, dev):
    browser = signed_in(dev, person())
    refused = okta.patch(f"/Users/{ada}", switch(False), {"op": "remove", "path": "userName"})
    assert is_refused(refused, 400, "mutability")
    assert is_signed_in(browser, dev)
    assert EndUserSession.objects.get().ended_at is None


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
        scim.post("/Users", {"userName": scim.token}),
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
