"""Signing in through an identity provider over HTTP: S1 to S11 of security.md. People and groups: test_jit.py."""

import logging
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from lxml import etree

from authentication.actions.identity_providers import disable_provider, remove_provider, use_provider
from authentication.actions.policies import switch_saml
from authentication.actions.service_provider import signing_key
from authentication.models import (
    AuthnRequest,
    ConsumedAssertion,
    EndUserSession,
    EnvironmentProvider,
    IdentityProvider,
    SamlIdentity,
    SignInAttempt,
)
from tests import factories
from tests.authentication.end_users import environments, person, url
from tests.authentication.ways import ADA, Way, connect, requested, way
from tests.idp import EMAIL, NS, PERSISTENT, Encryption, Idp, Style, encode
from workspace import profile as workspace_profile
from workspace.actions.access import set_manual_access
from workspace.actions.end_users import deactivate_end_user, update_profile
from workspace.events import SYSTEM
from workspace.models import Administrator, EndUser, Environment, User

pytestmark = pytest.mark.django_db
Method = EnvironmentProvider.Method


@pytest.fixture
def places() -> list[Environment]:
    return environments()


@pytest.fixture
def okta(places) -> Way:
    return way(places[1])


@pytest.fixture
def ada(places) -> EndUser:
    return person(places[1], name="Ada Winter", password="")


def refused(response: Any, reason: str) -> SignInAttempt:
    """A neutral page with the reference of the one attempt that knows the reason."""
    assert response.status_code == 403
    attempt = SignInAttempt.objects.get()
    assert (attempt.outcome, attempt.reason) == ("refused", reason)
    assert str(attempt.pk) in response.content.decode() and reason not in response.content.decode()
    assert "no-store" in response["Cache-Control"] and not EndUserSession.objects.exists()
    return attempt


def reasons() -> list[str]:
    """The reasons of all attempts, oldest first; empty for those that succeeded."""
    return list(SignInAttempt.objects.order_by("id").values_list("reason", flat=True))


def test_a_known_person_signs_in_and_lands_on_the_account(okta, ada):
    response = okta.sign_in()
    assert response["Location"] == url(okta.environment, "account/")
    assert "no-store" in response["Cache-Control"]
    assert okta.is_in()
    session, attempt = EndUserSession.objects.get(), SignInAttempt.objects.get()
    assert (session.end_user, session.identity_provider) == (ada, okta.use.identity_provider)
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
    connect(okta.use, okta.idp, post_url="https://idp.example/post")
    page = okta.browser.get(url(okta.environment, f"sso/{okta.use.identity_provider_id}/"))
    assert 'action="https://idp.example/post"' in page.content.decode()
    assert "form-action https://idp.example;" in page["Content-Security-Policy"] + ";"
    assert AuthnRequest.objects.get().pk in page.content.decode()  # as RelayState


@pytest.mark.parametrize("switch", ["wants_signed_requests", "signs_requests"])
def test_requests_are_signed_when_the_idp_or_the_administrator_wants_it(okta, switch):
    IdentityProvider.objects.update(**{switch: True})
    response = okta.browser.get(url(okta.environment, f"sso/{okta.use.identity_provider_id}/"))
    assert {"SigAlg", "Signature"} <= set(parse_qs(urlsplit(response["Location"]).query))


def test_an_encrypted_assertion_signs_in(okta, ada):
    certificate = signing_key(okta.environment.workspace).certificate_pem
    xml = okta.idp.respond(okta.answer(okta.begin()), encryption=Encryption(certificate))
    assert okta.post(xml).status_code == 302 and okta.is_in()


def test_nobody_is_sent_to_a_provider_that_is_off_or_of_another_environment(okta, places):
    disable_provider(use=okta.use, by=SYSTEM)
    for place in places:
        assert Client().get(url(place, f"sso/{okta.use.identity_provider_id}/")).status_code == 404
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
        ("response_expired", {"lifetime": timedelta(minutes=-2)}),
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


# S6: in answer to a request of this browser. --------------------------------------------------------------------------


@pytest.mark.parametrize("cookies", ["none", "another"])
def test_s6_another_browser_is_refused_and_the_first_can_still_finish(okta, ada, cookies):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    stranger = replace(okta, browser=Client())
    if cookies == "another":
        stranger.begin()
    refused(stranger.browser.get(stored), "other_browser")
    assert okta.browser.get(stored).status_code == 302 and okta.is_in()


def test_s6_an_expired_request_is_refused(okta, ada):
    request = okta.begin()
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(okta.post(okta.idp.respond(okta.answer(request))), "request_gone")


def test_s6_a_request_that_expires_on_the_way_is_refused(okta, ada):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    AuthnRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(okta.browser.get(stored), "request_gone")


def test_s6_a_used_request_is_refused(okta, ada):
    request = okta.begin()
    for number in (1, 2):
        okta.post(okta.idp.respond(okta.answer(request, assertion_id=f"_assertion-{number}")))
    assert reasons() == ["", "request_gone"] and EndUserSession.objects.count() == 1


@pytest.mark.parametrize("relay_state", ["", "https://evil.example/", "request"])
def test_s6_an_unsolicited_response_is_refused(okta, ada, relay_state):
    def unsolicited(root):
        for element in root.iter():
            element.attrib.pop("InResponseTo", None)

    request = okta.begin()
    xml = okta.idp.respond(okta.answer(request), edit=unsolicited)
    refused(okta.post(xml, relay_state=request if relay_state == "request" else relay_state), "unsolicited")
    assert not AuthnRequest.objects.exclude(response="").exists()


def test_s6_the_request_of_another_provider_is_refused(okta, places, ada):
    other = way(places[1], "Entra", idp=okta.idp)
    other.browser = okta.browser
    request = other.begin()
    refused(okta.deliver(okta.idp.respond(okta.answer(request)), relay_state=request), "request_gone")
    assert not AuthnRequest.objects.get(pk=request).response


def test_s6_the_relay_state_of_another_tab_does_not_matter(okta, ada):
    first, second = okta.begin(), okta.begin()
    xml = okta.idp.respond(okta.answer(first))
    assert okta.post(xml, relay_state=second).status_code == 302
    assert not AuthnRequest.objects.get(pk=second).consumed_at


def test_s6_two_tabs_sign_in_one_after_the_other(okta, ada):
    requests = [okta.begin() for _ in range(2)]
    for request in requests:
        assert okta.post(okta.idp.respond(okta.answer(request))).status_code == 302


def test_s6_the_answer_to_a_test_signs_nobody_in(client, okta, ada):
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    where = {"workspace": "acme", "environment": "test", "provider": okta.use.identity_provider_id}
    request = requested(client.get(reverse("authentication:provider-test-start", kwargs=where)))
    report = okta.deliver(okta.idp.respond(okta.answer(request)))["Location"]
    assert report.endswith(f"/test/{request}/")
    refused(client.get(f"{okta.acs}/{request}"), "request_gone")


# S7: one assertion, one session. --------------------------------------------------------------------------------------


def test_s7_one_response_makes_one_session(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    assert okta.post(xml).status_code == 302
    assert okta.post(xml).status_code == 403
    assert EndUserSession.objects.count() == 1 and not AuthnRequest.objects.exclude(response="").exists()


def test_s7_the_end_of_a_sign_in_cannot_be_repeated(okta, ada):
    stored = okta.deliver(okta.idp.respond(okta.answer(okta.begin())))["Location"]
    assert [okta.browser.get(stored).status_code for _ in range(2)] == [302, 403]


def test_s7_nor_does_its_assertion_in_answer_to_another_request(okta, ada):
    first = okta.answer(okta.begin())
    assert okta.post(okta.idp.respond(first)).status_code == 302
    again = replace(first, request_id=okta.begin())
    assert okta.post(okta.idp.respond(again)).status_code == 403
    assert reasons() == ["", "replayed"]


def test_a_sign_in_takes_few_statements_and_no_savepoint(okta, ada, django_assert_num_queries):
    """Each is a round trip, and all but those of the post are within the transaction."""
    EnvironmentProvider.objects.update(method="jit", syncs_groups=True)
    groups = {"workspace_end_user_groups": ["Engineering"]}
    okta.sign_in(attributes=groups)
    xml = okta.idp.respond(okta.answer(okta.begin(), attributes=groups))
    with django_assert_num_queries(2):  # the request, and the response stored at it
        stored = okta.deliver(xml)
    # Request, certificates; used up: request, assertion; policy, providers; identity, person, access, groups; attempt,
    # session; begin and commit.
    with django_assert_num_queries(14):
        assert okta.browser.get(stored["Location"]).status_code == 302


def test_s7_what_has_expired_is_swept_by_the_next_sign_in(okta, ada):
    okta.sign_in()
    okta.deliver(okta.idp.respond(okta.answer(okta.begin())))
    kept = (AuthnRequest, ConsumedAssertion)
    for model in kept:
        model.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    okta.begin()
    assert [model.objects.count() for model in kept] == [1, 0]


# S8: only the diagonal. -----------------------------------------------------------------------------------------------


def test_s8_of_three_providers_urls_and_keys_only_the_diagonal_signs_in(places):
    globex = environments("globex")[1]
    ways = [way(places[1], "One"), way(places[1], "Two"), way(globex)]
    for place in (places[1], globex):
        factories.end_user(place)
    for asked, posted, signing in product(ways, repeat=3):
        asked.browser = posted.browser = Client()
        answer = posted.answer(asked.begin(), _ada_of(posted))
        response = posted.post(signing.idp.respond(answer))
        assert (response.status_code == 302) == (asked is posted is signing)
    assert EndUserSession.objects.count() == 3


def test_s8_two_tenants_may_use_the_same_idp(places):
    shared, globex = Idp(), environments("globex")[1]
    ways = [way(places[1], idp=shared), way(globex, idp=shared)]
    for place in (places[1], globex):
        factories.end_user(place)
    for asked, posted, addressed in product(ways, repeat=3):
        asked.browser = posted.browser = Client()
        answer = addressed.answer(asked.begin(), _ada_of(addressed))
        assert (posted.post(shared.respond(answer)).status_code == 302) == (asked is posted is addressed)
    assert EndUserSession.objects.count() == 2


def _ada_of(theirs: Way) -> str:
    return f"ada.winter@{theirs.environment.workspace.slug}.example"


# S9: what was switched off meanwhile. ---------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["at the IdP", "stored"])
@pytest.mark.parametrize("off", ["provider", "saml"])
def test_s9_what_was_switched_off_meanwhile_is_refused(okta, ada, off, step):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = okta.deliver(xml)["Location"] if step == "stored" else ""
    if off == "provider":
        disable_provider(use=okta.use, by=SYSTEM)
    else:
        switch_saml(environment=okta.environment, is_enabled=False, by=SYSTEM)
    refused(okta.browser.get(stored) if stored else okta.post(xml), "provider_off")


def test_s9_a_person_deactivated_meanwhile_is_refused(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert refused(okta.post(xml), "deactivated").end_user == ada


def test_s9_a_person_who_lost_access_meanwhile_is_refused(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    set_manual_access(end_user=ada, environments=[], by=SYSTEM)
    assert refused(okta.post(xml), "no_access").end_user == ada


def test_s9_a_certificate_replaced_meanwhile_counts_no_longer(okta, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    connect(okta.use, Idp())
    refused(okta.post(xml), "certificate_unknown")


@pytest.mark.parametrize("step", ["at the IdP", "stored"])
def test_s9_a_provider_removed_meanwhile_is_refused(okta, places, ada, step):
    use_provider(provider=okta.use.identity_provider, environment=places[0], by=SYSTEM)
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = okta.deliver(xml)["Location"] if step == "stored" else ""
    remove_provider(use=okta.use, by=SYSTEM)
    refused(okta.browser.get(stored) if stored else okta.post(xml), "request_gone")


def test_s9_a_domain_given_to_another_provider_meanwhile_is_refused(okta, places, ada):
    xml = okta.idp.respond(okta.answer(okta.begin()))
    other = way(places[1], "Entra")
    EnvironmentProvider.objects.filter(pk=other.use.pk).update(enforcement="selected_domains", domains=["acme.example"])
    refused(okta.post(xml), "foreign_domain")


def test_s9_deactivation_ends_the_session_that_saml_began(okta, ada):
    okta.sign_in()
    deactivate_end_user(end_user=ada, by=SYSTEM)
    assert not okta.is_in()


# S10: nobody is led elsewhere. ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/operator/",
        "javascript:alert(1)",
        "/sign-in/globex/test/account/",
        "/sign-in/acme/test/account/\0",
        "/sign-in/acme/test/account/" + "a" * 500,
    ],
)
def test_s10_nobody_is_sent_to_another_place(okta, ada, path):
    xml = okta.idp.respond(okta.answer(okta.begin(f"?next={quote(path)}")))
    assert okta.post(xml, relay_state=path)["Location"] == url(okta.environment, "account/")


def test_s10_the_way_on_from_the_acs_is_on_our_own_origin(okta, ada, settings):
    settings.ALLOWED_HOSTS = ["*"]
    xml = okta.idp.respond(okta.answer(okta.begin()))
    stored = Client().post(okta.acs, {"SAMLResponse": encode(xml)}, headers={"Host": "evil.example"})
    assert stored["Location"].startswith(f"{okta.use.identity_provider.acs_url}/")


# S11: whom a NameID means. --------------------------------------------------------------------------------------------


def test_s11_a_provider_of_selected_domains_speaks_for_those_alone(okta, ada):
    EnvironmentProvider.objects.update(enforcement="selected_domains", domains=["globex.example"])
    refused(okta.sign_in(), "foreign_domain")


def test_s11_nobody_else_speaks_for_a_domain_that_was_given_to_a_provider(okta, places, ada):
    other = way(places[1], "Entra")
    EnvironmentProvider.objects.filter(pk=other.use.pk).update(enforcement="selected_domains", domains=["acme.example"])
    refused(okta.sign_in(), "foreign_domain")
    assert other.sign_in().status_code == 302


def test_s11_the_same_nameid_is_the_same_person_whatever_the_address(okta, ada):
    for email in (ADA, "somebody.else@acme.example"):
        assert named(okta, "u-1", email).status_code == 302
    assert {session.end_user for session in EndUserSession.objects.all()} == {ada}
    assert EndUser.objects.get().email == ADA


def test_s11_the_same_nameid_of_another_idp_or_format_is_not_the_same_person(okta, places, ada):
    named(okta, "u-1", ADA)
    other = way(places[1], "Entra")
    assert named(other, "u-1", "").status_code == 403
    assert okta.sign_in("u-1", name_id_format=EMAIL).status_code == 403
    connect(okta.use, Idp(entity_id="https://another.example"))
    okta.idp = Idp(entity_id="https://another.example")
    connect(okta.use, okta.idp)
    assert named(okta, "u-1", "").status_code == 403
    assert reasons() == ["", "no_email", "no_email", "no_email"]


def test_s11_a_recycled_address_does_not_bring_in_somebody_else(okta, ada):
    for name_id in ("u-1", "u-2"):
        response = named(okta, name_id, ADA)
    assert response.status_code == 403 and reasons() == ["", "identity_taken"]


def test_s11_a_nameid_that_is_the_address_goes_to_who_has_the_address_now(okta, places, ada):
    assert okta.sign_in().status_code == 302 and not SamlIdentity.objects.exists()
    update_profile(
        end_user=ada,
        profile=workspace_profile.Profile("Ada Winter", "ada.summer@acme.example", SYSTEM.source),
        by=SYSTEM,
    )
    successor = person(places[1], name="Ada Winter", password="")
    okta.sign_in()
    assert EndUserSession.objects.latest("id").end_user == successor


def test_s11_an_address_becomes_no_console_account(okta, places):
    owner = factories.administrator(places[0].workspace)
    operator = User.objects.create_superuser("operator@acme.example", "correct horse battery")
    accounts = list(User.objects.order_by("pk").values())
    jit = way(places[2], "Entra", method=Method.JIT)
    for email in (owner.user.email, operator.email):
        jit.browser = Client()
        assert jit.sign_in(email).status_code == 302 and jit.is_in()
        for page in ("/workspaces/acme/prod/groups/", "/operator/"):
            assert "next=" in jit.browser.get(page)["Location"]
    assert list(User.objects.order_by("pk").values()) == accounts
    assert Administrator.objects.get() == owner


def named(theirs: Way, name_id: str, email: str) -> Any:
    attributes = {"email": [email]} if email else {}
    return theirs.sign_in(name_id, name_id_format=PERSISTENT, attributes=attributes)
