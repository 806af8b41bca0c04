"""Shared by the tests of the practice IdP: a provider that it plays, a directory, and the program on a free port."""

import base64
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from authentication.saml.assertions import Claims
from authentication.saml.gate import check_response
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.requests import new_request, redirect_url
from authentication.saml.responses import read_response
from provisioning.practice_idp.demo import Demo, DemoPerson, Provider
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.scim.directory import Directory
from provisioning.practice_idp.server import Server
from tests.idp import SKEW

ORIGIN, IDP_ORIGIN = "http://127.0.0.1:8000", "http://localhost:8001"
KEY = Key.generate()
ADA = DemoPerson("ada@acme.example", "Ada <Winter>", ("Engineering", "Sales"))
PROVIDER = Provider(
    id="7f3a",
    name="Okta Test",
    workspace="acme",
    environment="test",
    state="on",
    entity_id=f"{IDP_ORIGIN}/idp/7f3a",
    sso_url=f"{IDP_ORIGIN}/idp/7f3a/sso",
    acs_url=f"{ORIGIN}/saml/7f3a/acs",
    sp_entity_id=f"{ORIGIN}/saml/7f3a/metadata",
    sp_slo_url=f"{ORIGIN}/saml/7f3a/slo",
)
REQUEST_ID = "_request-1"


def read(encoded: str | bytes, request_id: str = REQUEST_ID) -> Claims:
    return read_response(
        check_response(encoded),
        provider=ProviderFacts(PROVIDER.entity_id, (KEY.certificate,), allow_sha1=False, skew=SKEW),
        sp=SpFacts(PROVIDER.sp_entity_id, PROVIDER.acs_url),
        in_response_to=request_id,
        now=datetime.now(UTC),
    )


def read_xml(xml: bytes) -> Claims:
    return read(base64.b64encode(xml))


def asked(**changes: str) -> tuple[str, dict[str, str]]:
    """Return the id of an AuthnRequest of the service, and the fields that the IdP gets."""
    facts = {"entity_id": PROVIDER.sp_entity_id, "acs_url": PROVIDER.acs_url, "sso_url": PROVIDER.sso_url} | changes
    request = new_request(**facts, now=datetime.now(UTC))
    return request.id, dict(parse_qsl(urlsplit(redirect_url(request, relay_state='"key"')).query))


def demo_data(tmp_path: Path, **changes: Any) -> dict[str, Any]:
    key_file = tmp_path / "practice-idp.pem"
    key_file.write_text(KEY.pem)
    provider = {name: getattr(PROVIDER, name) for name in Provider.__slots__}
    elsewhere = provider | {"id": "9c1b", "entity_id": "https://real.example/idp"}
    return {
        "origin": ORIGIN,
        "practice_idp": {"origin": IDP_ORIGIN, "key_file": str(key_file)},
        "environments": [
            {
                "workspace": "acme",
                "slug": "test",
                "sign_in_url": f"{ORIGIN}/sign-in/acme/test/",
                "providers": [provider, elsewhere],
            }
        ],
        "people": [{"workspace": "acme", "email": ADA.email, "name": ADA.name, "groups": list(ADA.groups)}],
    } | changes


def two_people(mark: str) -> Directory:
    """Return a directory with Ada, Bo and a group that has Ada as member."""
    directory = Directory()
    ada = directory.save_person("", email=f"ada@{mark}.example", name="Ada Winter")
    directory.save_person("", email=f"bo@{mark}.example", name="Bo Berg")
    directory.save_group("", name=f"Engineers {mark}", members=[ada.key])
    return directory


def response_of(server: Server, path: str, form: dict[str, str] | None = None, **headers: str) -> tuple[int, str]:
    """Send a request to the practice IdP, follow redirects, and return status and text."""
    data = urlencode(form).encode() if form else None
    request = urllib.request.Request(f"http://127.0.0.1:{server.server_port}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:  # noqa: S310
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextmanager
def running(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Run the practice IdP on a free port."""
    monkeypatch.setattr(Demo, "port", 0)
    with Server(demo) as server:
        server.names = {f"127.0.0.1:{server.server_port}"}
        Thread(target=server.serve_forever, args=[0.01]).start()
        yield server
        server.shutdown()
