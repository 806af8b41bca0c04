"""What holds for every operation: tokens, scopes, other workspaces, bodies, keys and versions."""

from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from django.test import Client
from rest_framework import serializers

from tests.management_api.operations import client, operations, program, token, told
from tests.matrix import world
from workspace import scopes
from workspace.models import ChangeEvent, IdempotentRequest

OPERATIONS = operations()


@pytest.fixture(scope="module")
def places(django_db_setup, django_db_blocker):
    """Two workspaces, the ids of their things, and a program of the first one. They take longer than all tests."""
    with django_db_blocker.unblock(), transaction.atomic():
        (acme, things), (_, foreign) = (world.make(slug) for slug in ("acme", "globex"))
        key, clear = token(acme.workspace)
        yield SimpleNamespace(things=things, foreign=foreign, token=key, clear=clear, workspace=acme.workspace)
        transaction.set_rollback(True)


@pytest.fixture
def api(places, db):
    """The same with a client of the program, which may do everything."""
    places.program = client(places.clear)
    return places


def problem(response, status: int, code: str = "") -> dict:
    """The problem that an answer is."""
    assert response.status_code == status, response.content.decode()
    assert response["Content-Type"] == "application/problem+json"
    content = response.json()
    assert content["status"] == status and content["request_id"] == response["X-Request-ID"]
    assert content["detail"] and (not code or content["code"] == code), content
    return content


def test_without_a_live_token_nothing_is_told(api):
    for op in OPERATIONS:
        problem(op.call(Client(), api.things), 401, "no_token")
        answer = op.call(Client(headers={"Authorization": "Bearer api_abcdefghij_wrong"}), api.things)
        problem(answer, 401, "invalid_token")
        assert answer["WWW-Authenticate"].startswith("Bearer")


def test_without_the_scope_the_answer_names_it(api):
    for noun in {op.view.noun for op in OPERATIONS}:
        others = program(api.workspace, *(each for each in scopes.ALL if not each.startswith(f"{noun}:")))
        reader = program(api.workspace, f"{noun}:read")
        for op in (each for each in OPERATIONS if each.view.noun == noun):
            for caller in [others, reader] if op.is_change else [others]:
                answer = op.call(caller, api.things)
                assert problem(answer, 403, "missing_scope")["scope"] == op.scope, op
                assert f'scope="{op.scope}"' in answer["WWW-Authenticate"]


def test_what_another_workspace_has_is_as_absent_as_what_nobody_has(api):
    for op in OPERATIONS:
        for name in op.route.parameters:
            key = f"api.{name}" if f"api.{name}" in api.things else name
            theirs, none = (
                op.call(api.program, api.things | {key: pk}) for pk in (UUID(str(api.foreign[key])), uuid4())
            )
            problem(theirs, 404, "not_found")
            assert told(theirs) == told(none), op


def test_an_unknown_field_or_parameter_is_refused_by_its_name(api):
    for op in OPERATIONS:
        answer = problem(op.call(api.program, api.things, query="?no_such=1"), 400, "invalid")
        named = {each["parameter"]: each["code"] for each in answer["errors"]}
        assert named.pop("no_such") == "unknown_field" and {*named.values()} <= {"required"}, op
        if op.is_change:
            answer = problem(op.call(api.program, api.things, {**op.body, "no_such": 1}), 400, "invalid")
            assert {each["pointer"]: each["code"] for each in answer["errors"]} == {"/no_such": "unknown_field"}, op


def test_a_value_of_the_wrong_type_is_refused_by_its_name(api):
    for op in OPERATIONS:
        for name, field in op.fields.items():
            is_structure = isinstance(field, serializers.BaseSerializer | serializers.ListField)
            for wrong in ["a text" if is_structure else 7, None, {"a": 1} if not is_structure else 7]:
                if wrong is None and field.allow_null:
                    continue
                answer = problem(op.call(api.program, api.things, {**op.body, name: wrong}), 400, "invalid")
                assert f"/{name}" in {each["pointer"] for each in answer["errors"]}, (str(op), wrong)


def test_a_key_that_was_sent_with_another_request_is_refused(api):
    IdempotentRequest.objects.create(token=api.token, key="mine", fingerprint="of another request")
    events = ChangeEvent.objects.count()
    for op in OPERATIONS:
        if op.method == "post":
            answer = op.call(api.program, api.things, **{"Idempotency-Key": "mine"})
            problem(answer, 422, "idempotency_key_reused")
    assert ChangeEvent.objects.count() == events


def test_another_version_than_the_one_expected_is_not_changed(api):
    events = ChangeEvent.objects.count()
    conditional = [op for op in OPERATIONS if op.is_change and op.view.thing]
    assert conditional
    for op in conditional:
        problem(op.call(api.program, api.things, **{"If-Match": '"of before"'}), 412, "changed_since")
    assert ChangeEvent.objects.count() == events


def test_every_list_refuses_a_cursor_that_it_did_not_give_and_a_limit_out_of_range(api):
    for op in OPERATIONS:
        if op.described.lists:
            for wrong in ("?cursor=x", "?cursor=%00", "?limit=0", "?limit=201", "?limit=a", "?limit=1&limit=2"):
                problem(op.call(api.program, api.things, query=wrong), 400, "invalid")


def test_every_operation_has_a_name_of_its_own_and_an_example():
    names = [op.described.name for op in OPERATIONS]
    assert len({*names}) == len(names)
    for op in OPERATIONS:
        for kind in (op.described.takes, op.described.gives, op.described.lists):
            assert kind is None or kind.example, (str(op), kind)
