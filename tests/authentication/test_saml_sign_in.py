"""Signing in through an identity provider over HTTP: S1 to S5 of security.md."""

import logging
from copy import deepcopy
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree

from authentication.actions.provider_use import disable_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.models import AuthnRequest, EndUserSession, EnvironmentProvider, IdentityProvider, SignInAttempt
from tests.authentication.end_users import person, url
from tests.authentication.ways import ADA, active_certificate, connect, reasons, refused
from tests.idp import NS, Encryption, Idp, Style, encode
from workspace.events import SYSTEM

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method


def test_a_known_person_signs_in_and_lands_on_the_account(okta, ada):
    response = okta.sign_in()
    assert response["Location"] == url(okta.environment, "account/")
    assert "no-store" in response["Cache-Control"]
    assert okta.is_in()
    session, attempt = EndUserSession.objects.get(), SignInAttempt.objects.get()
    assert (session.end_user, session.identity_provider) == (ada, okta.environment_provider.identity_provider)
    assert session.sealed_name_id and session.session_index == "session-1"
    assert (attempt.outcome, attempt.end_user, attempt.provider_name) == ("succeeded", ada, "Okta")


def test_the_page_that_was_asked_for_is_opened_afterwards(okta, ada):
    wanted = url(okta.environment, "account/password/")
    xml = okta.idp.respond(okta.answer(okta.begin(f"?next={wanted}")))
    assert okta.post(xml)["Location"] == wanted


def test_s5_the_session_ends_with_that_of_the_identity_provider(okta, ada, monkeypatch):
    okta.sign_in(session_lifetime=timedelta(hours=2))
    end = EndUserSession.objects.get().expires_at
    assert timedelta(hours=1, minutes=59) < end - timezone.now() <= timedelta(hours=2)
    for left, is_in in ((timedelta(seconds=1), True), (timedelta(0), False)):
        monkeypatch.setattr("authentication.decorators.timezone.now", lambda at=end - left: at)
        assert okta.is_in() == is_in


def test_an_idp_that_wants_a_post_gets_a_form_that_the_policy_of_the_page_allows(okta):
    connect(okta.environment_provider, okta.idp, post_url="https://idp.example/post")
    page = okta.browser.get(url(okta.environment, f"sso/{okta.environment_provider.identity_provider_id}/"))
    assert 'action="https://idp.example/post"' in page.content.decode()
    assert "form-action https://idp.example;" in page["Content-Security-Policy"] + ";"
    assert AuthnRequest.objects.get().pk in page.content.decode()  # as RelayState


@pytest.mark.parametrize("switch", ["wants_signed_requests", "signs_requests"])
def test_requests_are_signed_when_the_idp_or_the_administrator_wants_it(okta, switch):
    IdentityProvider.objects.update(**{switch: True})
    response = okta.browser.get(url(okta.environment, f"sso/{okta.environment_provider.identity_provider_id}/"))
    assert {"SigAlg", "Signature"} <= set(parse_qs(urlsplit(response["Location"]).query))


def test_an_encrypted_assertion_signs_in(okta, ada):
    ensure_signing_key(okta.environment.workspace, now=timezone.now())
    encryption = Encryption(active_certificate(okta.environment.workspace))
    xml = okta.idp.respond(okta.answer(okta.begin()), encryption=encryption)
    assert okta.post(xml).status_code == 302 and okta.is_in()


def test_nobody_is_sent_to_a_provider_that_is_off_or_of_another_environment(okta, places):
    disable_provider(environment_provider=okta.environment_provider, by=SYSTEM)
    for place in places:
        assert Client().get(url(place, f"sso/{okta.environment_provider.identity_provider_id}/")).status_code == 404
    assert not AuthnRequest.objects.exists()


def test_the_acs_takes_a_post_alone_and_without_a_csrf_token(okta, ada):
    strict = Client(enforce_csrf_checks=True)
    assert strict.get(okta.acs).status_code == 405
    xml = okta.idp.respond(okta.answer(okta.begin()))
    assert strict.post(okta.acs, {"SAMLResponse": encode(xml)}).status_code == 303


def test_an_unknown_acs_answers_like_a_known_one(okta):
    stranger = f"/saml/{uuid4()}/acs"
    for path in (stranger, f"{stranger}/{okta.begin()}"):
        response = Client().post(path, {"SAMLResponse": ""}) if path == stranger else okta.browser.get(path)
        assert response.status_code == 403 and "You could not be signed in." in response.content.decode()
    assert not SignInAttempt.objects.exists()


def test_nothing_of_a_refused_message_is_logged(okta, caplog):
    caplog.set_level(logging.DEBUG)
    okta.sign_in(attributes={"workspace_end_user_name": ["Ada Winter"]}, sp_entity_id="https://elsewhere.example")
    assert reasons() == ["wrong_audience"]
    assert not {word for word in (ADA, "Ada Winter", "elsewhere.example", "session-1") if word in caplog.text}


# S1 to S5: what saml/ refuses is refused here. ------------------------------------------------------------------------


def test_s3_a_response_signed_by_another_key_is_refused(okta, ada):
    answer = okta.answer(okta.begin())
    refused(okta.post(Idp(entity_id=okta.idp.entity_id).respond(answer)), "certificate_unknown")


def test_s3_sha1_is_taken_only_where_the_provider_allows_it(okta, ada):
    sha1 = Style(method="http://www.w3.org/2000/09/xmldsig#rsa-sha1", digest="http://www.w3.org/2000/09/xmldsig#sha1")
    for is_allowed in (False, True):
        IdentityProvider.objects.update(allows_sha1=is_allowed)
        okta.post(okta.idp.respond(okta.answer(okta.begin()), style=sha1))
        assert okta.is_in() == is_allowed


@pytest.mark.parametrize(
    ("reason", "changes"),
    [
        ("wrong_audience", {"sp_entity_id": "https://elsewhere.example"}),
        ("wrong_destination", {"acs_url": "https://elsewhere.example/acs"}),
        ("response_expired", {"lifetime": timedelta(minutes=-4)}),
        ("session_ended", {"session_lifetime": timedelta(minutes=-2)}),
        ("idp_status", {"status": "urn:oasis:names:tc:SAML:2.0:status:Responder"}),
    ],
)
def test_s5_what_is_not_for_us_now_is_refused(okta, ada, reason, changes):
    refused(okta.sign_in(**changes), reason)


@pytest.mark.parametrize("raw", ["", "no base64", "AAAA", "A" * 300_000, "\0", "é"])
def test_s1_what_is_no_response_is_refused_and_told_to_the_environment_it_was_meant_for(okta, places, raw):
    relay_state = okta.begin()
    for sent in (relay_state, "", "\0", "_" + "0" * 40):
        SignInAttempt.objects.all().delete()
        response = Client().post(okta.acs, {"SAMLResponse": raw, "RelayState": sent})
        if response.status_code == 303:
            response = okta.browser.get(response["Location"])
        assert response.status_code == 403
        attempt = SignInAttempt.objects.get()
        assert attempt.environment == places[1]
        is_unknown = sent not in ("", "\0", relay_state)
        expected = {"request_gone"} if is_unknown else {"not_base64", "not_xml", "too_large"}
        assert attempt.reason in expected


def test_s1_more_than_a_form_may_hold_is_refused_unread(okta, ada):
    for path in (okta.acs, f"/saml/{uuid4()}/acs"):
        assert Client().post(path, {"SAMLResponse": "A" * 3_000_000}).status_code in (400, 413)
    assert not EndUserSession.objects.exists() and not AuthnRequest.objects.exclude(response="").exists()


def _wrapped(xml: bytes) -> bytes:
    """The signed assertion behind another one of the same ID, which names somebody else."""
    root = etree.fromstring(xml)
    honest = root.find("saml:Assertion", NS)
    honest.addprevious(_of_ben(deepcopy(honest)))
    return etree.tostring(root)


def _swapped(xml: bytes) -> bytes:
    """The signed assertion inside the signature of one that names somebody else."""
    root = etree.fromstring(xml)
    honest = root.find("saml:Assertion", NS)
    other = _of_ben(deepcopy(honest))
    root.replace(honest, other)
    signature = deepcopy(honest.find("ds:Signature", NS))
    honest.remove(honest.find("ds:Signature", NS))
    etree.SubElement(signature, f"{{{NS['ds']}}}Object").append(honest)
    other.insert(1, signature)
    return etree.tostring(root)


def _of_ben(assertion: etree._Element) -> etree._Element:
    assertion.remove(assertion.find("ds:Signature", NS))
    assertion.find("saml:Subject/saml:NameID", NS).text = "ben.winter@acme.example"
    return assertion


@pytest.mark.parametrize("forge", [_wrapped, _swapped])
def test_s4_a_wrapped_response_is_refused(okta, places, ada, forge):
    person(places[1], name="Ben Winter", password="")
    refused(okta.post(forge(okta.idp.respond(okta.answer(okta.begin())))), "unexpected_structure")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"ada.winter@", b"ben.winter@", "signature_invalid"),
        (b"ada.winter@", b"ben.winter@<!---->", "forbidden_markup"),
        (b">ada.winter@acme.example<", b">ben.winter@acme.example<!--ada.winter@acme.example--><", "forbidden_markup"),
    ],
)
def test_s2_nobody_is_signed_in_by_what_was_not_signed(okta, places, ada, old, new, reason):
    person(places[1], name="Ben Winter", password="")
    xml = okta.idp.respond(okta.answer(okta.begin()))
    assert old in xml
    refused(okta.post(xml.replace(old, new)), reason)
