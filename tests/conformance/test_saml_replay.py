"""S7 from outside: one response posted many times at once to a server of two workers makes one session."""

import base64
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree

from tests.idp import Answer, Idp, encode
from tests.server import Server

POSTS, AT_ONCE = 50, 10


class Browser:
    """Sends one request after the other, each on a connection of its own."""

    def __init__(self, origin: str) -> None:
        self.host = urlsplit(origin).netloc

    def send(self, method: str, url: str, body: str = "", **headers: str) -> HTTPResponse:
        connection = HTTPConnection(self.host, timeout=60)
        parts = urlsplit(url)
        connection.request(method, f"{parts.path}?{parts.query}".rstrip("?"), body, headers)
        response = connection.getresponse()
        response.read()
        connection.close()
        return response


def idp_of(server: Server, entity_id: str) -> Idp:
    """The practice IdP's key in the hands of the test."""
    pem = Path(server.environment["DATA_DIR"], "practice-idp.pem").read_bytes()
    return Idp(entity_id=entity_id, key=load_pem_private_key(pem, password=None))


def request_id(location: str) -> str:
    message = zlib.decompress(base64.b64decode(parse_qs(urlsplit(location).query)["SAMLRequest"][0]), -zlib.MAX_WBITS)
    return etree.fromstring(message).get("ID", "")


def test_s7_fifty_parallel_posts_of_one_response_make_one_session(server: Server):
    browser, provider, idp = arrived(server)
    nonce, answer = begun(browser, provider, "replayed@acme.example")
    response = idp.respond(answer)

    statuses = at_once(lambda _: finished(browser, provider, response, nonce), range(POSTS))

    assert sorted(set(statuses)) == [302, 403]
    assert statuses.count(302) == 1


def test_s7_one_assertion_in_answer_to_ten_requests_makes_one_session(server: Server):
    browser, provider, idp = arrived(server)
    begins = [begun(browser, provider, "again@acme.example", assertion_id="_once") for _ in range(AT_ONCE)]

    statuses = at_once(lambda begin: finished(browser, provider, idp.respond(begin[1]), begin[0]), begins)

    assert sorted(statuses) == [302] + [403] * (AT_ONCE - 1)


def arrived(server: Server) -> tuple[Browser, dict[str, Any], Idp]:
    """A browser before a provider of the demo, and the IdP behind it."""
    place = next(each for each in server.demo()["environments"] if each["slug"] == "test")
    provider: dict[str, Any] = next(each for each in place["providers"] if each["name"] == "Okta Test")
    provider["start_url"] = f"{place['sign_in_url']}sso/{provider['id']}/"
    return Browser(server.origin), provider, idp_of(server, provider["entity_id"])


def begun(browser: Browser, provider: dict[str, Any], person: str, **changes: Any) -> tuple[str, Answer]:
    """The cookie of a request to the IdP, and the answer to it."""
    start = browser.send("GET", provider["start_url"])
    answer = Answer(
        request_id=request_id(start.getheader("Location", "")), acs_url=provider["acs_url"],
        sp_entity_id=provider["sp_entity_id"], now=datetime.now(UTC), person=person, **changes,
    )  # fmt: skip
    return start.getheader("Set-Cookie", "").partition(";")[0], answer


def finished(browser: Browser, provider: dict[str, Any], response: bytes, nonce: str) -> int:
    """How a response ends that is posted, and followed within our site."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    stored = browser.send("POST", provider["acs_url"], urlencode({"SAMLResponse": encode(response)}), **kind)
    if stored.status != 303:
        return stored.status
    return browser.send("GET", stored.getheader("Location", ""), Cookie=nonce).status


def at_once(send: Callable[[Any], int], items: Iterable[Any]) -> list[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(send, items))
