"""What the tests of single logout send, and what they look at afterwards."""

import base64
import zlib
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from django.test import Client
from django.utils import timezone
from lxml import etree

from authentication.actions.service_provider import published_certificates
from authentication.models import EndUserSession, SignInAttempt
from authentication.saml.endpoints import SingleLogout
from tests.authentication.end_users import url
from tests.authentication.ways import ADA, Way
from tests.idp import NS, Idp, Logout, encode

SLO = "https://idp.example/slo"
BY_REDIRECT, BY_POST = SingleLogout(SLO, "redirect"), SingleLogout(SLO, "post")
BINDINGS = ["redirect", "post"]


def slo(okta: Way) -> str:
    return urlsplit(okta.environment_provider.identity_provider.sp_slo_url).path


def message(okta: Way, **changes: Any) -> Logout:
    """An honest logout message for the person who has signed in."""
    honest: dict[str, Any] = {
        "slo_url": okta.environment_provider.identity_provider.sp_slo_url,
        "now": timezone.now(),
        "person": ADA,
    }
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


UNKNOWN = "Requester UnknownPrincipal"


def status(response: Any) -> str:
    """The status of our answer, in the words of the standard."""
    query = urlsplit(response["Location"]).query
    codes = inflated(parse_qs(query)["SAMLResponse"][0]).iter(f"{{{NS['samlp']}}}StatusCode")
    return " ".join(code.get("Value").rpartition(":")[2] for code in codes)


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


RSA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
