"""Sends SCIM requests of the demo's identity providers through the whole application, in this process."""

import json
from io import BytesIO
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

from provisioning.practice_idp.demo import Json
from provisioning.practice_idp.scim.bodies import GROUP, USER, patch
from provisioning.practice_idp.scim.client import CONTENT_TYPE


class Conversation:
    """An IdP's side of one connection. Refused requests raise nothing: the demo shows some of them."""

    def __init__(self, base_url: str, token: str) -> None:
        self._base_url, self._token = base_url, token
        # Calling the handler as a server does would send signals that close the database connection,
        # and the demo is made in one transaction. get_response runs the same middleware and views.
        self._handler = WSGIHandler()

    def send(self, method: str, path: str, body: Json | str | None = None) -> Json:
        """Send one request and return the body of the response. Text is sent as it is, so it may be invalid JSON."""
        text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
        response = self._handler.get_response(WSGIRequest(self._environ(method, path, text.encode())))
        content = response.getvalue()
        return json.loads(content) if content else {}

    def patch(self, path: str, *operations: Json) -> Json:
        return self.send("PATCH", path, patch(*operations))

    def _environ(self, method: str, path: str, body: bytes) -> dict[str, object]:
        """Return the WSGI environment of a request from this machine."""
        url = urlsplit(self._base_url + path)
        environ: dict[str, object] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": url.path,
            "QUERY_STRING": url.query,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": CONTENT_TYPE,
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_HOST": urlsplit(settings.ORIGIN).netloc,
            "HTTP_AUTHORIZATION": f"Bearer {self._token}",
            "wsgi.url_scheme": url.scheme,
            "wsgi.input": BytesIO(body),
        }
        setup_testing_defaults(environ)  # adds the other keys that WSGI requires
        return environ


def make_mistakes(conversation: Conversation, wrong_token: Conversation, existing: Json, group_id: str) -> None:
    """Send one request for each way in which an IdP can fail, so that the activity shows every remedy."""
    unknown = "00000000-0000-4000-8000-000000000000"
    conversation.send("POST", "/Users", existing)
    conversation.send("POST", "/Users", '{"userName": "half.a.body')
    conversation.send("POST", "/Users", {"schemas": [USER], "displayName": "No Name"})
    conversation.send("GET", f"/Users/{unknown}")
    conversation.send("GET", "/Users?filter=shoeSize+eq+%2242%22")
    conversation.patch(f"/Groups/{group_id}", {"op": "add", "path": "members", "value": [{"value": unknown}]})
    conversation.patch(f"/Groups/{group_id}", {"op": "replace", "path": "id", "value": unknown})
    conversation.send("POST", "/Groups", {"schemas": [GROUP], "displayName": " "})
    wrong_token.send("GET", "/Users?startIndex=1&count=2")
