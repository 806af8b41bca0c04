"""Verify signed Responses with the keys of the SAML tests."""

import pytest
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_response
from authentication.saml.verifying import Verified, verify
from authentication.saml.xml import parse
from tests.idp import NS, Idp, encode, private_pem, rsa_key, self_signed

IDP, FOREIGN = Idp(), Idp()
SP_KEY = rsa_key()
SP_CERTIFICATE, SP_PRIVATE = self_signed(SP_KEY, "sp.example"), private_pem(SP_KEY)
BOTH = ("assertion", "response")
PLACES = [("assertion",), ("response",), BOTH]


def verified(xml: bytes, *, certificates=(IDP.certificate,), allow_sha1=False, keys=(SP_PRIVATE,)) -> Verified:
    message = check_response(encode(xml))
    return verify(message, certificates=certificates, allow_sha1=allow_sha1, decryption_keys=keys)


def refusal(xml: bytes, **trust) -> SamlRefused:
    with pytest.raises(SamlRefused) as caught:
        verified(xml, **trust)
    return caught.value


def person(assertion: bytes) -> str:
    return parse(assertion).findtext("saml:Subject/saml:NameID", namespaces=NS)


def space_after_issuer(root: etree._Element) -> None:
    root.find("saml:Assertion/saml:Issuer", NS).tail = "\n  "


def refusal_of_structure(xml: bytes) -> SamlReason:
    with pytest.raises(SamlRefused) as caught:
        check_response(encode(xml))
    return caught.value.reason
