"""Claims that are kept between the post and the browser: the same as reading the response again, or none."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from authentication.actions import saml_requests
from authentication.actions.service_provider import ensure_signing_key
from authentication.models import AuthnRequest, EndUserSession
from authentication.saml.keeping import keep, kept
from tests.authentication.responses import CONDITIONS, DATA, IDP, PLACES, PROVIDER, SP, read, set_attribute
from tests.authentication.ways import active_certificate, connect, refused
from tests.idp import NOW, Answer, Encryption, Idp, instant

RAW = "what was posted"


@pytest.mark.parametrize("sign", PLACES)
@pytest.mark.parametrize(
    "answer",
    [
        Answer(),
        Answer(attributes={}),
        Answer(session_lifetime=None),
        Answer(person="Zoë <ada>", attributes={"groups": ["Ä", "", "007"], "": ["\u2028"]}),
    ],
    ids=["usual", "without attributes", "without the end of a session", "letters"],
)
def test_s2_kept_claims_are_those_that_were_read(answer, sign):
    claims = read(IDP.respond(answer, sign=sign))
    assert kept(keep(claims, RAW, PROVIDER, SP), RAW, PROVIDER, SP, NOW) == claims


def test_s3_what_was_read_by_other_facts_or_from_other_bytes_is_read_again():
    text = keep(read(IDP.respond(Answer())), RAW, PROVIDER, SP)
    assert kept("", RAW, PROVIDER, SP, NOW) is None
    assert kept(text, f"{RAW} ", PROVIDER, SP, NOW) is None
    for change in (
        {"entity_id": "https://other.example"},
        {"certificates": ()},
        {"certificates": (*PROVIDER.certificates, Idp().certificate)},
        {"allow_sha1": True},
        {"skew": timedelta(seconds=1)},
    ):
        assert kept(text, RAW, replace(PROVIDER, **change), SP, NOW) is None
    for change in ({"entity_id": "https://other.example"}, {"acs_url": "https://other.example/acs"}):
        assert kept(text, RAW, PROVIDER, replace(SP, **change), NOW) is None


def test_what_an_older_release_kept_is_read_again(monkeypatch):
    text = keep(read(IDP.respond(Answer())), RAW, PROVIDER, SP)
    monkeypatch.setattr("authentication.saml.keeping.Claims", read(IDP.respond(Answer())).subject.__class__)
    assert kept(text, RAW, PROVIDER, SP, NOW) is None


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".", "IssueInstant"),
        ("saml:Assertion", "IssueInstant"),
        (DATA, "NotOnOrAfter"),
        (CONDITIONS, "NotOnOrAfter"),
        ("saml:Assertion/saml:AuthnStatement", "SessionNotOnOrAfter"),
    ],
)
def test_s5_kept_claims_end_with_the_first_time_of_the_response(path, name):
    end = NOW + timedelta(minutes=1)
    said = end - timedelta(hours=1) if name == "IssueInstant" else end
    claims = read(IDP.respond(Answer(), edit=set_attribute(path, name, instant(said))))
    text = keep(claims, RAW, PROVIDER, SP)
    assert claims.holds_until == end
    assert kept(text, RAW, PROVIDER, SP, end - timedelta(microseconds=1)) == claims
    assert kept(text, RAW, PROVIDER, SP, end) is None


# Over HTTP. -----------------------------------------------------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def readings(monkeypatch) -> list[str]:
    """Which requests' responses were read."""
    found, read_response = [], saml_requests.read_response

    def reading(*arguments, **facts):
        found.append(facts["in_response_to"])
        return read_response(*arguments, **facts)

    monkeypatch.setattr(saml_requests, "read_response", reading)
    return found


def test_a_response_is_read_once_and_nothing_of_it_stays(okta, ada, readings):
    request = okta.begin()
    stored = okta.deliver(okta.idp.respond(okta.answer(request)))
    assert json.loads(AuthnRequest.objects.get().claims)["claims"]["name_id"] == ada.email
    assert okta.browser.get(stored["Location"]).status_code == 302 and okta.is_in()
    assert readings == [request]
    assert (AuthnRequest.objects.get().response, AuthnRequest.objects.get().claims) == ("", "")


def test_s9_a_certificate_replaced_after_the_post_counts_no_longer(okta, ada, readings):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))
    connect(okta.environment_provider, Idp())
    refused(okta.browser.get(stored["Location"]), "certificate_unknown")
    assert len(readings) == 2 and AuthnRequest.objects.get().claims == ""


def test_s5_a_response_that_ended_after_the_post_is_refused(okta, ada, monkeypatch, readings):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))
    late = timezone.now() + timedelta(minutes=9)
    monkeypatch.setattr("authentication.views.saml.timezone.now", lambda: late)
    refused(okta.browser.get(stored["Location"]), "response_expired")
    assert len(readings) == 2


def test_s2_a_response_that_was_changed_where_it_is_stored_is_read_again(okta, ada, readings):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))
    AuthnRequest.objects.update(response="!")
    refused(okta.browser.get(stored["Location"]), "not_base64")
    assert not EndUserSession.objects.exists()


def test_what_came_encrypted_is_not_stored_in_clear(okta, ada, readings):
    ensure_signing_key(okta.environment.workspace, now=timezone.now())
    encryption = Encryption(active_certificate(okta.environment.workspace))
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin()), encryption=encryption))
    assert AuthnRequest.objects.get().claims == ""
    assert okta.browser.get(stored["Location"]).status_code == 302 and len(readings) == 2


def test_a_refused_response_keeps_no_claims(okta, ada):
    okta.deliver(Idp(entity_id=okta.idp.entity_id).respond(okta.answer(okta.begin())))
    kept_request = AuthnRequest.objects.get()
    assert (kept_request.response, kept_request.claims) == ("", "") and kept_request.refusal
