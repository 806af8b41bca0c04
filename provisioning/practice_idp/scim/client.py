"""Sends SCIM requests to one connection over HTTP, and keeps each request with its response."""

import http.client
import json
import time
from collections import deque
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from provisioning.practice_idp.demo import Json
from provisioning.practice_idp.scim.access import Access

KEPT_EXCHANGES = 200
MAX_SHOWN_CHARACTERS = 8_000
TIMEOUT_SECONDS = 30
CONTENT_TYPE = "application/scim+json"
NO_RESPONSE = "The service does not respond. Is `make run` still running?"
MEANINGS = {401: "The token is not accepted.", 403: "This is not allowed.", 404: "It is not there any more."}


class Refused(Exception):
    """The service refused a request, or did not respond (status 0); the message says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def ends_push(self) -> bool:
        """Whether every further request would fail in the same way."""
        return self.status in {0, 401, 403, 429, 503}


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, as the page shows them. The path starts after the Base URL."""

    method: str
    path: str
    body: str
    status: int
    response: str
    milliseconds: int


class Sender(Protocol):
    """Sends a SCIM request below a Base URL and returns the body of the response."""

    def send(self, method: str, path: str, body: Json | None = None) -> Json: ...


class Client:
    """Sends requests only to the console's own address, and follows no redirect."""

    def __init__(self, console: str, access: Access, exchanges: "deque[Exchange]") -> None:
        address = urlsplit(console)
        self.request_count = 0
        self._access, self._exchanges = access, exchanges
        self._http = http.client.HTTPConnection(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def send(self, method: str, path: str, body: Json | None = None) -> Json:
        """Send one request and return the body of the response; raise Refused."""
        self.request_count += 1
        text = "" if body is None else _as_text(body)
        started = time.monotonic()
        try:
            status, retry_after, response = self._send(method, path, text)
        except (OSError, http.client.HTTPException):
            self._keep(method, path, text, 0, "", started)
            raise Refused(0, NO_RESPONSE) from None
        data = _parsed(response)
        self._keep(method, path, text, status, response if data is None else _as_text(data), started)
        if status >= 300:
            raise Refused(status, _explanation(status, str((data or {}).get("detail", "")), retry_after))
        return data or {}

    def _send(self, method: str, path: str, text: str) -> tuple[int, str, str]:
        """Return the status, the header Retry-After and the body."""
        headers = {"Authorization": f"Bearer {self._access.token}", "Accept": CONTENT_TYPE}
        if text:
            headers["Content-Type"] = CONTENT_TYPE
        self._http.request(method, self._access.path + path, text.encode() or None, headers)
        response = self._http.getresponse()
        return response.status, response.headers.get("Retry-After", ""), response.read().decode("utf-8", "replace")

    def _keep(self, method: str, path: str, body: str, status: int, response: str, started: float) -> None:
        milliseconds = round((time.monotonic() - started) * 1000)
        shown_body, shown_response = body[:MAX_SHOWN_CHARACTERS], response[:MAX_SHOWN_CHARACTERS]
        self._exchanges.appendleft(Exchange(method, path, shown_body, status, shown_response, milliseconds))


def _explanation(status: int, detail: str, retry_after: str) -> str:
    detail = detail or f"The service responds with {status} and gives no reason."
    if status == 429:
        return f"Too many requests. {detail} Wait {retry_after or 'a few'} seconds, then push again."
    return f"{MEANINGS[status]} {detail}" if status in MEANINGS else detail


def _parsed(text: str) -> Json | None:
    """Return the JSON object in a text, if it is one."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _as_text(data: Json) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
