"""Lets exactly one shape of document through, judged on the raw bytes before anything reads them.

Whatever a parser would drop or resolve (comments, CDATA, entities, DOCTYPE) is found by scanning the bytes; what is
left means the same to every parser. Then each element has to fit the table below, which is the SAML 2.0 schema
without what no IdP needs: extensions, advice, objects, encrypted parts of an assertion, unknown conditions.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import quoteattr

from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.raw_bytes import check_size, end_of_declaration, from_base64, inflated, refuse_hidden
from authentication.saml.shapes import ATTRIBUTES, CHILDREN, HAS_ID, NAMES
from authentication.saml.xml import NAMESPACES, parse, tag

MAX_DEPTH = 24
MAX_ELEMENTS = 4000
# Canonicalization takes time by the product of these; honest elements have less than ten of each.
MAX_NAMESPACES = MAX_ATTRIBUTES = 32
MAX_ID = 256

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

_ID = re.compile(rf"[A-Za-z_][A-Za-z0-9._-]{{0,{MAX_ID - 1}}}")


class Carries(Enum):
    """What a response holds; nothing is only right for one that reports failure."""

    NOTHING = "nothing"
    ASSERTION = "an assertion"
    ENCRYPTED_ASSERTION = "an encrypted assertion"


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes that passed the gate, and where in them signatures stand; nothing in them is trusted yet."""

    xml: bytes
    carries: Carries
    is_response_signed: bool
    is_assertion_signed: bool


def check_response(raw: str | bytes) -> Message:
    """Return the message of a SAMLResponse form field; raise SamlRefused."""
    xml = from_base64(raw)
    check_size(xml)
    refuse_hidden(xml, end_of_declaration(xml))
    root = parse(xml)
    if root.tag != tag("samlp:Response"):
        raise SamlRefused(SamlReason.NOT_A_RESPONSE)
    _check_tree(root)
    return Message(
        xml=xml,
        carries=_carries(root),
        is_response_signed=root.find(tag("ds:Signature")) is not None,
        is_assertion_signed=root.find(f"{tag('saml:Assertion')}/{tag('ds:Signature')}") is not None,
    )


def check_logout(raw: str | bytes, name: str, *, is_deflated: bool) -> bytes:
    """Return the XML of a logout message with that root element, as a binding carries it; raise SamlRefused."""
    xml = from_base64(raw)
    if is_deflated:
        xml = inflated(xml)
    check_size(xml)
    refuse_hidden(xml, end_of_declaration(xml))
    root = parse(xml)
    if root.tag != tag(name):
        raise SamlRefused(SamlReason.NOT_A_LOGOUT)
    _check_tree(root)
    return xml


def check_assertion(xml: bytes, namespaces: Mapping[str | None, str]) -> Message:
    """Return the message of a decrypted assertion, inside an element with its namespaces; raise SamlRefused.

    XML Encryption has decrypted bytes read in the place of their ciphertext, where prefixes may be declared.
    """
    check_size(xml)
    refuse_hidden(xml, 0)
    document = b"<plaintext%s>%s</plaintext>" % (_declarations(namespaces), xml)
    root = parse(document)
    if [child.tag for child in root] != [tag("saml:Assertion")] or root.text or root[0].tail:
        raise SamlRefused(SamlReason.UNEXPECTED_STRUCTURE, "plaintext")
    _check_tree(root[0])
    return Message(
        xml=document,
        carries=Carries.ASSERTION,
        is_response_signed=False,
        is_assertion_signed=root[0].find(tag("ds:Signature")) is not None,
    )


def _declarations(namespaces: Mapping[str | None, str]) -> bytes:
    """Return the namespace declarations that put a start tag into the given context."""
    names = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()}
    return "".join(f" {name}={quoteattr(uri)}" for name, uri in names.items()).encode()


def _check_tree(root: etree._Element) -> None:
    """Refuse a tree that is too complex, or has an element or ID that does not fit."""
    ids: set[str] = set()
    for count, element in enumerate(_elements(root)):
        if count == MAX_ELEMENTS:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "elements")
        _check_element(element)
        _check_ids(element, ids)


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    """Return root and all below it, in document order, with the depth checked on the way."""
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "depth")
        if event == "start":
            yield element


def _check_element(element: etree._Element) -> None:
    """Refuse an element whose children, text or attributes are not in the table."""
    name = NAMES[element.tag]  # known, as the element above was checked with its children
    if len(element.attrib) > MAX_ATTRIBUTES or len(element.nsmap) > MAX_NAMESPACES:
        raise SamlRefused(SamlReason.TOO_COMPLEX, name)
    if not (_fits_children(element, name) and all(_fits_attribute(key, name) for key in element.attrib)):
        raise SamlRefused(SamlReason.UNEXPECTED_STRUCTURE, name)


def _explain_unknown(element: etree._Element) -> tuple[SamlReason, str]:
    """Return why an element that is not in the table is refused."""
    if element.tag == tag("saml:Condition"):
        return SamlReason.UNKNOWN_CONDITION, ""
    return SamlReason.UNEXPECTED_STRUCTURE, "unknown element"


def _fits_children(element: etree._Element, name: str) -> bool:
    """Tell whether an element has the children of its table entry: only those, or only text."""
    pattern = CHILDREN.get(name)
    if pattern is None:
        return not len(element)
    for child in element:
        if child.tag not in NAMES:
            raise SamlRefused(*_explain_unknown(child))
    children = "".join(f"{NAMES[child.tag]}," for child in element)
    texts = (element.text, *(child.tail for child in element))
    return bool(pattern.fullmatch(children)) and not any(text and text.strip() for text in texts)


def _fits_attribute(key: str, name: str) -> bool:
    """Tell whether an attribute may stand on the element of that name."""
    if not key.startswith("{"):
        return key in ATTRIBUTES[name]
    namespace, local = key[1:].split("}")
    if name == "saml:AttributeValue":
        return namespace == XSI and local in ("type", "nil")
    # Attributes carry notes in namespaces of their own, for example ADFS the original issuer.
    return name == "saml:Attribute" and local.lower() != "id" and namespace not in (XSI, XML, *NAMESPACES.values())


def _check_ids(element: etree._Element, ids: set[str]) -> None:
    """Refuse an ID that is missing where it belongs, malformed, or was there before; remember it."""
    value = element.get("ID", element.get("Id"))
    if value is None and NAMES[element.tag] not in HAS_ID:
        return
    if value is None or value in ids or not _ID.fullmatch(value):
        raise SamlRefused(SamlReason.BAD_ID, NAMES[element.tag])
    ids.add(value)


def _carries(root: etree._Element) -> Carries:
    kinds = {tag("saml:Assertion"): Carries.ASSERTION, tag("saml:EncryptedAssertion"): Carries.ENCRYPTED_ASSERTION}
    return kinds.get(root[-1].tag, Carries.NOTHING)
