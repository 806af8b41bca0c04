"""C1, C16: who may call, and what they are told."""

import copy
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.db.models import Model
from django.utils import timezone

from provisioning import tokens
from provisioning.actions.tokens import issue_token, reveal_token, revoke_token
from provisioning.models import ProvisioningConnection, ScimRequest, ScimToken
from provisioning.payload.resources import ACCESS
from tests.scim import USER, Scim
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, User
from workspace.refusals import ActionError

pytestmark = pytest.mark.django_db


def refused(answer):
    assert answer.status == 401
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.body["status"] == "401"
    return answer.body["detail"]


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic abc", "Bearer x", "Bearer scim_aaaaaaaaaa_x", "Bearer ü", "Bearer " + "_" * 9000,
     "Bearer \0", "Bearer scim_\0_x", "Bearer \0_\0"],
)  # fmt: skip
def test_c1_wrong_credentials(scim, header):
    refused(scim.call("POST", "/Users?filter=x", b"a body", Authorization=header))
    (kept,) = ScimRequest.objects.all()
    assert (kept.connection, kept.status) == (scim.connection, 401)
    assert not kept.query and not kept.request_body and not kept.response_body


def test_refusals_fill_the_log_with_one_row_a_minute_at_most(scim, other):
    for _ in range(5):
        refused(scim.get("/Users", Authorization="Bearer wrong"))
    refused(other.get("/Users", Authorization="Bearer wrong"))
    assert [kept.connection for kept in ScimRequest.objects.order_by("id")] == [scim.connection, other.connection]


def test_c1_the_right_prefix_is_not_enough(scim):
    refused(scim.get("/Users", Authorization=f"Bearer {scim.token[:-1]}x"))


def test_c1_scheme_in_any_case(scim):
    assert scim.get("/Users", Authorization=f"bearer {scim.token}").status == 200


def test_c1_token_of_another_connection(scim, other):
    refused(scim.get("/Users", Authorization=f"Bearer {other.token}"))
    assert ScimRequest.objects.get().connection == scim.connection


def test_c1_every_wrong_credential_gets_the_same_answer(scim, other):
    """Nobody learns that a token is valid, or was, for another connection."""
    theirs = other.connection.tokens.get()
    headers = ["", "Basic abc", "Bearer x", f"Bearer {other.token}", f"Bearer {other.token[:-1]}x", "Bearer \0"]
    answers = [scim.get("/Users", Authorization=header) for header in headers]
    revoke_token(token=theirs, by=SYSTEM)
    answers.append(scim.get("/Users", Authorization=f"Bearer {other.token}"))
    assert {refused(answer) for answer in answers} == {answers[0].body["detail"]}
    assert len({answer.content for answer in answers}) == 1


def test_c1_every_path_asks_for_a_token(scim):
    for path in ("", "/", "/Users", "/Nope", "/Schemas", "/ServiceProviderConfig", "/Me", "/Bulk", "/.search"):
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            if path or method == "GET":
                answer = scim.call(method, path or "/", Authorization="Bearer x")
                assert answer.status == 401, (method, path)


def test_c1_a_console_session_is_no_credential(scim):
    scim.client.force_login(User.objects.create_superuser("root@example.com"))
    refused(scim.get("/Users", Authorization=""))


def test_c1_expired_and_revoked_tokens(scim):
    token = ScimToken.objects.get()
    token.expires_at = timezone.now() - timedelta(seconds=1)
    token.save()
    refused(scim.get("/Users"))
    token.expires_at = timezone.now() + timedelta(hours=1)
    token.save()
    assert scim.get("/Users").status == 200
    revoke_token(token=token, by=SYSTEM)
    refused(scim.get("/Users"))


def test_c1_switched_off(scim):
    scim.connection.is_enabled = False
    scim.connection.save()
    answer = scim.get("/Users")
    assert (answer.status, answer.body["status"]) == (403, "403")
    assert ScimRequest.objects.get().status == 403


def test_use_is_remembered_once_a_minute(scim, django_assert_num_queries):
    scim.get("/Users")
    token = ScimToken.objects.get()
    assert token.last_used_at
    assert timezone.now() - token.last_used_at < timedelta(seconds=10)
    assert token.last_used_from == "127.0.0.1"
    scim.get("/Users")
    assert ScimToken.objects.get().last_used_at == token.last_used_at


def test_one_query_authenticates(scim, django_assert_num_queries):
    scim.get("/Schemas")
    with django_assert_num_queries(2):  # the token with all above it, and the row of the log
        scim.get("/Schemas")


def test_two_tokens_at_most(scim):
    second = issue_token(connection=scim.connection, by=SYSTEM)
    assert Scim(scim.connection, second).get("/Users").status == scim.get("/Users").status == 200
    with pytest.raises(ActionError, match="Revoke"):
        issue_token(connection=scim.connection, by=SYSTEM)
    revoke_token(token=scim.connection.tokens.last(), by=SYSTEM)
    issue_token(connection=scim.connection, by=SYSTEM)


def test_revealing(scim, settings):
    token = ScimToken.objects.get()
    assert reveal_token(token=token, by=SYSTEM) == scim.token
    assert ChangeEvent.objects.filter(action="scim_token.revealed").count() == 1
    settings.REVEAL_TOKENS = False
    with pytest.raises(ActionError):
        reveal_token(token=token, by=SYSTEM)
    issue_token(connection=scim.connection, by=SYSTEM)
    assert ScimToken.objects.latest("created_at").sealed == ""


def test_c16_nothing_keeps_the_clear_text(scim):
    refusal = scim.post("/Users?x=" + scim.token, {"displayName": scim.token, "token": scim.token})
    assert refusal.status == 400
    secret = scim.token.split("_", 2)[2]
    for model in (ScimToken, ScimRequest, ChangeEvent):
        assert secret not in str(list(model.objects.values()))
    assert ScimToken.objects.get().masked == f"{scim.token[:15]}_{'•' * 12}{scim.token[-4:]}"


def test_tokens_are_long_and_different(scim):
    clear = {tokens.draw(scim.connection)[1] for _ in range(50)}
    assert len(clear) == 50
    assert all(len(text.split("_", 2)[2]) == 43 for text in clear)


def test_requests_change_nothing_of_what_they_share(scim):
    def state(row):
        related = [each for each in row._state.fields_cache.values() if isinstance(each, Model)]
        own = {field.attname: copy.deepcopy(vars(row).get(field.attname)) for field in row._meta.concrete_fields}
        return [type(row), own, *(state(each) for each in related if type(each) is not ProvisioningConnection)]

    user = scim.user()
    scim.group("Sales", [user])
    (shared,) = tokens._with_connection.shared(tokens.prefix_of(scim.token))
    before = state(shared), state(shared.connection)
    urls = (
        f"/Users/{user}",
        "/Users",
        "/Groups",
        "/Users?cursor=",
        "/Schemas",
        "/ServiceProviderConfig",
        "/Users/x",
        "/x",
    )
    for url in (*urls, f"/Users?attributes={quote(ACCESS)}", '/Users?filter=userName eq "ada"'):
        scim.get(url)
    (again,) = tokens._with_connection.shared(tokens.prefix_of(scim.token))
    assert again is shared
    assert (state(shared), state(shared.connection)) == before
    # Whoever takes a lock reads this setting anew.
    shared.connection.name_from = "as it was"
    before = state(shared), state(shared.connection)
    new = scim.user("bob")
    linked = scim.post("/Users", {"schemas": [USER], "userName": "new@example.com", "emails": [{"value": "x"}]})
    scim.patch(f"/Users/{new}", {"op": "replace", "path": "active", "value": False})
    scim.patch(f"/Users/{new}", {"op": "replace", "path": "displayName", "value": "Bob"})
    scim.put(f"/Users/{new}", {"schemas": [USER], "userName": "bobby@example.com"})
    group = scim.group("Support")
    scim.patch(f"/Groups/{group}", {"op": "add", "path": "members", "value": [{"value": new}]})
    scim.delete(f"/Groups/{group}")
    operations = [{"method": "DELETE", "path": f"/Users/{new}"}]
    bulk = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    done = scim.post("/Bulk", {"schemas": [bulk], "Operations": operations})
    assert (linked.status, done.body["Operations"][0]["status"]) == (201, "204")
    (again,) = tokens._with_connection.shared(tokens.prefix_of(scim.token))
    assert again is shared
    assert (state(shared), state(shared.connection)) == before
