"""Every operation of the API, and how to call it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.test import Client
from django.urls import get_resolver
from django.utils import timezone
from rest_framework import serializers

from tests.matrix.routes import Route
from tests.matrix.routes import routes as all_routes
from workspace import scopes
from workspace.actions.api_tokens import issue_api_token
from workspace.api.core.endpoints import Endpoint
from workspace.api.core.operations import Operation
from workspace.events import SYSTEM
from workspace.models import ApiToken, Workspace


@dataclass(frozen=True)
class Op:
    """One operation: its route, its HTTP method and what the endpoint says of it."""

    route: Route
    method: str
    view: type[Endpoint]
    described: Operation

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.route.shown}"

    @property
    def scope(self) -> str:
        return f"{self.view.noun}:{self.described.level}"

    @property
    def is_change(self) -> bool:
        return self.method != "get"

    @property
    def body(self) -> dict[str, Any]:
        return dict(self.described.takes.example) if self.described.takes else {}

    @cached_property
    def fields(self) -> dict[str, serializers.Field]:
        return self.described.takes().fields if self.described.takes else {}

    def call(self, client: Client, things: Mapping[str, object], body: object = None, query: str = "", **headers: str):
        """Call it with its own example of a body, or with another one."""
        address = self.route.address(things) + query
        if not self.is_change:
            return client.get(address, headers=headers)
        content = self.body if body is None else body
        return getattr(client, self.method)(address, content, content_type="application/json", headers=headers)


def _endpoints() -> Iterator[tuple[Route, type[Endpoint]]]:
    found = {str(pattern): view for pattern, view in _views(get_resolver().url_patterns)}
    for route in all_routes():
        if (view := found.get(route.pattern)) is not None:
            yield route, view


def _views(patterns: list, above: str = "") -> Iterator[tuple[str, type[Endpoint]]]:
    for each in patterns:
        path = above + str(each.pattern)
        if hasattr(each, "url_patterns"):
            yield from _views(each.url_patterns, path)
        elif isinstance(view := getattr(each.callback, "view_class", None), type) and issubclass(view, Endpoint):
            yield path, view


def operations() -> list[Op]:
    """Return all operations, in the order of their paths."""
    return [
        Op(route, method, view, getattr(view, method).operation)
        for route, view in _endpoints()
        for method in ("get", "post", "patch", "delete")
        if hasattr(view, method)
    ]


def token(workspace: Workspace, *names: str, environments: list | None = None) -> tuple[ApiToken, str]:
    """A token with these scopes; with all of them if none is named."""
    return issue_api_token(
        workspace=workspace,
        name="Program",
        scopes=names or scopes.ALL,
        environments=environments,
        expires_at=None,
        by=SYSTEM,
        now=timezone.now(),
    )


def client(clear: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {clear}"})


def program(workspace: Workspace, *names: str, environments: list | None = None) -> Client:
    """A program with a token of these scopes; of all if none is named."""
    return client(token(workspace, *names, environments=environments)[1])


def told(response) -> tuple[int, str]:
    """What an answer tells, without the id of the request."""
    return response.status_code, re.sub(r'"request_id": "[^"]*"', "", response.content.decode())
