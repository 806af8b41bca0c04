"""A client that is refused before its body was read gets the answer, and its connection stays as good as it was."""

import http.client
import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from django.test import Client

from tests.server import Server
from workspace.console.middleware import MOST_DROPPED

SIZES = [1024, 64 * 1024, 1024 * 1024, MOST_DROPPED - 1, MOST_DROPPED]
PIECE = 16 * 1024


class Caller:
    """A connection that is kept for several requests."""

    def __init__(self, server: Server) -> None:
        parts = urlsplit(server.origin)
        self._host = parts.netloc
        self._socket = socket.create_connection((parts.hostname, parts.port or 80), timeout=60)

    def close(self) -> None:
        self._socket.close()

    def begin(self, method: str, path: str, token: str = "", *more: str) -> None:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}", "Content-Type: application/scim+json", *more]
        if token:
            lines.append(f"Authorization: Bearer {token}")
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def go_on(self, size: int, *, is_chunked: bool = False) -> None:
        """Send a body in pieces."""
        for begin in range(0, size, PIECE):
            piece = b"x" * min(PIECE, size - begin)
            self._socket.sendall(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunked else piece)
        if is_chunked:
            self._socket.sendall(b"0\r\n\r\n")

    def is_told_to_go_on(self) -> bool:
        """Wait for the server's word before the body."""
        return self._socket.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"

    def answer(self) -> http.client.HTTPResponse:
        answer = http.client.HTTPResponse(self._socket, method="POST")
        answer.begin()
        answer.read()
        return answer

    def may_go_on(self) -> bool:
        """Say whether the same connection takes another request."""
        self.begin("GET", "/livez")
        return self.answer().status == 200


@pytest.fixture
def caller(server: Server) -> Iterator[Caller]:
    caller = Caller(server)
    yield caller
    caller.close()


@pytest.fixture(scope="module")
def scim(server: Server) -> dict[str, str]:
    made = server.demo("--empty-scim", "Large bodies")
    return {"path": urlsplit(made["base_url"]).path, "token": made["token"]}


# The status, and a path with a token of what is refused. None of these reads the body.
REFUSALS: dict[str, tuple[int, Callable[[dict[str, str]], tuple[str, str]]]] = {
    "scim, a revoked token": (401, lambda scim: (f"{scim['path']}/Users", "revoked")),
    "scim, an unknown path": (404, lambda scim: (f"{scim['path']}/Nothing", scim["token"])),
    "scim, no connection": (404, lambda scim: ("/scim/nothing", scim["token"])),
    "api, a revoked token": (401, lambda _: ("/api/v1/end-users", "revoked")),
    "api, an unknown path": (404, lambda _: ("/api/v1/nothing", "revoked")),
    "page, no CSRF token": (403, lambda _: ("/sign-in/", "")),
    "page, an unknown path": (404, lambda _: ("/nowhere/", "")),
    "file, no such method": (405, lambda _: ("/static/css/app.css", "")),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_a_refused_request_gets_its_answer_and_keeps_its_connection(caller, scim, refusal):
    status, asked = REFUSALS[refusal]
    for size in SIZES:
        caller.begin("POST", *asked(scim), f"Content-Length: {size}")
        caller.go_on(size)
        assert caller.answer().status == status, size
        caller.begin("POST", *asked(scim), "Transfer-Encoding: chunked")
        caller.go_on(size, is_chunked=True)
        assert caller.answer().status == status, size
        caller.begin("POST", *asked(scim), f"Content-Length: {size}", "Expect: 100-continue")
        assert caller.is_told_to_go_on(), size
        caller.go_on(size)
        assert caller.answer().status == status, size
    assert caller.may_go_on()


@pytest.mark.parametrize("size", [2 * 1024 * 1024 + 1, MOST_DROPPED])
def test_a_body_that_is_too_large_is_refused_as_such(caller, scim, size):
    caller.begin("POST", f"{scim['path']}/Users", scim["token"], f"Content-Length: {size}")
    caller.go_on(size)
    assert caller.answer().status == 413
    assert caller.may_go_on()


def test_what_is_too_large_to_be_dropped_is_answered_before_it_comes_and_ends_the_connection(caller, scim):
    caller.begin("POST", f"{scim['path']}/Users", scim["token"], f"Content-Length: {MOST_DROPPED + 1}")
    answer = caller.answer()
    assert (answer.status, answer.headers["Connection"]) == (413, "close")


class Endless:
    """A body that has no end."""

    def __init__(self) -> None:
        self.taken = 0

    def read(self, size: int) -> bytes:
        self.taken += size
        return b"A" * size

    readline = read


@pytest.mark.parametrize(
    ("length", "taken"), [(0, 0), (100, 100), (MOST_DROPPED, MOST_DROPPED), (MOST_DROPPED + 1, 0), (10**12, 0)]
)
def test_no_more_is_read_than_was_announced_and_nothing_of_what_is_too_large(length, taken):
    body = Endless()
    answer = Client().generic("POST", "/scim/nothing", b"x", CONTENT_LENGTH=str(length), **{"wsgi.input": body})
    assert (answer.status_code, body.taken) == (404, taken)
    assert answer.headers.get("Connection") == ("close" if length > MOST_DROPPED else None)


@pytest.mark.parametrize("length", ["abc", "-5", "1e3", "9" * 5_000])
def test_a_length_that_is_no_number_is_none(length):
    body = Endless()
    answer = Client().generic("POST", "/scim/nothing", b"x", CONTENT_LENGTH=length, **{"wsgi.input": body})
    assert (answer.status_code, body.taken, answer.headers.get("Connection")) == (404, 0, None)


def test_of_chunks_that_never_end_no_more_is_read_than_of_other_bodies():
    body = Endless()
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": "", "wsgi.input": body}
    answer = Client().generic("POST", "/scim/nothing", b"x", **chunked)
    assert (answer.status_code, answer.headers["Connection"]) == (404, "close")
    assert body.taken <= MOST_DROPPED + 64 * 1024
