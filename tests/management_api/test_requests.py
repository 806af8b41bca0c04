"""Requests: what a body may be, what a repeated one does, how many there may be, and what every answer has."""

import json
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.utils import timezone

from tests.management_api.conftest import Program, errors_of
from tests.management_api.operations import client, token
from tests.workspace.races import at_once
from workspace.actions.api_tokens import revoke_api_token
from workspace.actions.workspaces import remove_workspace
from workspace.api.core import idempotency
from workspace.crypto import unseal
from workspace.events import SYSTEM
from workspace.jobs import forget_answers
from workspace.models import ApiToken, EndUser, IdempotentRequest

GROUP = "/environments"
NEW = {"name": "Staging", "kind": "test"}


def raw(program: Program, content: bytes, kind: str = "application/json", **headers: str):
    return program.client.post("/api/v1/environments", content, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"[]", b'"a"', b"null", b"NaN", b'{"name": NaN}', b'{"name": Infinity}', b'{"name": 1e999}',
        b'{"name": "a", "name": "b"}', b'{"x": {"a": 1, "a": 2}}', b'\xff\xfe{}', b'{"name": ' + b"1" * 30 + b"}",
        b"[" * 5000, b'{"a":' * 30 + b"1" + b"}" * 30, b"\xef\xbb\xbf{}",
    ],
    ids=lambda content: content[:20].decode(errors="replace"),
)  # fmt: skip
def test_what_is_no_strict_json_object_is_malformed(program, content):
    answer = raw(program, content)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "\udc00a"])
def test_a_text_that_cannot_be_stored_is_named(program, text):
    for body, pointer in (({**NEW, "name": text}, "/name"), ({**NEW, "x/y": [{"z": text}]}, "/x~1y/0/z")):
        answer = raw(program, json.dumps(body).encode())
        assert (answer.status_code, errors_of(answer)) == (400, {pointer: "unstorable"})


def test_other_forms_than_plain_json_and_large_bodies_are_refused(program):
    assert raw(program, b"a=1", "application/x-www-form-urlencoded").status_code == 415
    assert raw(program, json.dumps(NEW).encode(), "application/merge-patch+json").status_code == 415
    assert raw(program, b"{}", **{"Content-Encoding": "gzip"}).status_code == 415
    answer = raw(program, b'{"name": "' + b"a" * (2 * 1024 * 1024) + b'"}')
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert program.get("/workspace", Accept="text/html").status_code == 406
    assert program.get("/workspace", Accept="text/html, */*;q=0.1").status_code == 200


def test_what_is_nowhere_or_not_offered_is_a_problem_too(program):
    for path in ("", "/", "/nothing", "/workspace/", "/end-users/no-id", "/end-users/%00"):
        answer = program.get(path)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json"), path
    answer = program.client.put("/api/v1/workspace")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert program.client.options("/api/v1/workspace").status_code == 405
    assert program.client.get("/api/v1/workspace", headers={"Host": "evil.example"}).status_code == 400


def test_an_error_of_ours_tells_the_id_of_its_request(program, monkeypatch):
    def fail(*_: object) -> None:
        raise failures.pop()

    failures = [OperationalError("gone"), ZeroDivisionError("secret")]
    monkeypatch.setattr("workspace.api.core.endpoints._json", fail)
    program.client.raise_request_exception = False
    for status in (500, 503):
        answer = program.get("/workspace")
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
        assert answer.json()["request_id"] == answer["X-Request-ID"] and "secret" not in answer.content.decode()
    assert answer["Retry-After"] == "5"


def test_answers_have_no_cookie_and_need_no_session(program, django_assert_max_num_queries):
    program.get("/workspace")
    program.client.cookies["sessionid"] = "abc"
    with django_assert_max_num_queries(1):
        answer = program.get("/workspace")
    assert not answer.cookies and "Cookie" not in answer.get("Vary", "")
    assert answer["Cache-Control"] == "no-store" and answer["Content-Security-Policy"].startswith("default-src 'none'")


class TestTokens:
    def test_one_that_ended_or_whose_workspace_is_removed_is_refused(self, acme, program):
        _, other = token(acme.workspace)
        assert client(other).get("/api/v1/workspace").status_code == 200
        revoke_api_token(token=program.token, by=SYSTEM, now=timezone.now())
        assert program.get("/workspace").json()["code"] == "invalid_token"
        ApiToken.objects.exclude(pk=program.token.pk).update(expires_at=timezone.now())
        assert client(other).get("/api/v1/workspace").status_code == 401
        ApiToken.objects.update(expires_at=None)
        remove_workspace(workspace=acme.workspace, by=SYSTEM, now=timezone.now())
        assert client(other).get("/api/v1/workspace").status_code == 401

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic abc", "Bearer a\0b", "Bearer api_x_\u00e9"])
    def test_what_is_none_is_refused(self, acme, header):
        assert Client(headers={"Authorization": header}).get("/api/v1/workspace").status_code == 401

    def test_the_last_use_is_noted_once_a_minute(self, program):
        program.get("/workspace")
        used = ApiToken.objects.get(pk=program.token.pk)
        assert (used.last_used_from, timezone.now() - used.last_used_at < timedelta(minutes=1)) == ("127.0.0.1", True)

    def test_each_has_a_rate_of_its_own(self, acme, program, settings):
        settings.API_REQUESTS_PER_SECOND = 0.1
        assert program.get("/workspace")["RateLimit-Remaining"] == "0"
        answer = program.get("/workspace")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_requests")
        assert 1 <= int(answer["Retry-After"]) <= 10 and answer["RateLimit-Limit"] == "1"
        assert Program(*token(acme.workspace)).get("/workspace").status_code == 200


class TestRepeatedRequests:
    def test_the_answer_is_the_same_and_the_change_is_made_once(self, acme, program):
        answers = [program.post(GROUP, NEW, **{"Idempotency-Key": "k"}) for _ in range(2)]
        assert answers[0].content == answers[1].content and [each.status_code for each in answers] == [201, 201]
        assert answers[1]["Idempotency-Replayed"] == "true" and answers[1]["Location"] == answers[0]["Location"]
        assert acme.workspace.environments.filter(name="Staging").count() == 1

    def test_another_token_has_keys_of_its_own(self, acme, program):
        program.post(GROUP, NEW, **{"Idempotency-Key": "k"})
        other = Program(*token(acme.workspace))
        assert other.post(GROUP, {**NEW, "name": "Two"}, **{"Idempotency-Key": "k"}).status_code == 201

    def test_another_path_with_the_same_body_is_refused(self, acme, program):
        for act, status in (("deactivate", 200), ("reactivate", 422)):
            assert program.post(f"/end-users/{acme.ada.pk}/{act}", **{"Idempotency-Key": "k"}).status_code == status

    def test_an_error_is_not_kept(self, program):
        assert program.post(GROUP, {**NEW, "slug": "account"}, **{"Idempotency-Key": "k"}).status_code == 422
        assert program.post(GROUP, NEW, **{"Idempotency-Key": "k"}).status_code == 201

    def test_answers_are_sealed_and_kept_for_a_day(self, program):
        program.post(GROUP, NEW, **{"Idempotency-Key": "k"})
        row = IdempotentRequest.objects.get()
        assert "Staging" not in row.sealed_answer and "Staging" in unseal(row.sealed_answer)
        IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=24, seconds=1))
        again = program.post(GROUP, NEW, **{"Idempotency-Key": "k"})
        assert (again.status_code, again.json()["code"]) == (409, "name_taken")
        assert forget_answers(timezone.now()) == "1 answer deleted."

    @pytest.mark.parametrize("key", ["a" * 256, "a\tb", "é\u0085"])
    def test_a_key_that_cannot_be_kept_is_refused(self, program, key):
        assert program.post(GROUP, NEW, **{"Idempotency-Key": key}).json()["code"] == "wrong_idempotency_key"


@pytest.mark.django_db(transaction=True)
def test_of_equal_requests_at_once_one_makes_the_change(acme, program):
    def send() -> None:
        answer = Program(program.token, program.clear).post(
            "/end-users", {"full_name": "Twin", "email": "twin@example.com"}, **{"Idempotency-Key": "k"}
        )
        answers.append((answer.status_code, answer.json()["id"]))

    answers: list[tuple[int, str]] = []
    assert at_once(send, send, send) == ["done"] * 3
    assert EndUser.objects.filter(email_key="twin@example.com").count() == 1
    assert {status for status, _ in answers} == {201} and len({pk for _, pk in answers}) == 1


def test_the_loser_of_a_race_gets_the_answer_of_the_winner(acme, program, monkeypatch):
    """A request that looked before the other one was stored meets its row when it stores its own."""
    first = program.post(GROUP, NEW, **{"Idempotency-Key": "k"})
    looked, known = [], idempotency._known
    monkeypatch.setattr(idempotency, "_known", lambda *given: known(*given) if looked else looked.append(True))
    second = program.post(GROUP, NEW, **{"Idempotency-Key": "k"})
    assert looked and second.content == first.content
    assert connection.is_usable()
