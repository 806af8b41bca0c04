"""Single logout, signed both ways: S14 of security.md."""

from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from lxml import etree
from saml2.xml.schema import validate

from authentication.actions.policies import switch_saml
from authentication.actions.provider_use import use_provider
from authentication.models import EndUserSession, IdentityProvider, LogoutRequest, ServiceProviderKey, SignInAttempt
from authentication.saml.endpoints import SingleLogout
from authentication.saml.name_ids import NameId
from tests.authentication.end_users import is_signed_in, person, sign_in, url
from tests.authentication.logouts import (
    BINDINGS,
    BY_POST,
    BY_REDIRECT,
    SLO,
    UNKNOWN,
    asked,
    bytes_of,
    deliver,
    fields_of,
    inflated,
    is_signed_by_us,
    leave,
    message,
    open_sessions,
    refused,
    status,
    verify_inside,
)
from tests.authentication.ways import ADA, Way, connect, way
from tests.idp import NS, PERSISTENT, Idp
from workspace.crypto import unseal
from workspace.events import SYSTEM
from workspace.models import ChangeEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]


# Signing out here. ----------------------------------------------------------------------------------------------------


def test_s14_signing_out_ends_the_session_at_once_and_leads_on_to_the_idp(okta, ada):
    okta.sign_in()
    response = leave(okta)
    assert response.status_code == 200 and open_sessions() == 0 and not okta.is_in()
    assert EndUserSession.objects.get().end_reason == "signed_out"
    root, query = asked(response)
    assert response["Refresh"].startswith(f"0; url={SLO}?SAMLRequest=")
    assert unescape(response.content.decode()).count(f"{SLO}?{query}") == 1  # the link, where nothing happens
    provider, request = okta.environment_provider.identity_provider, LogoutRequest.objects.get()
    assert (root.get("ID"), root.get("Destination")) == (request.pk, SLO)
    assert root.findtext("saml:Issuer", namespaces=NS) == provider.sp_entity_id
    assert root.findtext("saml:NameID", namespaces=NS) == ADA
    assert root.findtext("samlp:SessionIndex", namespaces=NS) == "session-1"
    assert root.get("NotOnOrAfter") > root.get("IssueInstant")
    validate(etree.tostring(root).decode())


def test_s14_the_request_is_signed_by_the_certificate_of_our_metadata(okta, ada):
    okta.sign_in()
    _, query = asked(leave(okta))
    assert list(parse_qs(query)) == ["SAMLRequest", "RelayState", "SigAlg", "Signature"]
    assert is_signed_by_us(okta, query)


def test_s14_an_idp_that_takes_posts_gets_a_form_with_a_signature_inside(okta, ada):
    connect(okta.environment_provider, okta.idp, slo=BY_POST)
    okta.sign_in()
    page = leave(okta)
    assert f'action="{SLO}"' in page.content.decode() and "Refresh" not in page
    assert "form-action https://idp.example;" in page["Content-Security-Policy"] + ";"
    root = verify_inside(okta, bytes_of(fields_of(page)["SAMLRequest"]))
    assert root.findtext("saml:NameID", namespaces=NS) == ADA and open_sessions() == 0


@pytest.mark.parametrize(
    "attributes",
    [
        {},
        {
            "Format": PERSISTENT,
            "NameQualifier": "https://idp.example/metadata",
            "SPNameQualifier": "https://sp.example",
        },
    ],
    ids=["none", "all"],
)
def test_s14_the_name_id_goes_back_as_it_came(okta, ada, attributes):
    def rename(root):
        name_id = root.find(".//saml:NameID", NS)
        name_id.attrib.clear()
        name_id.attrib.update(attributes)

    answer = okta.answer(okta.begin(), attributes={"mail": [ADA]})
    assert okta.post(okta.idp.respond(answer, edit=rename)).status_code == 302
    root, _ = asked(leave(okta))
    assert dict(root.find("saml:NameID", NS).attrib) == attributes


def test_s14_the_name_id_is_sealed_in_the_session(okta, ada):
    okta.sign_in()
    session = EndUserSession.objects.get()
    assert ADA not in str(EndUserSession.objects.values().get())
    assert NameId.from_json(unseal(session.sealed_name_id)).text == ADA
    assert session.session_index == "session-1"


def test_s14_an_index_too_long_to_be_kept_is_left_out(okta, ada):
    def lengthen(root):
        root.find(".//saml:AuthnStatement", NS).set("SessionIndex", "x" * 501)

    okta.post(okta.idp.respond(okta.answer(okta.begin()), edit=lengthen))
    root, _ = asked(leave(okta))
    assert root.find("samlp:SessionIndex", NS) is None


def test_s14_without_a_single_logout_url_signing_out_is_local(okta, ada):
    connect(okta.environment_provider, okta.idp)
    okta.sign_in()
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")
    assert open_sessions() == 0 and not LogoutRequest.objects.exists()


def test_s14_who_signed_in_with_a_password_signs_out_locally(okta, ada):
    IdentityProvider.objects.all().update(slo_url=SLO)
    okta.environment_provider.enforcement = "no_one"
    okta.environment_provider.save()
    sign_in(okta.browser, okta.environment)
    assert okta.is_in()
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")


def test_s14_the_idp_of_before_is_not_named_to_another_one(okta, ada):
    okta.sign_in()
    connect(okta.environment_provider, Idp("https://another.example"), slo=BY_REDIRECT)
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")
    assert open_sessions() == 0


@pytest.mark.parametrize("lost", ["signing key", "NameID"])
def test_s14_the_session_ends_also_where_a_secret_cannot_be_opened(okta, ada, lost):
    okta.sign_in()
    foreign = "AAAA" * 20
    if lost == "NameID":
        EndUserSession.objects.update(sealed_name_id=foreign)
    else:
        ServiceProviderKey.objects.update(sealed_key=foreign)
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")
    assert open_sessions() == 0


def test_s14_signing_out_everywhere_leads_on_to_the_idp_too(okta, ada):
    for _ in range(2):
        okta.sign_in()
    asked(okta.browser.post(url(okta.environment, "account/sessions/end/")))
    assert open_sessions() == 0


# The answer to that. --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_the_answer_leads_to_the_page_that_says_so_once(okta, ada, binding):
    okta.sign_in()
    request_id = asked(leave(okta))[0].get("ID")
    response = deliver(okta, message(okta, in_response_to=request_id), binding, relay_state=request_id)
    assert response["Location"] == url(okta.environment, "signed-out/")
    assert not LogoutRequest.objects.exists()
    refused(deliver(okta, message(okta, in_response_to=request_id), binding), "logout_unasked", sessions=0)


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_the_answer_to_no_request_of_ours_to_this_provider_is_refused(okta, ada, places, binding):
    entra = way(places[1], "Entra", idp=okta.idp)
    connect(entra.environment_provider, entra.idp, slo=BY_REDIRECT)
    okta.sign_in()
    request_id = asked(leave(okta))[0].get("ID")
    refused(deliver(entra, message(entra, in_response_to=request_id), binding), "logout_unasked", sessions=0)
    SignInAttempt.objects.all().delete()
    LogoutRequest.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused(deliver(okta, message(okta, in_response_to=request_id), binding), "logout_unasked", sessions=0)


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_an_idp_that_failed_is_told_to_the_administrator(okta, ada, binding):
    okta.sign_in()
    request_id = asked(leave(okta))[0].get("ID")
    failed = message(okta, in_response_to=request_id, status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    refused(deliver(okta, failed, binding), "logout_failed", sessions=0)


# Signing out there. ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_request_ends_the_session_and_is_answered(okta, ada, binding):
    okta.sign_in()
    response = deliver(okta, message(okta), binding, relay_state="a b&c")
    assert response.status_code == 302 and response["Location"].startswith(f"{SLO}?SAMLResponse=")
    assert not okta.is_in()
    assert EndUserSession.objects.get().end_reason == "signed_out_at_provider"
    query = urlsplit(response["Location"]).query
    assert is_signed_by_us(okta, query) and parse_qs(query)["RelayState"] == ["a b&c"]
    root = inflated(parse_qs(query)["SAMLResponse"][0])
    assert (root.get("InResponseTo"), root.get("Destination")) == ("_logout-1", SLO)
    assert root.find("samlp:Status/samlp:StatusCode", NS).get("Value").endswith(":Success")
    validate(etree.tostring(root).decode())


def test_s14_what_a_request_ended_is_one_event(okta, ada):
    for _ in range(2):
        okta.sign_in()
    deliver(okta, message(okta))
    event = ChangeEvent.objects.get(action="end_user.sessions_ended")
    assert event.sentence == "Okta ended 2 sessions of Ada Winter <ada.winter@acme.example> in TEST."
    assert (event.actor_kind, event.actor_id) == ("connection", str(okta.environment_provider.identity_provider_id))


def test_s14_an_idp_that_takes_posts_gets_the_answer_as_a_form(okta, ada):
    connect(okta.environment_provider, okta.idp, slo=SingleLogout(SLO, "post", f"{SLO}-done"))
    okta.sign_in()
    page = deliver(okta, message(okta), "post", relay_state="state")
    assert page.status_code == 200 and f'action="{SLO}-done"' in page.content.decode()
    assert "form-action https://idp.example;" in page["Content-Security-Policy"] + ";"
    fields = fields_of(page)
    root = verify_inside(okta, bytes_of(fields["SAMLResponse"]))
    assert fields["RelayState"] == "state" and root.get("Destination") == f"{SLO}-done"


def test_s14_the_answer_goes_to_the_url_for_answers(okta, ada):
    connect(okta.environment_provider, okta.idp, slo=SingleLogout(SLO, "redirect", f"{SLO}-done?a=1"))
    assert deliver(okta, message(okta))["Location"].startswith(f"{SLO}-done?a=1&SAMLResponse=")


def test_s17_a_request_is_answered_also_where_nobody_was_signed_in(okta, ada):
    assert status(deliver(okta, message(okta))) == UNKNOWN
    assert not ChangeEvent.objects.filter(action="end_user.sessions_ended").exists()


def test_s14_sessions_of_others_stay(okta, ada, places):
    """Another person's, one with a password, and the same person's through another provider with the same IdP."""
    okta.environment_provider.enforcement = "no_one"
    okta.environment_provider.save()
    bo = person(places[1], name="Bo Summer")
    entra = way(places[1], "Entra", idp=okta.idp)
    entra.environment_provider.enforcement = "no_one"
    entra.environment_provider.save()
    okta.sign_in()
    others = [Client() for _ in range(2)]
    okta.browser, first = others[0], okta.browser
    okta.sign_in(bo.email)
    okta.browser = first
    sign_in(others[1], places[1])
    entra.sign_in()
    deliver(okta, message(okta, session_indexes=()))
    assert not okta.is_in() and entra.is_in()
    assert all(is_signed_in(browser, places[1]) for browser in others)


def test_s14_of_two_sessions_the_one_with_the_index_ends_and_without_one_both(okta, ada):
    browsers = [Client(), Client()]
    for number, browser in enumerate(browsers):

        def index(root, number=number):
            root.find(".//saml:AuthnStatement", NS).set("SessionIndex", f"index-{number}")

        okta.browser = browser
        okta.post(okta.idp.respond(okta.answer(okta.begin()), edit=index))
    deliver(okta, message(okta, session_indexes=["index-1", "index-9"]))
    assert [is_signed_in(browser, okta.environment) for browser in browsers] == [True, False]
    deliver(okta, message(okta, id="_logout-2", session_indexes=()))
    assert open_sessions() == 0


def test_s14_a_session_without_an_index_ends_whatever_index_is_named(okta, ada):
    def unnamed(root):
        del root.find(".//saml:AuthnStatement", NS).attrib["SessionIndex"]

    okta.post(okta.idp.respond(okta.answer(okta.begin()), edit=unnamed))
    deliver(okta, message(okta, session_indexes=["any"]))
    assert open_sessions() == 0


@pytest.mark.parametrize(
    ("changes", "is_meant"),
    [
        ({"qualifiers": {"NameQualifier": "https://idp.example/metadata"}}, True),
        ({"qualifiers": {"NameQualifier": "https://elsewhere.example"}}, False),
        ({"qualifiers": {"SPNameQualifier": "https://elsewhere.example"}}, False),
        ({"name_id_format": PERSISTENT}, False),
        ({"name_id_format": ""}, True),
        ({"person": ADA.upper()}, False),
    ],
    ids=str,
)
def test_s14_a_name_id_means_the_same_when_all_its_parts_do(okta, ada, changes, is_meant):
    okta.sign_in()
    assert status(deliver(okta, message(okta, **changes))) == ("Success" if is_meant else UNKNOWN)
    assert open_sessions() == (0 if is_meant else 1)


def test_s14_the_sessions_in_every_environment_of_the_provider_end(okta, ada, places):
    switch_saml(environment=places[0], is_enabled=True, by=SYSTEM)
    dev = Way(
        use_provider(provider=okta.environment_provider.identity_provider, environment=places[0], by=SYSTEM), okta.idp
    )
    for each in (okta, dev):
        each.sign_in()
    assert dev.is_in()
    deliver(okta, message(okta))
    assert open_sessions() == 0
    assert ChangeEvent.objects.filter(action="end_user.sessions_ended").count() == 2
