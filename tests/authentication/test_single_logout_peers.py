"""S14: single logout with pysaml2 and with the practice IdP on the other side."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.saml import NameID
from saml2.sigver import RSACrypto, verify_redirect_signature

from authentication.actions.service_provider import published_certificates
from authentication.models import IdentityProvider
from authentication.saml.endpoints import SingleLogout
from provisioning.practice_idp.demo import Demo, DemoPerson, Provider
from provisioning.practice_idp.demo import Environment as DemoEnvironment
from provisioning.practice_idp.errors import BadRequest
from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.site import SignInSite
from tests.authentication.end_users import url
from tests.authentication.logouts import RSA256, asked, leave, open_sessions, slo
from tests.authentication.ways import ADA, Way, connect
from tests.idp import PySaml2Idp, encode

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]


# Another implementation on the other side. ----------------------------------------------------------------------------


@pytest.fixture
def peer(okta) -> PySaml2Idp:
    """pysaml2's Server in the place of the IdP; it has read our metadata, with our certificate in it."""
    found = PySaml2Idp(Client().get(f"/saml/{okta.environment_provider.identity_provider_id}/metadata").content)
    connect(okta.environment_provider, found, slo=SingleLogout(found.slo_url, "redirect"))  # type: ignore[arg-type]
    return found


def test_s14_pysaml2_asks_and_reads_the_answer(okta, ada, peer):
    _sign_in_by(okta, peer)
    request_id, request = peer.server.create_logout_request(
        okta.environment_provider.identity_provider.sp_slo_url,
        okta.environment_provider.identity_provider.sp_entity_id,
        name_id=NameID(text=ADA, format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
    )
    response = Client().get(
        peer.redirected(str(request), okta.environment_provider.identity_provider.sp_slo_url, "SAMLRequest")
    )
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
        okta.environment_provider.identity_provider.sp_slo_url,
        okta.environment_provider.identity_provider.sp_entity_id,
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
    assert answer.destination == okta.environment_provider.identity_provider.sp_slo_url
    back = Client().get(peer.redirected(str(answer), answer.destination, "SAMLResponse", fields["RelayState"]))
    assert back["Location"] == url(okta.environment, "signed-out/")


def _sign_in_by(okta: Way, peer: PySaml2Idp) -> None:
    xml = peer.respond(okta.answer(okta.begin(), attributes={"mail": [ADA]}))
    assert okta.post(xml).status_code == 302 and open_sessions() == 1


# The practice IdP. ----------------------------------------------------------------------------------------------------


@pytest.fixture
def practice(okta, ada) -> SignInSite:
    """The practice IdP in the place of the IdP, at which the person has signed in."""
    provider, key = okta.environment_provider.identity_provider, Key.generate()
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
    page = practice.receive_logout(str(okta.environment_provider.identity_provider_id), fields_in(f"?{query}"))
    assert Client().get(link(page))["Location"] == url(okta.environment, "signed-out/")
    assert ADA not in practice.home()


def test_s14_the_practice_idp_signs_somebody_out_everywhere(okta, practice):
    provider = str(okta.environment_provider.identity_provider_id)
    form = {"name_id": ADA, "service": okta.environment_provider.identity_provider.sp_entity_id}
    answer = Client().get(link(practice.start_logout(provider, form)))
    assert answer.status_code == 302 and not okta.is_in()
    assert "signed the person out too" in practice.receive_logout(provider, fields_in(answer["Location"]))
    assert "has signed out already" in practice.start_logout(provider, form)


@pytest.mark.parametrize("fields", [{}, {"SAMLRequest": "AAAA"}, {"SAMLResponse": "AAAA"}], ids=str)
def test_s14_the_practice_idp_says_what_it_does_not_understand(okta, practice, fields):
    with pytest.raises(BadRequest):
        practice.receive_logout(str(okta.environment_provider.identity_provider_id), fields)
