"""Read honest and edited Responses as the SP of the SAML tests."""

import pytest
from lxml import etree

from authentication.saml.assertions import Claims
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_response
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.responses import read_response
from tests.idp import ACS_URL, NOW, NS, REQUEST_ID, SKEW, SP_ENTITY_ID, Answer, Idp, encode, private_pem, rsa_key

IDP = Idp()
SP_KEY = rsa_key()
PROVIDER = ProviderFacts(IDP.entity_id, (IDP.certificate,), allow_sha1=False, skew=SKEW)
SP = SpFacts(SP_ENTITY_ID, ACS_URL, lambda: (private_pem(SP_KEY),))
PLACES = [("assertion",), ("response",), ("assertion", "response")]

ASSERTION = "saml:Assertion"
NAME_ID = f"{ASSERTION}/saml:Subject/saml:NameID"
CONFIRMATION = f"{ASSERTION}/saml:Subject/saml:SubjectConfirmation"
DATA = f"{CONFIRMATION}/saml:SubjectConfirmationData"
CONDITIONS = f"{ASSERTION}/saml:Conditions"
AUDIENCE = f"{CONDITIONS}/saml:AudienceRestriction/saml:Audience"
AUTHN = f"{ASSERTION}/saml:AuthnStatement"


def read(xml: bytes, *, provider=PROVIDER, sp=SP, in_response_to=REQUEST_ID, now=NOW) -> Claims:
    return read_response(check_response(encode(xml)), provider=provider, sp=sp, in_response_to=in_response_to, now=now)


def refusal(xml: bytes, **facts) -> SamlRefused:
    with pytest.raises(SamlRefused) as caught:
        read(xml, **facts)
    return caught.value


def reason(xml: bytes, **facts) -> SamlReason:
    return refusal(xml, **facts).reason


def set_attribute(path: str, name: str, value: str | None):
    """Return an edit that sets an attribute, or takes it away, before the IdP signs."""

    def edit(root: etree._Element) -> None:
        element = root if path == "." else root.find(path, NS)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return edit


def set_text(path: str, text: str):
    def edit(root: etree._Element) -> None:
        root.find(path, NS).text = text

    return edit


def remove(path: str):
    def edit(root: etree._Element) -> None:
        element = root.find(path, NS)
        element.getparent().remove(element)

    return edit


def repeat(path: str, text: str | None = None):
    """Return an edit that puts a copy of an element behind it, with another text."""

    def edit(root: etree._Element) -> None:
        element = root.find(path, NS)
        copy = etree.fromstring(etree.tostring(element))
        copy.text = text or copy.text
        element.addnext(copy)

    return edit


def signed(edit, sign=("assertion", "response")) -> bytes:
    return IDP.respond(Answer(), sign=sign, edit=edit)
