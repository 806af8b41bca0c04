"""S7 from outside: one response posted many times at once to a server of two workers makes one session."""

import base64
import zlib
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
    place = next(each for each in server.demo()["environments"] if each["slug"] == "test")
    provider: dict[str, Any] = next(each for each in place["providers"] if each["name"] == "Okta Test")
    browser = Browser(server.origin)
    start = browser.send("GET", f"{place['sign_in_url']}sso/{provider['id']}/")
    nonce = start.getheader("Set-Cookie", "").partition(";")[0]
    answer = Answer(
        request_id=request_id(start.getheader("Location", "")), acs_url=provider["acs_url"],
        sp_entity_id=provider["sp_entity_id"], now=datetime.now(UTC), person="replayed@acme.example",
    )  # fmt: skip
    body = urlencode({"SAMLResponse": encode(idp_of(server, provider["entity_id"]).respond(answer))})

    def post(_: int) -> int:
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        stored = browser.send("POST", provider["acs_url"], body, **kind)
        if stored.status != 303:
            return stored.status
        return browser.send("GET", stored.getheader("Location", ""), Cookie=nonce).status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        statuses = list(pool.map(post, range(POSTS)))

    assert sorted(set(statuses)) == [302, 403]
    assert statuses.count(302) == 1
