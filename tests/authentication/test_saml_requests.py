"""AuthnRequests: what they say, and how they are encoded and signed for both bindings."""

import base64
import zlib
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
import xmlsec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree
from saml2.xml.schema import validate

from authentication.saml.requests import new_request, post_fields, redirect_url
from tests.idp import ACS_URL, DS, NOW, NS, RSA_SHA256, SP_ENTITY_ID, private_pem, rsa_key, self_signed

KEY = rsa_key()
PEM = private_pem(KEY)
SSO_URL = "https://idp.example/sso"
REQUEST = new_request(entity_id=SP_ENTITY_ID, acs_url=ACS_URL, sso_url=SSO_URL, now=NOW)


def redirected(url: str) -> bytes:
    return zlib.decompress(base64.b64decode(parse_qs(urlsplit(url).query)["SAMLRequest"][0]), -15)


def posted(fields: dict[str, str]) -> bytes:
    return base64.b64decode(fields["SAMLRequest"])


@pytest.mark.parametrize("signing_key", ["", PEM], ids=["unsigned", "signed"])
@pytest.mark.parametrize("binding", ["redirect", "post"])
def test_the_request_says_who_asks_whom_and_where_to_answer(binding, signing_key):
    if binding == "redirect":
        xml = redirected(redirect_url(REQUEST, relay_state="key", signing_key=signing_key))
    else:
        xml = posted(post_fields(REQUEST, relay_state="key", signing_key=signing_key))
    validate(xml.decode())
    root = etree.fromstring(xml)
    assert dict(root.attrib) == {
        "ID": REQUEST.id,
        "Version": "2.0",
        "IssueInstant": "2026-01-15T12:00:00Z",
        "Destination": SSO_URL,
        "AssertionConsumerServiceURL": ACS_URL,
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
    }
    assert root.findtext("saml:Issuer", namespaces=NS) == SP_ENTITY_ID
    assert dict(root.find("samlp:NameIDPolicy", NS).attrib) == {
        "Format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified",
        "AllowCreate": "true",
    }


def test_s6_ids_cannot_be_guessed_and_are_xml_names():
    ids = {new_request(entity_id="a", acs_url="b", sso_url="c", now=NOW).id for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 41 and one.startswith("_") for one in ids)


def test_times_are_told_in_utc():
    now = datetime(2026, 1, 15, 14, tzinfo=timezone(timedelta(hours=2)))
    request = new_request(entity_id=SP_ENTITY_ID, acs_url=ACS_URL, sso_url=SSO_URL, now=now)
    assert b'IssueInstant="2026-01-15T12:00:00Z"' in redirected(redirect_url(request, relay_state=""))


@pytest.mark.parametrize("sso_url", [SSO_URL, f"{SSO_URL}?tenant=a&b=%2F"])
def test_an_sso_url_keeps_its_query(sso_url):
    request = new_request(entity_id=SP_ENTITY_ID, acs_url=ACS_URL, sso_url=sso_url, now=NOW)
    url = redirect_url(request, relay_state="a b&c=d")
    assert url.startswith(sso_url)
    query = parse_qsl(urlsplit(url).query)
    assert [name for name, _ in query][-2:] == ["SAMLRequest", "RelayState"]
    assert query[-1] == ("RelayState", "a b&c=d")


def test_a_redirect_is_signed_over_its_query():
    url = redirect_url(REQUEST, relay_state="key/+ =", signing_key=PEM)
    fields = dict(parse_qsl(urlsplit(url).query))
    signature = base64.b64decode(fields.pop("Signature"))
    assert list(fields) == ["SAMLRequest", "RelayState", "SigAlg"]
    assert fields["SigAlg"] == RSA_SHA256
    signed = urlsplit(url).query.partition("&Signature=")[0]
    assert signed == urlencode(fields)
    KEY.public_key().verify(signature, signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(signature, signed.encode() + b"x", padding.PKCS1v15(), hashes.SHA256())


def test_a_post_is_signed_in_its_xml():
    fields = post_fields(REQUEST, relay_state="key", signing_key=PEM)
    root = etree.fromstring(posted(fields))
    assert fields["RelayState"] == "key"
    assert [child.tag.rpartition("}")[2] for child in root] == ["Issuer", "Signature", "NameIDPolicy"]
    signature = root[1]
    assert signature.find("ds:SignedInfo/ds:SignatureMethod", NS).get("Algorithm") == RSA_SHA256
    assert signature.tag == f"{{{DS}}}Signature"
    verify(root)
    root.set("Destination", "https://evil.example")
    with pytest.raises(xmlsec.Error):
        verify(root)


def verify(root: etree._Element) -> None:
    context = xmlsec.SignatureContext()
    certificate = self_signed(KEY, "sp.example")
    context.key = xmlsec.Key.from_memory(certificate, xmlsec.constants.KeyDataFormatCertPem)
    context.register_id(root, "ID")
    context.verify(root[1])


def test_unsigned_requests_carry_no_signature():
    assert b"Signature" not in posted(post_fields(REQUEST, relay_state=""))
    assert "Sig" not in redirect_url(REQUEST, relay_state="").replace("SAMLRequest", "")[: len(SSO_URL) + 1]
    assert set(parse_qs(urlsplit(redirect_url(REQUEST, relay_state="k")).query)) == {"SAMLRequest", "RelayState"}
