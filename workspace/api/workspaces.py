"""The workspace of the token, and its environments."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from workspace.actions.environments import MOST_LETTERS, add_environment, change_environment
from workspace.api.core.calls import Call
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.fields import Answer, Choice, Input, Text
from workspace.api.core.operations import operation
from workspace.api.core.paging import Page, PageQuery, page
from workspace.models import Environment, Workspace

_ID = "019ac4f2-7c1e-7b3a-9d55-2f1f0a6f1c11"
_TIME = "2026-11-27T14:05:09.120000Z"


class WorkspaceAnswer(Answer):
    """The workspace of the token."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField(help_text="As URLs contain it.")
    created_at = serializers.DateTimeField()

    example = {"id": _ID, "name": "Acme", "slug": "acme", "created_at": _TIME}


class EnvironmentAnswer(Answer):
    """A stage of the workspace, such as DEV, TEST or PROD."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    slug = serializers.CharField(help_text="As URLs contain it. It never changes.")
    kind = serializers.ChoiceField(Environment.Kind.choices)
    colour = serializers.ChoiceField(Environment.Colour.choices)
    created_at = serializers.DateTimeField()

    example = {
        "id": _ID, "name": "Staging", "slug": "staging", "kind": "test", "colour": "violet", "created_at": _TIME,
    }  # fmt: skip


class NewEnvironment(Input):
    """An environment to add."""

    name = Text(max_length=MOST_LETTERS)
    slug = Text(max_length=MOST_LETTERS, required=False, help_text="Made of the name if it is left out.")
    kind = Choice(Environment.Kind.choices)
    colour = Choice(Environment.Colour.choices, default=Environment.Colour.GREY)

    example = {"name": "Staging", "slug": "staging", "kind": "test", "colour": "violet"}


class EnvironmentChange(Input):
    """What is to be different. What is left out stays."""

    name = Text(max_length=MOST_LETTERS, required=False)
    kind = Choice(Environment.Kind.choices, required=False)
    colour = Choice(Environment.Colour.choices, required=False)

    example = {"name": "Staging 2", "colour": "pink"}


class TheWorkspace(Endpoint):
    """The workspace of the token."""

    noun = "workspace"

    @operation("Read the workspace", gives=WorkspaceAnswer)
    def get(self, call: Call) -> Workspace:
        return call.workspace


class Environments(Endpoint):
    """The environments that the token is for."""

    noun = "workspace"

    @operation("List environments", asks=PageQuery, lists=EnvironmentAnswer)
    def get(self, call: Call, asked: dict[str, Any]) -> Page:
        return page(call.environments(), asked)

    @operation("Create an environment", takes=NewEnvironment, gives=EnvironmentAnswer, status=201, is_everywhere=True)
    def post(self, call: Call, given: dict[str, Any]) -> Environment:
        return add_environment(workspace=call.workspace, **{"slug": "", **given}, by=call.by)


class OneEnvironment(Endpoint):
    """One environment."""

    noun, thing, key = "workspace", EnvironmentAnswer, "environment"

    def find(self, call: Call) -> "QuerySet[Environment]":
        return call.environments().select_related("workspace")

    @operation("Read an environment", gives=EnvironmentAnswer)
    def get(self, call: Call, environment: Environment) -> Environment:
        return environment

    @operation("Change an environment", takes=EnvironmentChange, gives=EnvironmentAnswer)
    def patch(self, call: Call, environment: Environment, given: dict[str, Any]) -> Environment:
        wanted = {"name": environment.name, "kind": environment.kind, "colour": environment.colour, **given}
        change_environment(environment=environment, **wanted, by=call.by)
        return call.environments().get(pk=environment.pk)
