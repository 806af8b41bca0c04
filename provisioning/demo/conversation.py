"""What the demo's identity providers say: real SCIM requests through the whole application, in this process."""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


class Conversation:
    """An IdP's side of one connection."""

    def __init__(self, base_url: str, token: str) -> None:
        self._path = urlsplit(base_url).path
        self._client = Client(
            headers={"authorization": f"Bearer {token}", "host": urlsplit(settings.ORIGIN).netloc},
            raise_request_exception=False,
        )

    def say(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send one request; the answer's body. Text is sent as it is, to be able to say it wrongly."""
        data = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        response = self._client.generic(
            method, self._path + path, data, "application/scim+json", secure=settings.ORIGIN.startswith("https:")
        )
        return json.loads(response.content) if response.content else {}

    def create_user(self, user: dict[str, Any]) -> str:
        return self.say("POST", "/Users", user)["id"]

    def create_group(self, name: str, members: list[str]) -> str:
        body = {"schemas": [GROUP], "displayName": name, "members": []}
        group = self.say("POST", "/Groups", body)["id"]
        self.patch(f"/Groups/{group}", [{"op": "add", "path": "members", "value": [{"value": pk} for pk in members]}])
        return group

    def patch(self, path: str, operations: list[dict[str, Any]]) -> dict[str, Any]:
        return self.say("PATCH", path, {"schemas": [PATCH], "Operations": operations})


def okta_user(number: int, name: str, email: str) -> dict[str, Any]:
    """A new user as Okta sends it."""
    given, _, family = name.partition(" ")
    return {
        "schemas": [USER],
        "userName": email,
        "name": {"givenName": given, "familyName": family},
        "emails": [{"primary": True, "value": email, "type": "work"}],
        "displayName": name,
        "locale": "en-US",
        "externalId": f"00u{number:017d}",
        "groups": [],
        "active": True,
    }


def entra_user(number: int, name: str, email: str) -> dict[str, Any]:
    """A new user as Microsoft Entra ID sends it, with its `active` in text."""
    given, _, family = name.partition(" ")
    return {
        "schemas": [USER, ENTERPRISE],
        "externalId": f"entra-{number:06d}",
        "userName": email,
        "active": "True",
        "displayName": name,
        "emails": [{"primary": True, "type": "work", "value": email}],
        "meta": {"resourceType": "User"},
        "name": {"formatted": name, "familyName": family, "givenName": given},
        "roles": [],
        ENTERPRISE: {"department": "Operations"},
    }


def make_mistakes(conversation: Conversation, wrong: Conversation, known: dict[str, Any], group: str) -> None:
    """One failure of each kind that an IdP can cause, so that the activity shows each with its remedy."""
    nobody = "00000000-0000-4000-8000-000000000000"
    conversation.say("POST", "/Users", known)
    conversation.say("POST", "/Users", '{"userName": "half.a.body')
    conversation.say("POST", "/Users", {"schemas": [USER], "displayName": "No Name"})
    conversation.say("GET", f"/Users/{nobody}")
    conversation.say("GET", "/Users?filter=shoeSize+eq+%2242%22")
    conversation.patch(f"/Groups/{group}", [{"op": "add", "path": "members", "value": [{"value": nobody}]}])
    conversation.patch(f"/Groups/{group}", [{"op": "replace", "path": "id", "value": nobody}])
    conversation.say("POST", "/Groups", {"schemas": [GROUP], "displayName": " "})
    wrong.say("GET", "/Users?startIndex=1&count=2")
