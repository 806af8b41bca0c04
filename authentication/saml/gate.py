"""Accept messages of exactly one document shape; everything else is refused before it is read.

First the raw bytes are searched for everything that parsers drop or resolve, so that what is left means the same to
every parser. Then every element must have its shape of `shapes.SHAPES`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import quoteattr

from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.raw_bytes import check_bytes, decode_base64, inflate, trim
from authentication.saml.shapes import NEVER_UNREAD, SHAPES, UNREAD, Shape, is_id
from authentication.saml.xml import Element, parse, strip_blanks, tag

MAX_DEPTH = 24
MAX_ELEMENTS = 4000
# Canonicalization takes time in proportion to their product. Honest elements have fewer than ten of each.
MAX_NAMESPACES = MAX_ATTRIBUTES = 32
MAX_ID = 256

_ID = re.compile(rf"[A-Za-z_][A-Za-z0-9._-]{{0,{MAX_ID - 1}}}")
_CONDITION = tag("saml:Condition")


class Carries(Enum):
    """What a response carries; an honest response that carries nothing reports a failure."""

    NOTHING = "nothing"
    ASSERTION = "an assertion"
    ENCRYPTED_ASSERTION = "an encrypted assertion"


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes that passed the gate, and which of their elements have a signature. Nothing in them is trusted yet."""

    xml: bytes
    carries: Carries
    is_response_signed: bool
    is_assertion_signed: bool


def check_response(raw: str | bytes) -> Message:
    """Return the message of a SAMLResponse form field. Raises SamlRefused."""
    xml = trim(decode_base64(raw))
    root = _check_document(xml, "samlp:Response", SamlReason.NOT_A_RESPONSE)
    kinds = {tag("saml:Assertion"): Carries.ASSERTION, tag("saml:EncryptedAssertion"): Carries.ENCRYPTED_ASSERTION}
    return Message(
        xml=xml,
        carries=kinds.get(root[-1].tag, Carries.NOTHING),
        is_response_signed=root.find(tag("ds:Signature")) is not None,
        is_assertion_signed=root.find(f"{tag('saml:Assertion')}/{tag('ds:Signature')}") is not None,
    )


def check_logout(raw: str | bytes, name: str, *, is_deflated: bool) -> bytes:
    """Return the XML of a logout message whose root has that name. Raises SamlRefused."""
    decoded = decode_base64(raw)
    xml = trim(inflate(decoded) if is_deflated else decoded)
    _check_document(xml, name, SamlReason.NOT_A_LOGOUT)
    return xml


def check_assertion(xml: bytes, namespaces: Mapping[str | None, str]) -> Message:
    """Return the message of a decrypted assertion, wrapped in an element that declares namespaces.

    Raises SamlRefused. XML Encryption says that decrypted bytes are read where their ciphertext was, so they may use
    prefixes that were declared there.
    """
    xml = trim(xml)
    check_bytes(xml, is_document=False)
    names = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()}
    declarations = "".join(f" {name}={quoteattr(uri)}" for name, uri in names.items()).encode()
    document = b"<plaintext%s>%s</plaintext>" % (declarations, xml)
    root = parse(document)
    if [child.tag for child in root] != [tag("saml:Assertion")] or root.text or strip_blanks(root[0].tail):
        raise SamlRefused(SamlReason.UNEXPECTED_STRUCTURE, "plaintext")
    _check_tree(root[0])
    return Message(
        xml=document,
        carries=Carries.ASSERTION,
        is_response_signed=False,
        is_assertion_signed=root[0].find(tag("ds:Signature")) is not None,
    )


def _check_document(xml: bytes, name: str, wrong_root: SamlReason) -> Element:
    """Return the root of a document whose bytes and elements are accepted. Raises SamlRefused."""
    check_bytes(xml)
    root = parse(xml)
    if root.tag != tag(name):
        raise SamlRefused(wrong_root)
    _check_tree(root)
    return root


def _check_tree(root: Element) -> None:
    """Raise SamlRefused if there are too many elements, or one of them or its ID is not accepted."""
    ids: set[str] = set()
    for count, (element, shape) in enumerate(_elements(root)):
        if count == MAX_ELEMENTS:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "elements")
        _check_element(element, shape)
        _check_id(element, shape, ids)


def _elements(root: Element) -> Iterator[tuple[Element, Shape]]:
    """Yield root and its descendants in document order, each with its shape.

    Raises SamlRefused below the greatest depth. The caller checks an element's children before it goes on.
    """
    above: list[Shape] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            above.pop()
            continue
        if len(above) == MAX_DEPTH:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "depth")
        above.append(UNREAD if above and above[-1].has_anything else SHAPES[element.tag])
        yield element, above[-1]


def _check_element(element: Element, shape: Shape) -> None:
    """Raise SamlRefused if an element's children, text or attributes are not of its shape."""
    attributes = element.keys()
    if len(attributes) > MAX_ATTRIBUTES or len(element.nsmap) > MAX_NAMESPACES:
        raise SamlRefused(SamlReason.TOO_COMPLEX, shape.name)
    if not _accepts_children(shape, element) or not all(map(shape.accepts_attribute, attributes)):
        raise SamlRefused(SamlReason.UNEXPECTED_STRUCTURE, shape.name)


def _accepts_children(shape: Shape, element: Element) -> bool:
    """Say whether an element has only text or only children, as its shape says, and the children in order.

    Raises SamlRefused for a child that is in no shape.
    """
    if shape.has_anything:
        return not any(etree.QName(child).localname in NEVER_UNREAD for child in element)
    if shape.children is None:
        return not len(element)
    names, texts = [], [element.text]
    for child in element:
        known = SHAPES.get(child.tag)
        if known is None and child.tag == _CONDITION:
            raise SamlRefused(SamlReason.UNKNOWN_CONDITION)
        if known is None:
            raise SamlRefused(SamlReason.UNEXPECTED_STRUCTURE, "unknown element")
        names.append(f"{known.name},")
        texts.append(child.tail)
    has_text = any(text and text.strip() for text in texts)
    return not has_text and shape.children.fullmatch("".join(names)) is not None


def _check_id(element: Element, shape: Shape, ids: set[str]) -> None:
    """Add an element's IDs to ids. Raises SamlRefused if one is missing, malformed or there already."""
    found = [value for name, value in element.attrib.items() if is_id(name)]
    if shape.needs_id and not found:
        raise SamlRefused(SamlReason.BAD_ID, shape.name)
    for value in found:
        if value in ids or not (shape is UNREAD or _ID.fullmatch(value)):
            raise SamlRefused(SamlReason.BAD_ID, shape.name)
        ids.add(value)
