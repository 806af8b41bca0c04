"""Single logout, signed both ways: S14 of security.md."""

import base64
import logging
import re
import zlib
from collections.abc import Callable
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from uuid import uuid4

import pytest
import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client
from django.utils import timezone
from lxml import etree
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.saml import NameID
from saml2.sigver import RSACrypto, verify_redirect_signature
from saml2.xml.schema import validate

from authentication import pending
from authentication.actions.identity_providers import connect_provider, use_provider
from authentication.actions.metadata_refresh import Outcome, confirm_metadata, refresh_metadata
from authentication.actions.policies import switch_saml
from authentication.actions.service_provider import published_certificates
from authentication.models import (
    ConsumedLogout,
    EndUserSession,
    IdentityProvider,
    LogoutRequest,
    ServiceProviderKey,
    SignInAttempt,
)
from authentication.saml.key_pairs import new_key_pair
from authentication.saml.metadata import SingleLogout, parse_idp_metadata
from authentication.saml.name_ids import NameId
from provisioning.practice_idp.demo import Demo, DemoPerson, Provider
from provisioning.practice_idp.demo import Environment as DemoEnvironment
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.site import SignInSite
from tests import factories
from tests.authentication.end_users import environments, is_signed_in, person, sign_in, url
from tests.authentication.ways import ADA, Way, connect, way
from tests.idp import (
    NS,
    PERSISTENT,
    RSA_SHA1,
    SHA1,
    Idp,
    Logout,
    PySaml2Idp,
    Style,
    deflate,
    ec_key,
    encode,
)
from workspace.console.navigation import page_url
from workspace.crypto import seal, unseal
from workspace.events import SYSTEM
from workspace.models import ChangeEvent, EndUser, Environment

pytestmark = pytest.mark.django_db
SLO = "https://idp.example/slo"
BY_REDIRECT, BY_POST = SingleLogout(SLO, "redirect"), SingleLogout(SLO, "post")
BINDINGS = ["redirect", "post"]
IDP = Idp()
# A pair takes a second to make, and which one it is does not matter.
PAIR = new_key_pair("https://console.example", now=timezone.now())


@pytest.fixture
def places() -> list[Environment]:
    places, (private_pem, certificate) = environments(), PAIR
    ServiceProviderKey.objects.create(
        workspace=places[0].workspace, certificate=certificate.pem, sealed_key=seal(private_pem), state="active",
        fingerprint=certificate.fingerprint, not_after=certificate.not_after,
    )  # fmt: skip
    return places


@pytest.fixture
def okta(places) -> Way:
    found = way(places[1], idp=IDP)
    connect(found.use, found.idp, slo=BY_REDIRECT)
    found.use.identity_provider.refresh_from_db()
    return found


@pytest.fixture
def ada(places) -> EndUser:
    return person(*places)


def slo(okta: Way) -> str:
    return urlsplit(okta.use.identity_provider.sp_slo_url).path


def message(okta: Way, **changes: Any) -> Logout:
    """An honest logout message for the person who has signed in."""
    honest: dict[str, Any] = {"slo_url": okta.use.identity_provider.sp_slo_url, "now": timezone.now(), "person": ADA}
    return Logout(**honest | changes)


def deliver(okta: Way, logout: Logout, binding: str = "redirect", idp: Idp | None = None, **how: Any) -> Any:
    """Bring a message to our URL in a browser without our cookies, as from another site."""
    idp, relay_state = idp or okta.idp, how.pop("relay_state", "")
    if binding == "post":
        fields = {logout.field: encode(idp.log_out(logout, **how)), "RelayState": relay_state}
        return Client().post(slo(okta), fields)
    xml = idp.log_out(logout, style=None, edit=how.pop("edit", None))
    return Client().get(f"{slo(okta)}?{idp.redirect_query(logout.field, xml, relay_state, **how)}")


def leave(okta: Way) -> Any:
    """Press Sign out."""
    return okta.browser.post(url(okta.environment, "sign-out/"))


def asked(response: Any) -> tuple[etree._Element, str]:
    """The message with which a page leads to the IdP, and its query."""
    query = urlsplit(response["Refresh"].removeprefix("0; url=")).query
    return inflated(parse_qs(query)["SAMLRequest"][0]), query


def inflated(field: str) -> etree._Element:
    return etree.fromstring(zlib.decompress(bytes_of(field), -15))


def bytes_of(field: str) -> bytes:
    return base64.b64decode(field)


def is_signed_by_us(okta: Way, query: str) -> bool:
    """Whether the octets of a query are signed by the certificate that our metadata shows."""
    octets, _, signature = query.rpartition("&Signature=")
    (certificate,) = published_certificates(okta.environment.workspace)
    key: Any = x509.load_pem_x509_certificate(certificate.pem.encode()).public_key()
    key.verify(bytes_of(unquote(signature)), octets.encode(), padding.PKCS1v15(), hashes.SHA256())
    return True


def verify_inside(okta: Way, xml: bytes) -> etree._Element:
    (certificate,) = published_certificates(okta.environment.workspace)
    root = etree.fromstring(xml)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(certificate.pem, xmlsec.constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.verify(root.find("ds:Signature", NS))
    return root


def fields_of(page: Any) -> dict[str, str]:
    form = etree.HTML(page.content.decode()).find(".//main//form")
    return {each.get("name"): each.get("value") for each in form.iter("input")}


def open_sessions() -> int:
    return EndUserSession.objects.filter(ended_at=None).count()


def refused(response: Any, reason: str, sessions: int = 1) -> None:
    """A neutral page that leads nowhere, one attempt that knows why, and nobody is signed out."""
    page = unescape(response.content.decode())
    assert response.status_code == 403 and "no-store" in response["Cache-Control"]
    assert "This sign-out was not accepted" in page and SLO not in page and reason not in page
    attempt = SignInAttempt.objects.get(outcome="no_logout")
    assert attempt.reason == reason and str(attempt.pk) in page
    assert open_sessions() == sessions


# Signing out here. ----------------------------------------------------------------------------------------------------


def test_s14_signing_out_ends_the_session_at_once_and_leads_on_to_the_idp(okta, ada):
    okta.sign_in()
    response = leave(okta)
    assert response.status_code == 200 and open_sessions() == 0 and not okta.is_in()
    assert EndUserSession.objects.get().end_reason == "signed_out"
    root, query = asked(response)
    assert response["Refresh"].startswith(f"0; url={SLO}?SAMLRequest=")
    assert unescape(response.content.decode()).count(f"{SLO}?{query}") == 1  # the link, where nothing happens
    provider, request = okta.use.identity_provider, LogoutRequest.objects.get()
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
    connect(okta.use, okta.idp, slo=BY_POST)
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
    connect(okta.use, okta.idp)
    okta.sign_in()
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")
    assert open_sessions() == 0 and not LogoutRequest.objects.exists()


def test_s14_who_signed_in_with_a_password_signs_out_locally(okta, ada):
    IdentityProvider.objects.all().update(slo_url=SLO)
    okta.use.enforcement = "no_one"
    okta.use.save()
    sign_in(okta.browser, okta.environment)
    assert okta.is_in()
    assert leave(okta)["Location"] == url(okta.environment, "signed-out/")


def test_s14_the_idp_of_before_is_not_named_to_another_one(okta, ada):
    okta.sign_in()
    connect(okta.use, Idp("https://another.example"), slo=BY_REDIRECT)
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
    connect(entra.use, entra.idp, slo=BY_REDIRECT)
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
    assert (event.actor_kind, event.actor_id) == ("connection", str(okta.use.identity_provider_id))


def test_s14_an_idp_that_takes_posts_gets_the_answer_as_a_form(okta, ada):
    connect(okta.use, okta.idp, slo=SingleLogout(SLO, "post", f"{SLO}-done"))
    okta.sign_in()
    page = deliver(okta, message(okta), "post", relay_state="state")
    assert page.status_code == 200 and f'action="{SLO}-done"' in page.content.decode()
    assert "form-action https://idp.example;" in page["Content-Security-Policy"] + ";"
    fields = fields_of(page)
    root = verify_inside(okta, bytes_of(fields["SAMLResponse"]))
    assert fields["RelayState"] == "state" and root.get("Destination") == f"{SLO}-done"


def test_s14_the_answer_goes_to_the_url_for_answers(okta, ada):
    connect(okta.use, okta.idp, slo=SingleLogout(SLO, "redirect", f"{SLO}-done?a=1"))
    assert deliver(okta, message(okta))["Location"].startswith(f"{SLO}-done?a=1&SAMLResponse=")


def test_s14_a_request_is_answered_also_where_nobody_was_signed_in(okta, ada):
    assert deliver(okta, message(okta)).status_code == 302
    assert not ChangeEvent.objects.filter(action="end_user.sessions_ended").exists()


def test_s14_sessions_of_others_stay(okta, ada, places):
    """Another person's, one with a password, and the same person's through another provider with the same IdP."""
    okta.use.enforcement = "no_one"
    okta.use.save()
    bo = person(places[1], name="Bo Summer")
    entra = way(places[1], "Entra", idp=okta.idp)
    entra.use.enforcement = "no_one"
    entra.use.save()
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
        ({"name_id_format": ""}, False),
        ({"person": ADA.upper()}, False),
    ],
    ids=str,
)
def test_s14_a_name_id_means_the_same_when_all_its_parts_do(okta, ada, changes, is_meant):
    okta.sign_in()
    assert deliver(okta, message(okta, **changes)).status_code == 302
    assert open_sessions() == (0 if is_meant else 1)


def test_s14_the_sessions_in_every_environment_of_the_provider_end(okta, ada, places):
    switch_saml(environment=places[0], is_enabled=True, by=SYSTEM)
    dev = Way(use_provider(provider=okta.use.identity_provider, environment=places[0], by=SYSTEM), okta.idp)
    for each in (okta, dev):
        each.sign_in()
    assert dev.is_in()
    deliver(okta, message(okta))
    assert open_sessions() == 0
    assert ChangeEvent.objects.filter(action="end_user.sessions_ended").count() == 2


# What is refused. -----------------------------------------------------------------------------------------------------


def issued_by(entity_id: str) -> Callable[[etree._Element], None]:
    def edit(root: etree._Element) -> None:
        root.find("saml:Issuer", NS).text = entity_id

    return edit


def without(name: str) -> Callable[[etree._Element], None]:
    return lambda root: root.attrib.pop(name)


def with_white_space(root: etree._Element) -> None:
    root.find("saml:NameID", NS).text += " "


HOUR = timedelta(hours=1)
NO_ID_INSIDE = ("no id", "post")  # a signature inside could not name what it covers
WRONGS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "other issuer": ("wrong_issuer", {}, {"edit": issued_by("https://elsewhere.example")}),
    "other destination": ("logout_destination", {"slo_url": "https://elsewhere.example/slo"}, {}),
    "no destination": ("logout_destination", {}, {"edit": without("Destination")}),
    "ended": ("logout_expired", {"lifetime": timedelta(minutes=-2)}, {}),
    "too old": ("logout_expired", {"age": HOUR, "lifetime": timedelta(days=1)}, {}),
    "not yet": ("not_yet_valid", {"age": -timedelta(minutes=2)}, {}),
    "no id": ("bad_id", {}, {"edit": without("ID")}),
    "no time": ("unreadable_time", {}, {"edit": without("IssueInstant")}),
    "other version": ("wrong_version", {}, {"edit": lambda root: root.set("Version", "1.1")}),
    "white space": ("name_id", {}, {"edit": with_white_space}),
    "no name": ("unexpected_structure", {}, {"edit": lambda root: root.remove(root.find("saml:NameID", NS))}),
    "extension": ("unexpected_structure", {}, {"edit": lambda root: etree.SubElement(root, "{urn:x}Extensions")}),
    "comment": ("forbidden_markup", {}, {"edit": lambda root: root.append(etree.Comment("x"))}),
}


@pytest.mark.parametrize(
    ("wrong", "binding"), [(wrong, each) for wrong in WRONGS for each in BINDINGS if (wrong, each) != NO_ID_INSIDE]
)
def test_s14_a_request_that_is_wrong_ends_nothing_and_is_not_answered(okta, ada, wrong, binding):
    reason, changes, how = WRONGS[wrong]
    okta.sign_in()
    now = timezone.now() - changes.get("age", timedelta())
    changes = {name: value for name, value in changes.items() if name != "age"}
    refused(deliver(okta, message(okta, now=now, **changes), binding, **how), reason)
    assert not ConsumedLogout.objects.exists()


@pytest.mark.parametrize("kind", ["request", "response"])
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_message_signed_by_another_key_is_refused(okta, ada, binding, kind):
    okta.sign_in()
    answers = "_request" if kind == "response" else ""
    response = deliver(okta, message(okta, in_response_to=answers), binding, Idp(okta.idp.entity_id))
    refused(response, "certificate_unknown" if binding == "post" else "signature_invalid")


@pytest.mark.parametrize("kind", ["request", "response"])
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_a_message_without_a_signature_is_refused(okta, ada, binding, kind):
    okta.sign_in()
    logout = message(okta, in_response_to="_request" if kind == "response" else "")
    xml = okta.idp.log_out(logout, style=None)
    if binding == "post":
        response = Client().post(slo(okta), {logout.field: encode(xml)})
    else:
        response = Client().get(slo(okta), {logout.field: deflate(xml)})
    refused(response, "logout_not_signed")


@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_sha1_is_taken_only_where_the_provider_allows_it(okta, ada, binding):
    okta.sign_in()
    how = {"style": Style(RSA_SHA1, SHA1)} if binding == "post" else {"method": RSA_SHA1}
    refused(deliver(okta, message(okta), binding, **how), "weak_algorithm")
    IdentityProvider.objects.update(allows_sha1=True)
    assert deliver(okta, message(okta), binding, **how).status_code == 302 and open_sessions() == 0


@pytest.mark.parametrize("bindings", [(one, other) for one in BINDINGS for other in BINDINGS], ids=str)
def test_s14_a_request_counts_once_by_whichever_binding(okta, ada, bindings):
    logout = message(okta)
    assert deliver(okta, logout, bindings[0]).status_code == 302
    okta.sign_in()
    refused(deliver(okta, logout, bindings[1]), "logout_replayed")


def test_s14_a_request_is_remembered_until_it_would_be_refused_for_its_age(okta, ada):
    issued = timezone.now() - timedelta(minutes=59)
    deliver(okta, message(okta, now=issued, lifetime=None))
    expires_at = ConsumedLogout.objects.get().expires_at
    assert timedelta() <= issued + HOUR - expires_at < timedelta(seconds=1)  # the message has whole seconds
    ConsumedLogout.objects.update(expires_at=timezone.now())
    deliver(okta, message(okta, id="_logout-2"))
    assert ConsumedLogout.objects.get().request_id == "_logout-2"


def test_s14_two_providers_may_use_the_same_ids(okta, ada, places):
    entra = way(places[1], "Entra", idp=okta.idp)
    connect(entra.use, entra.idp, slo=BY_REDIRECT)
    assert [deliver(each, message(each)).status_code for each in (okta, entra)] == [302, 302]


def test_s14_a_request_of_one_provider_is_refused_at_another(okta, ada, places):
    entra = way(places[1], "Entra", idp=okta.idp)
    connect(entra.use, entra.idp, slo=BY_REDIRECT)
    okta.sign_in()
    refused(deliver(okta, message(entra)), "logout_destination")


def test_s14_where_nothing_can_be_answered_nothing_is_taken(okta, ada):
    okta.sign_in()
    IdentityProvider.objects.update(slo_url="", slo_binding="")
    refused(deliver(okta, message(okta)), "logout_off")


def test_s14_an_unknown_provider_answers_like_a_known_one(okta):
    response = Client().get(f"/saml/{uuid4()}/slo")
    assert response.status_code == 403 and "This sign-out was not accepted" in response.content.decode()
    assert not SignInAttempt.objects.exists()


@pytest.mark.parametrize("method", ["head", "put", "delete", "options"])
def test_s14_nothing_but_get_and_post_is_taken(okta, ada, method):
    xml = okta.idp.log_out(message(okta), style=None)
    okta.sign_in()
    getattr(Client(), method)(f"{slo(okta)}?{okta.idp.redirect_query('SAMLRequest', xml)}")
    assert open_sessions() == 1


def test_s14_nothing_of_a_refused_message_is_logged(okta, ada, caplog):
    caplog.set_level(logging.DEBUG)
    deliver(okta, message(okta, slo_url="https://elsewhere.example"))
    assert not {word for word in (ADA, "elsewhere.example", "session-1") if word in caplog.text}


# The redirect binding. ------------------------------------------------------------------------------------------------


def honest_query(okta: Way, relay_state: str = "state", **changes: Any) -> str:
    xml = okta.idp.log_out(message(okta, **changes), style=None)
    return okta.idp.redirect_query("SAMLRequest", xml, relay_state)


def parts(query: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in query.split("&"))


def joined(fields: dict[str, str]) -> str:
    return "&".join(f"{name}={value}" for name, value in fields.items())


def test_s14_the_signature_covers_the_octets_as_they_came(okta, ada):
    """Percent signs with lower-case digits, and characters that need none: encoding them again would differ."""
    fields = parts(honest_query(okta, "über~(a)"))
    fields = {name: value.replace("%2B", "%2b").replace("%2F", "/") for name, value in fields.items()}
    del fields["Signature"]
    signature = quote(encode(okta.idp.sign_octets(joined(fields).encode())), safe="")
    response = Client().get(f"{slo(okta)}?{joined(fields)}&Signature={signature}")
    assert parse_qs(urlsplit(response["Location"]).query)["RelayState"] == ["über~(a)"]


def test_s14_the_order_of_the_query_does_not_matter_nor_what_else_stands_in_it(okta, ada):
    fields = parts(honest_query(okta))
    shuffled = {"Signature": fields["Signature"], "utm": "1", "SigAlg": fields["SigAlg"], **fields}
    assert Client().get(f"{slo(okta)}?{joined(shuffled)}").status_code == 302


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"RelayState": "other"}, "signature_invalid"),
        ({"RelayState": None}, "signature_invalid"),
        ({"RelayState": "%73tate"}, "signature_invalid"),
        ({"SigAlg": quote("http://www.w3.org/2001/04/xmldsig-more#rsa-sha512", safe="")}, "signature_invalid"),
        ({"SigAlg": quote("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", safe="")}, "signature_invalid"),
        ({"SigAlg": quote(RSA_SHA1, safe="")}, "weak_algorithm"),
        ({"SigAlg": quote("http://www.w3.org/2000/09/xmldsig#hmac-sha1", safe="")}, "unsupported_signature"),
        ({"SigAlg": ""}, "unsupported_signature"),
        ({"SigAlg": None}, "logout_not_signed"),
        ({"Signature": None}, "logout_not_signed"),
        ({"Signature": ""}, "signature_invalid"),
        ({"Signature": "!"}, "signature_invalid"),
        ({"Signature": "%C3%A9"}, "signature_invalid"),
        ({"SAMLRequest": None}, "not_a_logout"),
        ({"SAMLRequest": "%00"}, "not_base64"),
        ({"SAMLRequest": "AAAA"}, "not_deflated"),
        ({"SAMLResponse": "AAAA"}, "not_a_logout"),
        ({"SAMLEncoding": "gzip"}, "not_deflated"),
        ({"RelayState": "x" * 2001}, "too_large"),
        ({"utm=1&RelayState": "other"}, "not_a_logout"),
        ({"utm=1&SAMLRequest": "AAAA"}, "not_a_logout"),
        ({"utm=1&SAML%52equest": "AAAA"}, None),
    ],
    ids=str,
)
def test_s14_a_query_that_was_changed_is_refused(okta, ada, change, reason):
    okta.sign_in()
    fields = {name: value for name, value in (parts(honest_query(okta)) | change).items() if value is not None}
    response = Client().get(f"{slo(okta)}?{joined(fields)}")
    if reason:
        refused(response, reason)
    else:
        assert response.status_code == 302  # another name is another field, which nobody reads


@pytest.mark.parametrize("query", ["", "=", "&", "SAMLRequest", "SAMLRequest=", "\udcff=%ff", "SAMLResponse=%FF&a"])
def test_s14_any_query_is_answered_by_a_refusal(okta, query):
    assert Client().get(slo(okta), QUERY_STRING=query.encode("utf-8", "replace").decode()).status_code == 403


def bomb() -> bytes:
    compressor = zlib.compressobj(9, wbits=-15)
    return compressor.compress(b"<" + b" " * 50_000_000) + compressor.flush()


@pytest.mark.parametrize(
    ("packed", "reason"),
    [
        (lambda xml: bomb(), "too_large"),
        (lambda xml: deflated(xml) + b"more", "not_deflated"),
        (lambda xml: deflated(xml)[:-1], "not_deflated"),
        (zlib.compress, "not_deflated"),
        (lambda xml: xml, "not_deflated"),
        (lambda xml: deflated(b"<!DOCTYPE a>" + xml), "forbidden_markup"),
        (lambda xml: deflated(xml.decode().encode("utf-16")), "not_utf8"),
        (lambda xml: deflated(xml.replace(b"LogoutRequest", b"AuthnRequest")), "not_a_logout"),
    ],
    ids=["bomb", "more", "cut off", "zlib", "plain", "doctype", "utf-16", "another message"],
)
def test_s14_only_deflated_xml_of_one_shape_is_read(okta, ada, packed, reason):
    okta.sign_in()
    octets = urlencode({"SAMLRequest": encode(packed(okta.idp.log_out(message(okta), style=None))), "SigAlg": RSA256})
    signature = urlencode({"Signature": encode(okta.idp.sign_octets(octets.encode()))})
    refused(Client().get(f"{slo(okta)}?{octets}&{signature}"), reason)


RSA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"


def deflated(data: bytes) -> bytes:
    return bytes_of(deflate(data))


def test_s14_a_redirected_message_has_its_signature_beside_it_only(okta, ada):
    okta.sign_in()
    xml = okta.idp.log_out(message(okta))
    refused(Client().get(f"{slo(okta)}?{okta.idp.redirect_query('SAMLRequest', xml)}"), "unsupported_signature")


def test_s14_a_signature_of_a_posted_message_is_not_looked_for_beside_it(okta, ada):
    okta.sign_in()
    xml = okta.idp.log_out(message(okta), style=None)
    query = okta.idp.redirect_query("SAMLRequest", xml)
    response = Client().post(f"{slo(okta)}?{query}", {"SAMLRequest": encode(xml), "SigAlg": RSA256})
    refused(response, "logout_not_signed")


def test_s14_elliptic_curves_sign_too(okta, ada):
    curve = Idp(okta.idp.entity_id, ec_key())
    connect(okta.use, curve, slo=BY_REDIRECT)
    method = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    assert deliver(okta, message(okta), idp=curve, method=method).status_code == 302


# The POST binding. ----------------------------------------------------------------------------------------------------


def altered(root: etree._Element) -> None:
    root.find("saml:NameID", NS).text = ADA


def wrapped(root: etree._Element) -> None:
    """The signed message below another one: signature wrapping."""
    inner = etree.fromstring(etree.tostring(root))
    root.remove(root.find("ds:Signature", NS))
    root.set("ID", "_outer")
    altered(root)
    root.append(inner)


def moved(root: etree._Element) -> None:
    """The message changed, its signature kept beside a copy of what was signed."""
    altered(root)
    inner = etree.fromstring(etree.tostring(root))
    root.find("ds:Signature", NS).append(inner)


def doubled(root: etree._Element) -> None:
    copy = etree.fromstring(etree.tostring(root.find("saml:NameID", NS)))
    copy.text = ADA
    root.find("saml:NameID", NS).addprevious(copy)


def indexed(root: etree._Element) -> None:
    etree.SubElement(root, f"{{{NS['samlp']}}}SessionIndex").text = "session-1"


@pytest.mark.parametrize("edit", [altered, wrapped, moved, doubled, indexed])
def test_s14_what_was_changed_after_signing_is_refused(okta, ada, edit):
    okta.sign_in()
    root = etree.fromstring(okta.idp.log_out(message(okta, person="bo@acme.example")))
    edit(root)
    response = Client().post(slo(okta), {"SAMLRequest": encode(etree.tostring(root))})
    assert response.status_code == 403 and open_sessions() == 1
    assert SignInAttempt.objects.get(outcome="no_logout").reason in {"signature_invalid", "unexpected_structure"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "not_a_logout"),
        ({"SAMLRequest": ""}, "not_xml"),
        ({"SAMLRequest": "AAAA"}, "not_xml"),
        ({"SAMLRequest": "A" * 300_000}, "too_large"),
        ({"SAMLRequest": "AAAA", "SAMLResponse": "AAAA"}, "not_a_logout"),
        ({"SAMLRequest": encode(b"<a/>")}, "not_a_logout"),
    ],
    ids=["none", "empty", "no XML", "large", "both", "another"],
)
def test_s14_only_one_message_is_posted(okta, ada, fields, reason):
    okta.sign_in()
    refused(Client().post(slo(okta), fields), reason)


def test_s14_a_posted_message_is_never_inflated(okta, ada):
    okta.sign_in()
    refused(Client().post(slo(okta), {"SAMLRequest": deflate(okta.idp.log_out(message(okta)))}), "not_utf8")


def test_s14_a_request_is_no_response_and_the_other_way_round(okta, ada):
    okta.sign_in()
    for logout, field in ((message(okta), "SAMLResponse"), (message(okta, in_response_to="_r"), "SAMLRequest")):
        SignInAttempt.objects.filter(outcome="no_logout").delete()
        refused(Client().post(slo(okta), {field: encode(okta.idp.log_out(logout))}), "not_a_logout")


def test_s14_the_post_comes_without_a_csrf_token(okta, ada):
    strict = Client(enforce_csrf_checks=True)
    fields = {"SAMLRequest": encode(okta.idp.log_out(message(okta)))}
    assert strict.post(slo(okta), fields).status_code == 302


# Another implementation on the other side. ----------------------------------------------------------------------------


@pytest.fixture
def peer(okta) -> PySaml2Idp:
    """pysaml2's Server in the place of the IdP; it has read our metadata, with our certificate in it."""
    found = PySaml2Idp(Client().get(f"/saml/{okta.use.identity_provider_id}/metadata").content)
    connect(okta.use, found, slo=SingleLogout(found.slo_url, "redirect"))  # type: ignore[arg-type]
    return found


def test_s14_pysaml2_asks_and_reads_the_answer(okta, ada, peer):
    _sign_in_by(okta, peer)
    request_id, request = peer.server.create_logout_request(
        okta.use.identity_provider.sp_slo_url,
        okta.use.identity_provider.sp_entity_id,
        name_id=NameID(text=ADA, format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    )
    response = Client().get(peer.redirected(str(request), okta.use.identity_provider.sp_slo_url, "SAMLRequest"))
    assert response.status_code == 302 and open_sessions() == 0
    fields = {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}
    answer = peer.server.parse_logout_request_response(fields["SAMLResponse"], BINDING_HTTP_REDIRECT)
    assert answer.in_response_to == request_id and answer.status_ok()
    (certificate,) = published_certificates(okta.environment.workspace)
    body = "".join(certificate.pem.splitlines()[1:-1])
    assert verify_redirect_signature(fields, RSACrypto(None), cert=body)


def test_s14_pysaml2_posts_a_request(okta, ada, peer):
    _sign_in_by(okta, peer)
    _, request = peer.server.create_logout_request(
        okta.use.identity_provider.sp_slo_url,
        okta.use.identity_provider.sp_entity_id,
        name_id=NameID(text=ADA, format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
        sign=True,
        sign_alg=RSA256,
        digest_alg="http://www.w3.org/2001/04/xmlenc#sha256",
    )
    assert Client().post(slo(okta), {"SAMLRequest": encode(str(request).encode())}).status_code == 302
    assert open_sessions() == 0


def test_s14_pysaml2_is_asked_and_answers(okta, ada, peer):
    _sign_in_by(okta, peer)
    page = leave(okta)
    fields = {name: values[0] for name, values in parse_qs(asked(page)[1]).items()}
    request = peer.server.parse_logout_request(
        fields["SAMLRequest"],
        BINDING_HTTP_REDIRECT,
        relay_state=fields["RelayState"],
        sigalg=fields["SigAlg"],
        signature=fields["Signature"],
    )
    assert request.message.name_id.text == ADA and not request.not_on_or_after
    answer = peer.server.create_logout_response(request.message, [BINDING_HTTP_POST, BINDING_HTTP_REDIRECT])
    assert answer.destination == okta.use.identity_provider.sp_slo_url
    back = Client().get(peer.redirected(str(answer), answer.destination, "SAMLResponse", fields["RelayState"]))
    assert back["Location"] == url(okta.environment, "signed-out/")


def _sign_in_by(okta: Way, peer: PySaml2Idp) -> None:
    xml = peer.respond(okta.answer(okta.begin(), attributes={"mail": [ADA]}))
    assert okta.post(xml).status_code == 302 and open_sessions() == 1


# The practice IdP. ----------------------------------------------------------------------------------------------------


@pytest.fixture
def practice(okta, ada) -> SignInSite:
    """The practice IdP in the place of the IdP, at which the person has signed in."""
    provider, key = okta.use.identity_provider, Key.generate()
    base = f"http://localhost:8001/idp/{provider.pk}"
    IdentityProvider.objects.update(entity_id=base, sso_url=f"{base}/sso", slo_url=f"{base}/slo")
    provider.certificates.update(pem=key.certificate)
    played = Provider(
        id=str(provider.pk), name="Okta", workspace="acme", environment="test", state="on", entity_id=base,
        sso_url=f"{base}/sso", acs_url=provider.acs_url, sp_entity_id=provider.sp_entity_id,
        sp_slo_url=provider.sp_slo_url,
    )  # fmt: skip
    where = DemoEnvironment("acme", "TEST", "http://testserver/sign-in/acme/test/", (played,))
    people = (DemoPerson(ADA, "Ada Winter"),)
    found = SignInSite(Demo("http://testserver", "http://localhost:8001", key.pem, (where,), {"acme": people}, ()))
    request = okta.browser.get(url(okta.environment, f"sso/{provider.pk}/"))["Location"]
    page = found.send(str(provider.pk), fields_in(request) | {"person": ADA}, {"email", "name"})
    sent = {name: unescape(value) for name, value in re.findall(r'name="(SAML\w+|RelayState)" value="([^"]*)"', page)}
    stored = Client().post(okta.acs, sent)
    assert okta.browser.get(stored["Location"]).status_code == 302 and okta.is_in()
    return found


def fields_in(address: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def link(page: str) -> str:
    return unescape(re.search(r'<a href="([^"]*)">Send to', page)[1])


def test_s14_the_practice_idp_answers_when_somebody_signs_out_here(okta, practice):
    assert ADA in practice.home()
    _, query = asked(leave(okta))
    page = practice.receive_logout(str(okta.use.identity_provider_id), fields_in(f"?{query}"))
    assert Client().get(link(page))["Location"] == url(okta.environment, "signed-out/")
    assert ADA not in practice.home()


def test_s14_the_practice_idp_signs_somebody_out_everywhere(okta, practice):
    provider = str(okta.use.identity_provider_id)
    answer = Client().get(link(practice.start_logout(provider, {"name_id": ADA})))
    assert answer.status_code == 302 and not okta.is_in()
    assert "signed the person out too" in practice.receive_logout(provider, fields_in(answer["Location"]))
    assert "has signed out already" in practice.start_logout(provider, {"name_id": ADA})


@pytest.mark.parametrize("fields", [{}, {"SAMLRequest": "AAAA"}, {"SAMLResponse": "AAAA"}], ids=str)
def test_s14_the_practice_idp_says_what_it_does_not_understand(okta, practice, fields):
    with pytest.raises(BadRequest):
        practice.receive_logout(str(okta.use.identity_provider_id), fields)


# What both sides publish. ---------------------------------------------------------------------------------------------

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"


def test_s14_our_metadata_names_the_single_logout_url_of_both_bindings(okta):
    provider = okta.use.identity_provider
    xml = Client().get(f"/saml/{provider.pk}/metadata").content
    services = etree.fromstring(xml).findall(f".//{MD}SingleLogoutService")
    assert [each.get("Location") for each in services] == [provider.sp_slo_url] * 2
    assert [each.get("Binding") for each in services] == [BINDING_HTTP_REDIRECT, BINDING_HTTP_POST]
    validate(xml.decode())


def idp_metadata(*services: str) -> bytes:
    body = "".join(IDP.certificate.splitlines()[1:-1])
    return f"""\
<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://idp.example/metadata">\
<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">\
<KeyDescriptor><KeyInfo xmlns="{NS["ds"]}"><X509Data><X509Certificate>{body}</X509Certificate></X509Data></KeyInfo>\
</KeyDescriptor>{"".join(services)}\
<SingleSignOnService Binding="{BINDING_HTTP_REDIRECT}" Location="https://idp.example/sso"/>\
</IDPSSODescriptor></EntityDescriptor>""".encode()


def service(binding: str, location: str, answers: str = "") -> str:
    response = f' ResponseLocation="{answers}"' if answers else ""
    return f'<SingleLogoutService Binding="{binding}" Location="{location}"{response}/>'


POSTED, REDIRECTED = service(BINDING_HTTP_POST, f"{SLO}-post"), service(BINDING_HTTP_REDIRECT, SLO, f"{SLO}-done")


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], SingleLogout()),
        ([POSTED], SingleLogout(f"{SLO}-post", "post")),
        ([POSTED, REDIRECTED], SingleLogout(SLO, "redirect", f"{SLO}-done")),
        ([service(BINDING_HTTP_REDIRECT, "http://idp.example/slo")], SingleLogout()),
        ([service(BINDING_HTTP_REDIRECT, "http://idp.example/slo"), POSTED], SingleLogout(f"{SLO}-post", "post")),
        ([service(BINDING_HTTP_REDIRECT, SLO, "javascript:x")], SingleLogout(SLO, "redirect")),
        ([service("urn:oasis:names:tc:SAML:2.0:bindings:SOAP", SLO)], SingleLogout()),
    ],
    ids=["none", "post", "both", "http", "http and post", "answers to no https", "soap"],
)
def test_s14_the_best_endpoint_of_the_metadata_is_kept(okta, services, expected):
    metadata = parse_idp_metadata(idp_metadata(*services), now=timezone.now())
    assert metadata.slo == expected
    connect_provider(use=okta.use, metadata=metadata, source="xml", by=SYSTEM)
    provider = IdentityProvider.objects.get(pk=okta.use.identity_provider_id)
    assert provider.slo == expected and provider.has_single_logout == bool(expected.url)
    assert pending.from_json(pending.to_json(metadata, fetched_at=timezone.now())).slo == expected


def test_s14_what_waited_for_confirmation_before_single_logout_was_known_can_be_confirmed():
    held = pending.to_json(parse_idp_metadata(idp_metadata(POSTED), now=timezone.now()), fetched_at=timezone.now())
    del held["slo"]
    assert pending.from_json(held | {"slo_url": SLO}).slo == SingleLogout()


def test_s14_a_changed_single_logout_url_waits_for_confirmation(okta):
    IdentityProvider.objects.update(metadata_source="url", metadata_url="https://idp.example/metadata")
    metadata, now = parse_idp_metadata(idp_metadata(POSTED), now=timezone.now()), timezone.now()
    how = {"url": "https://idp.example/metadata", "fetched_at": now, "by": SYSTEM}
    assert refresh_metadata(use=okta.use, metadata=metadata, **how) == Outcome.HELD
    provider = IdentityProvider.objects.get(pk=okta.use.identity_provider_id)
    assert provider.slo == BY_REDIRECT
    confirm_metadata(use=okta.use, digest=pending.digest(provider.pending_metadata), by=SYSTEM)
    provider.refresh_from_db()
    assert provider.slo == SingleLogout(f"{SLO}-post", "post")


def test_s14_with_single_logout_our_certificate_is_there_to_be_carried_to_the_idp(okta):
    ServiceProviderKey.objects.all().delete()
    connect(okta.use, okta.idp)
    assert not ServiceProviderKey.objects.exists()
    connect(okta.use, okta.idp, slo=BY_REDIRECT)
    assert ServiceProviderKey.objects.count() == 1


def test_s14_the_settings_of_the_provider_say_whether_there_is_single_sign_out(client, okta):
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    address = page_url("authentication:provider-settings", okta.environment, provider=okta.use.identity_provider_id)
    page = client.get(address).content.decode()
    assert okta.use.identity_provider.sp_slo_url in page and SLO in page
    connect(okta.use, okta.idp)
    page = client.get(address).content.decode()
    assert okta.use.identity_provider.sp_slo_url not in page and "Not available" in page


def test_s14_the_reason_of_a_refusal_stands_under_sign_in_attempts(client, okta, ada):
    deliver(okta, message(okta, slo_url="https://elsewhere.example"))
    factories.sign_in(client, factories.administrator(okta.environment.workspace))
    page = client.get(page_url("authentication:attempts", okta.environment)).content.decode()
    assert "Single sign-out refused" in page and "Copy the Single logout URL again" in page
