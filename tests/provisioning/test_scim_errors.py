"""C1, C7, R7: every refusal is a SCIM error, and changes nothing."""

import json

import pytest
from django.db import DatabaseError, IntegrityError, OperationalError, connections
from django.test import Client

from provisioning.actions.records import users
from provisioning.models import ProvisionedGroup, ProvisionedUser, ScimRequest
from provisioning.scim import request_log
from tests.scim import okta_user
from workspace.models import ChangeEvent, EndUser

pytestmark = pytest.mark.django_db


def is_error(answer, status, scim_type=None):
    body = answer.body
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/scim+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
    assert (body["status"], body.get("scimType"), bool(body["detail"])) == (str(status), scim_type, True)
    return True


def test_c1_outside_the_views(client):
    for path in ("/scim/", "/scim/x/v2/Users", "/scim/01a2099e-8adc-7840-80c7-920880ceb065/v1/Users"):
        response = client.get(path)
        assert response.status_code == 404
        assert json.loads(response.content)["status"] == "404"


def test_no_answer_varies_by_cookie(scim):
    """Neither a resource nor a refusal depends on a session, so caches and clients need not look at cookies."""
    user = scim.post("/Users", okta_user()).body["id"]
    answers = [
        scim.get("/Users", Cookie="sessionid=somebody"), scim.get(f"/Users/{user}"), scim.get("/Nope"),
        scim.get("/Users", Authorization="Bearer wrong"), scim.call("DELETE", f"/Users/{user}"),
    ]  # fmt: skip
    assert [answer.headers.get("Vary") for answer in answers] == [None] * len(answers)


def test_other_pages_are_left_alone(client):
    assert client.get("/nope").headers["Content-Type"].startswith("text/html")


def test_c1_paths_and_methods(scim):
    assert is_error(scim.get("/Nope"), 404)
    assert is_error(scim.call("POST", "/Nope/nope", {}), 404)
    assert is_error(scim.post("/Users/x", okta_user()), 405)
    assert is_error(scim.put("/Users", okta_user()), 405)
    assert is_error(scim.delete("/Groups"), 405)
    assert is_error(scim.post("/Schemas", {}), 405)
    assert is_error(scim.get("/Users/.search"), 405)
    assert is_error(scim.post("/", {}), 405)
    assert is_error(scim.post("/Me", {}), 501)


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("/users", "/Users"), ("//Users", "/Users"), ("///USERS", "/Users"), ("/users/x", "/Users"),
        ("/Users//x", "/Users"), ("/groups", "/Groups"), ("//Groups/x", "/Groups"), ("/schemas/x", "/Schemas"),
        ("/resourcetypes", "/ResourceTypes"), ("/serviceProviderConfig", "/ServiceProviderConfig"),
        ("/bulk", "/Bulk"), ("/me", "/Me"), ("//.search", "/.search"),
    ],
)  # fmt: skip
def test_a_path_in_other_letters_or_with_more_slashes_names_the_right_one(scim, path, meant):
    for method in ("GET", "POST", "PATCH"):
        answer = scim.call(method, path, {})
        assert is_error(answer, 404)
        assert f"Send {meant} after the Base URL" in answer.body["detail"]
    for other in ("/Nope", "/Groups/x/y", "/usersx"):
        assert "Send" not in scim.get(other).body["detail"]


def test_a_slash_at_the_end(scim):
    pk = scim.call("POST", "/Users/", okta_user()).body["id"]
    assert scim.get(f"/Users/{pk}/").body["id"] == pk
    assert scim.get("/Users/").body["totalResults"] == 1


def test_c7_bodies(scim):
    assert is_error(scim.post("/Users", b"{"), 400, "invalidSyntax")
    assert is_error(scim.post("/Users", b""), 400, "invalidSyntax")
    assert is_error(scim.post("/Users", b'{"a": "' + b"x" * 1024 * 1024 + b'"}'), 413)
    assert is_error(scim.post("/Users", b'{"a": "' + b"x" * 3 * 1024 * 1024 + b'"}'), 413)
    assert is_error(scim.post("/Users", okta_user(), **{"Content-Type": "text/plain"}), 415)
    assert is_error(scim.post("/Users", okta_user(), Content_Encoding="gzip"), 415)
    assert is_error(scim.post("/Users", {}), 400, "invalidValue")
    assert is_error(scim.post("/Users", okta_user(userName={})), 400, "invalidValue")
    assert is_error(scim.post("/Users", okta_user(active="nonsense")), 400, "invalidValue")
    assert is_error(scim.patch("/Users/" + scim.user()), 400, "invalidSyntax")
    assert EndUser.objects.count() == 1


def test_c6_filters(scim):
    for text in ("nonsense", "userName eq", 'colour eq "blue"'):
        assert is_error(scim.get(f"/Users?filter={text}"), 400, "invalidFilter")
        assert is_error(scim.post("/Groups/.search", {"filter": text}), 400, "invalidFilter")


def test_c8_all_or_nothing(scim):
    pk = scim.user()
    before = scim.get(f"/Users/{pk}").content
    count = ChangeEvent.objects.count()
    operations = [{"op": "replace", "path": "displayName", "value": "X"}, {"op": "remove", "path": "userName"}]
    assert is_error(scim.patch(f"/Users/{pk}", *operations), 400, "mutability")
    assert scim.get(f"/Users/{pk}").content == before
    assert ChangeEvent.objects.count() == count


@pytest.mark.parametrize(("failure", "status"), [(IntegrityError, 409), (OperationalError, 503), (RuntimeError, 500)])
def test_c1_failures_below(scim, monkeypatch, failure, status):
    def fail(*args, **kwargs):
        EndUser.objects.update(full_name="half way")
        raise failure("secret detail")

    scim.user()
    monkeypatch.setattr(users, "rows_of_new_user", lambda user, by: [])
    monkeypatch.setattr(users, "_save_emails", fail)
    answer = scim.post("/Users", okta_user("bob"))
    assert is_error(answer, status, "uniqueness" if status == 409 else None)
    assert "secret" not in str(answer.body)
    assert answer.headers.get("Retry-After") == ("5" if status == 503 else None)
    assert EndUser.objects.get().full_name == "Ada Example"
    if status == 500:
        assert answer.headers["X-Request-ID"] in answer.body["detail"]


def test_c1_the_database_is_away_before_the_view(scim, monkeypatch):
    def fail(*args, **options):
        raise OperationalError

    monkeypatch.setattr("provisioning.tokens.find", fail)
    assert is_error(scim.get("/Users"), 503)


def test_every_answer_has_the_same_headers_of_safety(scim):
    """Middleware of pages does not run, so these are set for all."""
    user = scim.post("/Users", okta_user())
    answers = [user, scim.get("/Users"), scim.get("/Nope"), scim.call("DELETE", f"/Users/{user.body['id']}")]
    answers += [scim.get("/Users", Authorization="Bearer x"), scim.get("/Users", Host="evil.example")]
    for answer in answers:
        assert answer.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Request-ID"]
        assert "Vary" not in answer.headers
        assert "Set-Cookie" not in answer.headers


def test_the_log(scim):
    answer = scim.post("/Users?x=1", okta_user(active="True"))
    row = ScimRequest.objects.get()
    assert (row.method, row.path, row.query, row.status) == ("POST", f"{scim.base}/Users", "x=1", 201)
    assert row.connection == scim.connection
    assert (row.connection_name, row.environment_id) == ("Okta Dev", scim.connection.environment.pk)
    assert row.request_id == answer.headers["X-Request-ID"]
    assert row.notes == ["active sent as text"]
    assert "1mz050nq" not in row.request_body
    assert json.loads(row.response_body) == answer.body
    assert (row.address, row.error, row.duration_ms > 0) == ("127.0.0.1", "", True)
    scim.post("/Users", okta_user())
    assert "already has a user" in ScimRequest.objects.latest("at").error


@pytest.fixture
def failing_log(monkeypatch):
    def fail(*values, **named):
        raise DatabaseError

    monkeypatch.setattr(request_log, "_values", fail)


def test_a_read_is_answered_although_the_log_fails(scim, failing_log):
    assert scim.get("/Users").status == 200


def test_a_change_that_cannot_be_logged_is_not_made(scim, failing_log):
    assert scim.post("/Users", okta_user()).status == 500
    assert not ProvisionedUser.objects.exists()
    assert not EndUser.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_change_that_is_refused_at_its_commit_is_logged_once_as_refused(scim, monkeypatch):
    def fail(self):
        raise OperationalError("database is locked")

    monkeypatch.setattr(type(connections["default"]), "_commit", fail)
    answer = scim.post("/Groups", {"displayName": "Support"})
    monkeypatch.undo()
    assert answer.status == 503
    assert not ProvisionedGroup.objects.exists()
    assert [row.status for row in ScimRequest.objects.all()] == [503]


def test_c1_cookies_are_not_read(scim, client: Client):
    client.cookies["sessionid"] = "x" * 32
    response = client.get(f"{scim.base}/Users", headers={"Authorization": f"Bearer {scim.token}"})
    assert response.status_code == 200
    assert not response.cookies
