"""A SCIM client for tests, and the bodies that identity providers send (scim.md "Clients")."""

import json
from dataclasses import dataclass
from typing import Any

from django.test import Client

from authentication.models import EnvironmentProvider, IdentityProvider
from provisioning.actions.tokens import issue_token
from provisioning.models import ProvisioningConnection
from workspace.events import SYSTEM
from workspace.models import EndUserGroup, Environment, Workspace

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
SEARCH = "urn:ietf:params:scim:api:messages:2.0:SearchRequest"


def make_connection(slug: str = "acme", name: str = "Okta Dev", environment: str = "DEV") -> ProvisioningConnection:
    """A connection that is switched on, in an environment of the workspace; both are made where they are missing."""
    workspace, _ = Workspace.objects.get_or_create(slug=slug, defaults={"name": slug.title()})
    place, is_new = Environment.objects.get_or_create(
        workspace=workspace, slug=environment.lower(), defaults={"name": environment, "kind": "dev"}
    )
    if is_new:
        EndUserGroup.objects.create(environment=place, name="Everyone", is_everyone=True)
    provider = IdentityProvider.objects.create(workspace=workspace, name=name)
    use = EnvironmentProvider.objects.create(
        environment=place, identity_provider=provider, method=EnvironmentProvider.Method.SCIM, is_method_chosen=True
    )
    return ProvisioningConnection.objects.create(environment_provider=use, is_enabled=True)


@dataclass
class Answer:
    """Status, headers and JSON of a response."""

    status: int
    headers: Any
    body: Any
    content: bytes


class Scim:
    """Calls a connection's endpoints with its token."""

    def __init__(self, connection: ProvisioningConnection, token: str = "") -> None:
        self.connection = connection
        self.token = token or issue_token(connection=connection, by=SYSTEM)
        self.base = f"/scim/{connection.pk}/v2"
        self.client = Client(raise_request_exception=False)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body` is sent as JSON, bytes as they are."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {
            "Authorization": f"Bearer {self.token}",
            **{name.replace("_", "-"): text for name, text in headers.items()},
        }
        kind = sent.pop("Content-Type", "application/scim+json")
        response = self.client.generic(method, self.base + path, content, content_type=kind, headers=sent)
        parsed = json.loads(response.content) if response.content else None
        return Answer(response.status_code, response.headers, parsed, response.content)

    def get(self, path: str, **headers: str) -> Answer:
        return self.call("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Answer:
        return self.call("PUT", path, body, **headers)

    def patch(self, path: str, *operations: dict[str, Any], **headers: str) -> Answer:
        return self.call("PATCH", path, {"schemas": [PATCH_OP], "Operations": list(operations)}, **headers)

    def delete(self, path: str, **headers: str) -> Answer:
        return self.call("DELETE", path, **headers)

    def user(self, name: str = "ada", **fields: Any) -> str:
        """The id of a new user."""
        answer = self.post("/Users", okta_user(name, **fields))
        assert answer.status == 201, answer.body
        return answer.body["id"]

    def group(self, name: str = "Engineers", members: list[str] | None = None) -> str:
        """The id of a new group."""
        answer = self.post("/Groups", okta_group(name, members))
        assert answer.status == 201, answer.body
        return answer.body["id"]


def okta_user(name: str = "ada", **fields: Any) -> dict[str, Any]:
    return {
        "schemas": [USER],
        "userName": f"{name}@example.com",
        "name": {"givenName": name.title(), "familyName": "Example"},
        "emails": [{"primary": True, "value": f"{name}@example.com", "type": "work"}],
        "displayName": f"{name.title()} Example",
        "locale": "en-US",
        "externalId": f"00u{name}",
        "groups": [],
        "password": "1mz050nq",
        "active": True,
    } | fields


def okta_group(name: str = "Engineers", members: list[str] | None = None) -> dict[str, Any]:
    return {"schemas": [GROUP], "displayName": name, "members": [{"value": pk, "display": ""} for pk in members or []]}


def entra_user(name: str = "ada", **fields: Any) -> dict[str, Any]:
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"entra-{name}",
        "userName": f"{name}@example.com",
        "active": "True",
        "displayName": f"{name.title()} Example",
        "nickName": None,
        "emails": [{"primary": True, "type": "work", "value": f"{name}@example.com"}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": f"{name.title()} Example", "familyName": "Example", "givenName": name.title()},
        "roles": [],
        ENTERPRISE: {"department": "Analysis", "manager": None},
    } | fields


def entra_group(name: str = "Engineers") -> dict[str, Any]:
    return {
        "schemas": [GROUP, "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
        "externalId": f"entra-{name}",
        "displayName": name,
        "meta": {"resourceType": "Group"},
    }
