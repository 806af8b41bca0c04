"""The practice IdP plays any provider that is set up in its console, and learns of the service from a request."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest

from authentication.saml.attributes import AttributeNames, pick_profile
from authentication.saml.gate import check_response
from authentication.saml.metadata import parse_idp_metadata
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.requests import new_request, redirect_url
from authentication.saml.responses import read_response
from authentication.saml.service_provider import sp_metadata
from provisioning.practice_idp.demo import Demo, parse
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.replies import Redirect
from provisioning.practice_idp.saml.site import SignInSite
from tests.idp import SKEW
from tests.provisioning.practice import ADA, IDP_ORIGIN, KEY, demo_data, response_of, running

EVERYTHING = {"email", "name", "groups"}


class Console(ThreadingHTTPServer):
    """A console that serves metadata at a path, and notes what is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.served: dict[str, bytes] = {}
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def serve(self, entity_id: str, **changes: str) -> str:
        """Serve the metadata of a service at its entity ID."""
        base = entity_id.removesuffix("/metadata")
        urls = {"acs_url": f"{base}/acs", "slo_url": f"{base}/slo"} | changes
        xml = sp_metadata(entity_id=entity_id, acs_url=urls["acs_url"], slo_url=urls["slo_url"])
        self.served[urlsplit(entity_id).path] = xml
        return entity_id


class _Handler(BaseHTTPRequestHandler):
    server: Console

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = self.server.served.get(self.path, b"")
        moved = body.startswith(b"http")
        self.send_response(302 if moved else 200 if body else 404)
        if moved:
            self.send_header("Location", body.decode())
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def console() -> Iterator[Console]:
    with Console() as console:
        Thread(target=console.serve_forever, args=[0.01]).start()
        yield console
        console.shutdown()


@pytest.fixture
def demo(tmp_path: Path, console: Console) -> Demo:
    return parse(demo_data(tmp_path, origin=console.origin))


@pytest.fixture
def pages(demo: Demo) -> SignInSite:
    return SignInSite(demo)


@pytest.fixture
def service(console: Console) -> str:
    """The entity ID of a service that was set up after the start."""
    return console.serve(f"{console.origin}/saml/new/metadata")


def fresh(pages: SignInSite, place: str = "acme.test") -> str:
    """Return the id of a new provider."""
    reply = pages.new(place)
    assert isinstance(reply, Redirect)
    return reply.path.removeprefix("/idp/")


def asked(service: str, provider: str, **fields: str) -> tuple[str, dict[str, str]]:
    """Return the id of an AuthnRequest of the service, and the fields that the IdP gets."""
    acs_url = f"{service.removesuffix('/metadata')}/acs"
    sso_url = f"{IDP_ORIGIN}/idp/{provider}/sso"
    request = new_request(entity_id=service, acs_url=acs_url, sso_url=sso_url, now=datetime.now(UTC))
    return request.id, dict(parse_qsl(urlsplit(redirect_url(request, relay_state="key")).query)) | fields


def chosen(page: str) -> list[str]:
    """Return the addresses of the people who are chosen on a page."""
    return [unescape(email) for email in re.findall(r'name="person" value="([^"]+)" checked', page)]


def sent(page: str) -> str:
    return unescape(re.search(r'name="SAMLResponse" value="([^"]*)"', page)[1])


# What it publishes. ---------------------------------------------------------------------------------------------------


def test_each_new_provider_has_an_entity_id_of_its_own_and_the_console_reads_its_metadata(pages, demo):
    one, two = fresh(pages), fresh(pages)
    first, second = (
        parse_idp_metadata(
            pages.metadata(each, is_file=False).text.encode(), now=datetime.now(UTC), origin=demo.console
        )
        for each in (one, two)
    )
    assert first.entity_id == f"{IDP_ORIGIN}/idp/{one}" != second.entity_id
    assert (first.sso_url, first.slo.url) == (f"{first.entity_id}/sso", f"{first.entity_id}/slo")
    assert [each.pem for each in first.certificates] == [KEY.certificate]


def test_its_page_has_the_url_a_file_and_the_text(pages, demo, monkeypatch):
    id = fresh(pages)
    with running(demo, monkeypatch) as server:
        status, page = response_of(server, f"/idp/{id}")
        metadata = response_of(server, f"/idp/{id}/metadata")[1]
        assert response_of(server, f"/idp/{id}/metadata?download")[1] == metadata
    assert status == 200 and "<h1>Play a new provider</h1>" in page
    assert f'value="{IDP_ORIGIN}/idp/{id}/metadata" readonly' in page
    assert f'href="{IDP_ORIGIN}/idp/{id}/metadata?download"' in page
    assert metadata in unescape(page)


def test_without_an_environment_it_asks_for_one(pages, demo, monkeypatch):
    assert 'href="/new?for=acme.test"' in pages.new("")
    for place in ("acme", "acme.test.x", "a/b.c", "<b>.c", "é.test"):
        assert isinstance(pages.new(place), str)
    with running(demo, monkeypatch) as server:
        assert "/sign-in/acme/test/" in response_of(server, "/new?for=acme.test")[1]


@pytest.mark.parametrize(
    "id", ["unknown", "acme.test", "acme.test.short", "a%2fb.test.00000000", "acme.test.00000000.x"]
)
def test_nothing_else_is_published(pages, id):
    for publish in (pages.play, lambda id: pages.metadata(id, is_file=True)):
        with pytest.raises(BadRequest):
            publish(id)


# How it learns of a service. ------------------------------------------------------------------------------------------


def test_a_service_that_was_set_up_after_the_start_is_answered(pages, service, console):
    id = fresh(pages)
    request_id, request = asked(service, id)
    page = pages.choose(id, request)
    assert f"New provider {id.split('.')[-1]} (acme TEST)" in page and "Ada &lt;Winter&gt;" in page
    response = pages.send(id, request | {"person": ADA.email}, EVERYTHING)
    claims = read_response(
        check_response(sent(response)),
        provider=ProviderFacts(f"{IDP_ORIGIN}/idp/{id}", (KEY.certificate,), allow_sha1=False, skew=SKEW),
        sp=SpFacts(service, f"{service.removesuffix('/metadata')}/acs"),
        in_response_to=request_id,
        now=datetime.now(UTC),
    )
    assert pick_profile(claims, AttributeNames()).email == ADA.email
    assert console.asked == ["/saml/new/metadata"]


def test_one_provider_serves_several_services_and_survives_a_restart(pages, demo, service, console):
    id, other = fresh(pages), console.serve(f"{console.origin}/saml/other/metadata")
    for site in (pages, SignInSite(demo)):
        for each in (service, other):
            assert f"{each.removesuffix('/metadata')}/acs" in site.choose(id, asked(each, id)[1])


def test_a_provider_that_the_demo_command_adds_later_is_played_too(pages, service):
    assert "any environment" in pages.choose("7f3a-later", asked(service, "7f3a-later")[1])


@pytest.mark.parametrize(
    "entity_id",
    [
        "https://elsewhere.example/metadata",
        "{https}/saml/new/metadata",
        "{origin}0/saml/new/metadata",
        "{origin}@elsewhere.example/saml/new/metadata",
        "http://somebody@{host}/saml/new/metadata",
        "http://localhost:{port}/saml/new/metadata",
        "//{host}/saml/new/metadata",
        "/saml/new/metadata",
        "urn:service",
        "http://[",
        "{origin}",
        "",
    ],
)
def test_only_its_own_console_is_asked(pages, console, entity_id):
    host = urlsplit(console.origin).netloc
    places = {"origin": console.origin, "https": f"https://{host}", "host": host, "port": str(console.server_port)}
    with pytest.raises(BadRequest):
        pages.choose(fresh(pages), asked(entity_id.format(**places), "x")[1])
    assert console.asked == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><br></html>",
        b"{}",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        b"http://127.0.0.1:9/saml/metadata",
    ],
    ids=["missing", "page", "json", "entity", "redirect"],
)
def test_what_is_no_metadata_of_the_service_is_not_answered(pages, service, console, body):
    console.served[urlsplit(service).path] = body
    id = fresh(pages)
    with pytest.raises(BadRequest):
        pages.choose(id, asked(service, id)[1])


@pytest.mark.parametrize("changes", [{"acs_url": "https://elsewhere.example/acs"}, {"slo_url": "http://127.0.0.1:1/x"}])
def test_nothing_is_sent_away_from_the_console(pages, service, console, changes):
    console.serve(service, **changes)
    id = fresh(pages)
    with pytest.raises(BadRequest):
        pages.choose(id, asked(service, id)[1])


def test_metadata_of_another_service_does_not_count(pages, service, console):
    console.served["/saml/new/metadata"] = sp_metadata(
        entity_id=f"{console.origin}/saml/other/metadata", acs_url=f"{console.origin}/a", slo_url=f"{console.origin}/b"
    )
    id = fresh(pages)
    with pytest.raises(BadRequest):
        pages.choose(id, asked(service, id)[1])


@pytest.mark.parametrize("message", ["", "not base64!", "AAAA", "PGEvPg=="])
def test_what_is_no_message_is_refused(pages, console, message):
    with pytest.raises(BadRequest):
        pages.choose(fresh(pages), {"SAMLRequest": message})
    assert console.asked == []


def test_a_console_that_does_not_answer_is_named(pages, service, console):
    console.shutdown()
    console.server_close()
    id = fresh(pages)
    with pytest.raises(BadRequest, match="make run"):
        pages.choose(id, asked(service, id)[1])


# Whom it signs in. ----------------------------------------------------------------------------------------------------


def test_the_address_that_was_typed_is_chosen(pages, service):
    id = fresh(pages)
    assert chosen(pages.choose(id, asked(service, id)[1])) == []
    page = pages.choose(id, asked(service, id, login_hint=ADA.email.upper())[1])
    assert chosen(page) == [ADA.email]
    assert f'name="login_hint" value="{ADA.email.upper()}"' in page


def test_an_address_that_the_demo_does_not_know_is_chosen_too(pages, service):
    id, stranger = fresh(pages), "nora.comer@new.example"
    request = asked(service, id, login_hint=stranger)[1]
    page = pages.choose(id, request)
    assert chosen(page) == [stranger] and "Nora Comer" in page
    assert "SAMLResponse" in pages.send(id, request | {"person": stranger}, EVERYTHING)


def test_who_signed_in_is_signed_out_at_that_service(pages, service):
    id = fresh(pages)
    pages.send(id, asked(service, id)[1] | {"person": ADA.email}, EVERYTHING)
    assert service in pages.home()
    page = pages.start_logout(id, {"service": service, "name_id": ADA.email})
    assert f"{service.removesuffix('/metadata')}/slo?SAMLRequest=" in page
