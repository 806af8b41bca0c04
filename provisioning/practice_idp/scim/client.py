"""Speaks SCIM with one connection of the demo over HTTP, and keeps what was said."""

import http.client
import json
import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

KEPT = 200
SECONDS = 30
MOST_TEXT = 8_000
MASK = "••••••"
NO_ANSWER = "The service does not answer. Is `make run` still running?"
_PATH = re.compile(r"/scim/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2")
_TOKEN = re.compile(r"[\x21-\x7e]{1,500}")


class Refused(Exception):
    """The service refused a request, or did not answer (status 0); says why in words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status

    @property
    def stops(self) -> bool:
        """Whether what was said holds for every further request too."""
        return self.status in {0, 401, 403, 429, 503}


class NotOurs(Exception):
    """Where requests must not go; says what to enter."""


@dataclass(frozen=True, slots=True)
class Access:
    """Base URL and token of a connection."""

    base_url: str
    token: str = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.base_url).path

    @property
    def masked(self) -> str:
        return f"scim_{MASK}" if self.token.startswith("scim_") else MASK


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as they are shown; the path is the one below the Base URL."""

    method: str
    path: str
    body: str
    status: int
    answer: str
    milliseconds: int


def access(base_url: str, token: str, *, console: str) -> Access:
    """Take what was pasted, if it is a connection of the demo's own console; raise NotOurs."""
    base_url, token = base_url.strip().rstrip("/"), token.strip()
    path = base_url.removeprefix(console)
    if path == base_url or not _PATH.fullmatch(path):
        raise NotOurs(f"Paste a Base URL of this console: it looks like {console}/scim/…/v2. No other is asked.")
    if not _TOKEN.fullmatch(token):
        raise NotOurs("Paste the SCIM token that is shown beside the Base URL.")
    return Access(base_url, token)


class Client:
    """Requests to one connection, always at the console's own address, with no redirect followed."""

    def __init__(self, console: str, access: Access, said: "deque[Exchange]") -> None:
        where = urlsplit(console)
        self._access, self._said = access, said
        self._http = http.client.HTTPConnection(where.hostname or "", where.port, timeout=SECONDS)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def say(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Send one request and return the answer's body; raise Refused."""
        text = "" if body is None else json.dumps(body, indent=2, ensure_ascii=False)
        begun = time.monotonic()
        try:
            status, wait, answer = self._send(method, path, text)
        except (OSError, http.client.HTTPException):
            self._keep(method, path, text, 0, "", begun)
            raise Refused(0, NO_ANSWER) from None
        data = _read(answer)
        self._keep(method, path, text, status, answer if data is None else _shown(data), begun)
        if status >= 300:
            raise Refused(status, _in_words(status, data, wait))
        return data or {}

    def _send(self, method: str, path: str, text: str) -> tuple[int, str, str]:
        headers = {"Authorization": f"Bearer {self._access.token}", "Accept": "application/scim+json"}
        if text:
            headers["Content-Type"] = "application/scim+json"
        self._http.request(method, self._access.path + path, text.encode() or None, headers)
        response = self._http.getresponse()
        return response.status, response.headers.get("Retry-After", ""), response.read().decode("utf-8", "replace")

    def _keep(self, method: str, path: str, body: str, status: int, answer: str, begun: float) -> None:
        milliseconds = round((time.monotonic() - begun) * 1000)
        self._said.appendleft(Exchange(method, path, body[:MOST_TEXT], status, answer[:MOST_TEXT], milliseconds))


def _in_words(status: int, data: dict[str, Any] | None, wait: str = "") -> str:
    """Say why the service refused, in its own words where it has some."""
    detail = str((data or {}).get("detail") or f"The service answers {status} without a reason.")
    if status == 429:
        return f"Too many requests. {detail} Wait {wait or 'a few'} seconds, then push again."
    reasons = {401: "The token is not accepted.", 403: "This is not allowed.", 404: "It is not there any more."}
    return f"{reasons[status]} {detail}" if status in reasons else detail


def _read(answer: str) -> dict[str, Any] | None:
    """The answer as JSON, if it is some."""
    try:
        data = json.loads(answer)
    except ValueError:
        return None
    return data if isinstance(data, dict) else None


def _shown(data: dict[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
