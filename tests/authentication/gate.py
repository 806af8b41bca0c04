"""An honest response, and what the gate says of altered ones."""

import pytest
from lxml import etree

from authentication.saml.errors import SamlRefused
from authentication.saml.gate import Message, check_response
from authentication.saml.xml import parse
from tests.idp import NS, Answer, Idp, encode

IDP = Idp()
HONEST = IDP.respond(Answer(), sign=("assertion", "response"))
ASSERTION = etree.tostring(parse(HONEST).find("saml:Assertion", NS))


def check(xml: bytes) -> Message:
    return check_response(encode(xml))


def refusal(xml: bytes) -> SamlRefused:
    with pytest.raises(SamlRefused) as caught:
        check(xml)
    return caught.value
