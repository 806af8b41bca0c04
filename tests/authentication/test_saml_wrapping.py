"""S4: XML signature wrapping."""

from copy import deepcopy

import pytest
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import Carries, Message
from authentication.saml.verifying import verify
from authentication.saml.xml import parse
from tests.authentication.signing import BOTH, IDP, SP_CERTIFICATE, person, refusal
from tests.idp import DS, NS, Answer, Encryption, encrypt

# S4: wrapping. --------------------------------------------------------------------------------------------------------

MALLORY, ADA = "mallory@acme.example", "ada@acme.example"


def forged(element: etree._Element, *, keep_signature: bool = False) -> etree._Element:
    """Return a copy that names another person, under an ID of its own."""
    copy = deepcopy(element)
    copy.set("ID", "_forged")
    copy.find(".//saml:NameID", NS).text = ADA
    if not keep_signature:
        for signature in copy.findall("ds:Signature", NS):
            copy.remove(signature)
    return copy


def ds_object(*children: etree._Element) -> etree._Element:
    element = etree.Element(f"{{{DS}}}Object")
    element.extend(children)
    return element


def xsw1(root):
    evil = forged(root)
    signature = deepcopy(root.find("ds:Signature", NS))
    evil.insert(1, signature)
    signature.append(ds_object(root))
    return evil


def xsw2(root):
    evil = forged(root)
    evil.insert(1, deepcopy(root.find("ds:Signature", NS)))
    evil.insert(1, root)
    return evil


def xsw3(root):
    root.find("saml:Assertion", NS).addprevious(forged(root.find("saml:Assertion", NS)))
    return root


def xsw4(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion)
    assertion.addprevious(evil)
    evil.append(assertion)
    return root


def xsw5(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.addnext(original)
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def xsw6(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.find("ds:Signature", NS).append(original)
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def xsw7(root):
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(forged(root.find("saml:Assertion", NS)))
    root.insert(1, extensions)
    return root


def xsw8(root):
    assertion = root.find("saml:Assertion", NS)
    original = deepcopy(assertion)
    original.remove(original.find("ds:Signature", NS))
    assertion.find("ds:Signature", NS).append(ds_object(original))
    assertion.set("ID", "_forged")
    assertion.find(".//saml:NameID", NS).text = ADA
    return root


def same_id(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    evil.set("ID", assertion.get("ID"))
    assertion.addprevious(evil)
    return root


def in_an_attribute(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    assertion.addprevious(evil)
    evil.find(".//saml:AttributeValue", NS).append(assertion)
    return root


def in_subject_confirmation_data(root):
    assertion = root.find("saml:Assertion", NS)
    evil = forged(assertion, keep_signature=True)
    assertion.addprevious(evil)
    evil.find(".//saml:SubjectConfirmationData", NS).append(assertion)
    return root


OF_RESPONSES = [xsw1, xsw2]
OF_ASSERTIONS = [xsw3, xsw4, xsw5, xsw6, xsw7, xsw8, same_id, in_an_attribute, in_subject_confirmation_data]
WRAPPINGS = [
    *((wrap, sign) for wrap in OF_RESPONSES for sign in (("response",), BOTH)),
    *((wrap, sign) for wrap in OF_ASSERTIONS for sign in (("assertion",), BOTH)),
]


def wrapped(wrap, sign) -> bytes:
    xml = etree.tostring(wrap(parse(IDP.respond(Answer(person=MALLORY), sign=sign))))
    assert ADA.encode() in xml and MALLORY.encode() in xml
    return xml


@pytest.mark.parametrize(("wrap", "sign"), WRAPPINGS)
def test_s4_wrapping_is_refused(wrap, sign):
    assert refusal(wrapped(wrap, sign)).reason in (SamlReason.UNEXPECTED_STRUCTURE, SamlReason.BAD_ID)


@pytest.mark.parametrize(("wrap", "sign"), WRAPPINGS)
def test_s4_wrapping_is_refused_also_behind_the_gate(wrap, sign):
    """The second wall alone: even if the gate let it pass, only bytes that were signed are handed out."""
    message = Message(wrapped(wrap, sign), Carries.ASSERTION, "response" in sign, "assertion" in sign)
    try:
        found = verify(message, certificates=(IDP.certificate,), allow_sha1=False, decryption_keys=())
    except (SamlRefused, AttributeError):
        return
    assert person(found.assertion) == MALLORY


@pytest.mark.parametrize("wrap", [xsw3, xsw4, xsw5, xsw6, xsw8, same_id])
def test_s4_wrapping_under_encryption_is_refused(wrap):
    root = wrap(parse(IDP.respond(Answer(person=MALLORY))))
    evil = root.find("saml:Assertion", NS)
    for other in root.findall("saml:Assertion", NS)[1:]:
        evil.append(other)  # two of them cannot be encrypted as one
    xml = etree.tostring(root)
    assert ADA.encode() in xml
    encrypted = parse(xml)
    encrypt(encrypted, Encryption(SP_CERTIFICATE))
    assert refusal(etree.tostring(encrypted)).reason is SamlReason.DECRYPTION_FAILED
