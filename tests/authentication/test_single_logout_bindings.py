"""S14: what each binding of a logout message must look like."""

import zlib
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.test import Client
from lxml import etree

from authentication.models import SignInAttempt
from tests.authentication.logouts import BY_REDIRECT, RSA256, bytes_of, deliver, message, open_sessions, refused, slo
from tests.authentication.ways import ADA, Way, connect
from tests.idp import NS, RSA_SHA1, Idp, deflate, ec_key, encode

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("single_logout")]


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
    connect(okta.environment_provider, curve, slo=BY_REDIRECT)
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
