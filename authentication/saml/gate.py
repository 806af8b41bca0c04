"""Lets exactly one shape of document through, judged on the raw bytes before anything reads them.

Whatever a parser would drop or resolve (comments, CDATA, entities, DOCTYPE) is found by scanning the bytes; what is
left means the same to every parser. Then each element has to fit the table below, which is the SAML 2.0 schema
without what no IdP needs: extensions, advice, objects, encrypted parts of an assertion, unknown conditions.
"""

import base64
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from xml.sax.saxutils import quoteattr

from lxml import etree

from .errors import Reason, SamlRefused

MAX_BASE64 = 200 * 1024
MAX_XML = 150 * 1024
MAX_DEPTH = 24
MAX_ELEMENTS = 4000
# Canonicalization takes time by the product of these; honest elements have less than ten of each.
MAX_NAMESPACES = MAX_ATTRIBUTES = 32
MAX_ID = 256

NAMESPACES = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "dsig11": "http://www.w3.org/2009/xmldsig11#",
    "ec": "http://www.w3.org/2001/10/xml-exc-c14n#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
    "xenc11": "http://www.w3.org/2009/xmlenc11#",
}
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

_TEXT = "#text"
_NAME = "Format NameQualifier SPNameQualifier SPProvidedID"

# Element: its children in order, as a DTD writes them; its attributes.
_SHAPES = {
    "samlp:Response": (
        "saml:Issuer? ds:Signature? samlp:Status (saml:Assertion|saml:EncryptedAssertion)?",
        "ID Version IssueInstant Destination Consent InResponseTo",
    ),
    "samlp:LogoutRequest": (
        "saml:Issuer ds:Signature? saml:NameID samlp:SessionIndex*",
        "ID Version IssueInstant Destination Consent Reason NotOnOrAfter",
    ),
    "samlp:SessionIndex": (_TEXT, ""),
    "samlp:LogoutResponse": (
        "saml:Issuer ds:Signature? samlp:Status",
        "ID Version IssueInstant Destination Consent InResponseTo",
    ),
    "samlp:Status": ("samlp:StatusCode samlp:StatusMessage?", ""),
    "samlp:StatusCode": ("samlp:StatusCode?", "Value"),
    "samlp:StatusMessage": (_TEXT, ""),
    "saml:EncryptedAssertion": ("xenc:EncryptedData xenc:EncryptedKey*", ""),
    "saml:Assertion": (
        "saml:Issuer ds:Signature? saml:Subject saml:Conditions? (saml:AuthnStatement|saml:AttributeStatement)*",
        "ID Version IssueInstant",
    ),
    "saml:Issuer": (_TEXT, _NAME),
    "saml:Subject": ("saml:NameID? saml:SubjectConfirmation*", ""),
    "saml:NameID": (_TEXT, _NAME),
    "saml:SubjectConfirmation": ("saml:NameID? saml:SubjectConfirmationData?", "Method"),
    "saml:SubjectConfirmationData": ("", "NotBefore NotOnOrAfter Recipient InResponseTo Address"),
    "saml:Conditions": (
        "(saml:AudienceRestriction|saml:OneTimeUse|saml:ProxyRestriction)*",
        "NotBefore NotOnOrAfter",
    ),
    "saml:AudienceRestriction": ("saml:Audience+", ""),
    "saml:Audience": (_TEXT, ""),
    "saml:OneTimeUse": ("", ""),
    "saml:ProxyRestriction": ("saml:Audience*", "Count"),
    "saml:AuthnStatement": (
        "saml:SubjectLocality? saml:AuthnContext",
        "AuthnInstant SessionIndex SessionNotOnOrAfter",
    ),
    "saml:SubjectLocality": ("", "Address DNSName"),
    "saml:AuthnContext": (
        "saml:AuthnContextClassRef? saml:AuthnContextDeclRef? saml:AuthenticatingAuthority*",
        "",
    ),
    "saml:AuthnContextClassRef": (_TEXT, ""),
    "saml:AuthnContextDeclRef": (_TEXT, ""),
    "saml:AuthenticatingAuthority": (_TEXT, ""),
    "saml:AttributeStatement": ("saml:Attribute*", ""),
    "saml:Attribute": ("saml:AttributeValue*", "Name NameFormat FriendlyName"),
    "saml:AttributeValue": (_TEXT, ""),
    "ds:Signature": ("ds:SignedInfo ds:SignatureValue ds:KeyInfo?", "Id"),
    "ds:SignedInfo": ("ds:CanonicalizationMethod ds:SignatureMethod ds:Reference", ""),
    "ds:CanonicalizationMethod": ("ec:InclusiveNamespaces?", "Algorithm"),
    "ds:SignatureMethod": ("", "Algorithm"),
    "ds:Reference": ("ds:Transforms ds:DigestMethod ds:DigestValue", "URI"),
    "ds:Transforms": ("ds:Transform ds:Transform", ""),
    "ds:Transform": ("ec:InclusiveNamespaces?", "Algorithm"),
    "ec:InclusiveNamespaces": ("", "PrefixList"),
    "ds:DigestMethod": ("", "Algorithm"),
    "ds:DigestValue": (_TEXT, ""),
    "ds:SignatureValue": (_TEXT, ""),
    "ds:KeyInfo": ("(ds:KeyName|ds:KeyValue|ds:X509Data|ds:RetrievalMethod|xenc:EncryptedKey)*", ""),
    "ds:KeyName": (_TEXT, ""),
    "ds:KeyValue": ("(ds:RSAKeyValue|dsig11:ECKeyValue)", ""),
    "ds:RSAKeyValue": ("ds:Modulus ds:Exponent", ""),
    "ds:Modulus": (_TEXT, ""),
    "ds:Exponent": (_TEXT, ""),
    "dsig11:ECKeyValue": ("dsig11:NamedCurve dsig11:PublicKey", ""),
    "dsig11:NamedCurve": ("", "URI"),
    "dsig11:PublicKey": (_TEXT, ""),
    "ds:X509Data": (
        "(ds:X509Certificate|ds:X509IssuerSerial|ds:X509SubjectName|ds:X509SKI|dsig11:X509Digest)*",
        "",
    ),
    "ds:X509Certificate": (_TEXT, ""),
    "ds:X509IssuerSerial": ("ds:X509IssuerName ds:X509SerialNumber", ""),
    "ds:X509IssuerName": (_TEXT, ""),
    "ds:X509SerialNumber": (_TEXT, ""),
    "ds:X509SubjectName": (_TEXT, ""),
    "ds:X509SKI": (_TEXT, ""),
    "dsig11:X509Digest": (_TEXT, "Algorithm"),
    "ds:RetrievalMethod": ("", "URI Type"),
    "xenc:EncryptedData": ("xenc:EncryptionMethod ds:KeyInfo? xenc:CipherData", "Id Type MimeType Encoding"),
    "xenc:EncryptedKey": (
        "xenc:EncryptionMethod ds:KeyInfo? xenc:CipherData xenc:ReferenceList? xenc:CarriedKeyName?",
        "Id Type MimeType Encoding Recipient",
    ),
    "xenc:EncryptionMethod": ("(ds:DigestMethod|xenc11:MGF)*", "Algorithm"),
    "xenc11:MGF": ("", "Algorithm"),
    "xenc:CipherData": ("xenc:CipherValue", ""),
    "xenc:CipherValue": (_TEXT, ""),
    "xenc:ReferenceList": ("xenc:DataReference*", ""),
    "xenc:DataReference": ("", "URI"),
    "xenc:CarriedKeyName": (_TEXT, ""),
}


def tag(name: str) -> str:
    """Return the name of an element as lxml has it, for example of "saml:Issuer"."""
    prefix, local = name.split(":")
    return f"{{{NAMESPACES[prefix]}}}{local}"


def _pattern(children: str) -> re.Pattern[str]:
    """Return a DTD's list of children as a pattern over their names, each followed by a comma."""
    return re.compile(re.sub(r"\w+:\w+", r"(?:\g<0>,)", children).replace(" ", ""))


_NAMES = {tag(name): name for name in _SHAPES}
_CHILDREN = {name: _pattern(children) for name, (children, _) in _SHAPES.items() if children != _TEXT}
_ATTRIBUTES = {name: frozenset(attributes.split()) for name, (_, attributes) in _SHAPES.items()}
_HAS_ID = ("samlp:Response", "saml:Assertion", "samlp:LogoutRequest", "samlp:LogoutResponse")

_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1(?:\s+encoding\s*=\s*(["'])(?i:utf-8)\2)?"""
    rb"""(?:\s+standalone\s*=\s*(["'])(?:yes|no)\3)?\s*\?>"""
)
_HIDDEN = re.compile(rb"<!--|<!\[|<!|<\?|&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6});)")
_HIDDEN_KINDS = {
    b"<!--": "comment",
    b"<![": "CDATA section",
    b"<!": "DOCTYPE",
    b"<?": "processing instruction",
    b"&": "entity reference",
}
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
    xml = _from_base64(raw)
    _check_size(xml)
    _refuse_hidden(xml, _end_of_declaration(xml))
    root = parse(xml)
    if root.tag != tag("samlp:Response"):
        raise SamlRefused(Reason.NOT_A_RESPONSE)
    _check_tree(root)
    return Message(
        xml=xml,
        carries=_carries(root),
        is_response_signed=root.find(tag("ds:Signature")) is not None,
        is_assertion_signed=root.find(f"{tag('saml:Assertion')}/{tag('ds:Signature')}") is not None,
    )


def check_logout(raw: str | bytes, name: str, *, is_deflated: bool) -> bytes:
    """Return the XML of a logout message with that root element, as a binding carries it; raise SamlRefused."""
    xml = _from_base64(raw)
    if is_deflated:
        xml = _inflated(xml)
    _check_size(xml)
    _refuse_hidden(xml, _end_of_declaration(xml))
    root = parse(xml)
    if root.tag != tag(name):
        raise SamlRefused(Reason.NOT_A_LOGOUT)
    _check_tree(root)
    return xml


def check_assertion(xml: bytes, namespaces: Mapping[str | None, str]) -> Message:
    """Return the message of a decrypted assertion, inside an element with its namespaces; raise SamlRefused.

    XML Encryption has decrypted bytes read in the place of their ciphertext, where prefixes may be declared.
    """
    _check_size(xml)
    _refuse_hidden(xml, 0)
    document = b"<plaintext%s>%s</plaintext>" % (_declarations(namespaces), xml)
    root = parse(document)
    if [child.tag for child in root] != [tag("saml:Assertion")] or root.text or root[0].tail:
        raise SamlRefused(Reason.UNEXPECTED_STRUCTURE, "plaintext")
    _check_tree(root[0])
    return Message(
        xml=document,
        carries=Carries.ASSERTION,
        is_response_signed=False,
        is_assertion_signed=root[0].find(tag("ds:Signature")) is not None,
    )


def parse(xml: bytes) -> etree._Element:
    """Return the root of XML bytes, with nothing resolved, fetched or guessed; raise SamlRefused."""
    parser = etree.XMLParser(
        encoding="utf-8",
        attribute_defaults=False,
        collect_ids=False,
        huge_tree=False,
        load_dtd=False,
        no_network=True,
        resolve_entities=False,
    )
    try:
        return etree.fromstring(xml, parser)
    except etree.XMLSyntaxError:
        raise SamlRefused(Reason.NOT_XML) from None


def _from_base64(raw: str | bytes) -> bytes:
    """Return the bytes of base64, which may be broken into lines as MIME has it; raise SamlRefused."""
    if len(raw) > MAX_BASE64:
        raise SamlRefused(Reason.TOO_LARGE, "base64")
    try:
        encoded = (raw.encode("ascii") if isinstance(raw, str) else raw).translate(None, b"\r\n")
        decoded = base64.b64decode(encoded)
    except ValueError:
        raise SamlRefused(Reason.NOT_BASE64) from None
    if base64.b64encode(decoded) != encoded:  # the decoder passes over what does not belong
        raise SamlRefused(Reason.NOT_BASE64, "characters")
    return decoded


def _inflated(deflated: bytes) -> bytes:
    """Return what raw DEFLATE holds, of which no more is made than may be read; raise SamlRefused."""
    decompressor = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        xml = decompressor.decompress(deflated, MAX_XML + 1)
    except zlib.error:
        raise SamlRefused(Reason.NOT_DEFLATED) from None
    if len(xml) > MAX_XML:
        raise SamlRefused(Reason.TOO_LARGE, "inflated")
    if not decompressor.eof or decompressor.unused_data:
        raise SamlRefused(Reason.NOT_DEFLATED, "end")
    return xml


def _check_size(xml: bytes) -> None:
    """Refuse bytes that are too many to be parsed, or no UTF-8."""
    if len(xml) > MAX_XML:
        raise SamlRefused(Reason.TOO_LARGE, "XML")
    try:
        xml.decode()
    except UnicodeDecodeError:
        raise SamlRefused(Reason.NOT_UTF8) from None


def _end_of_declaration(xml: bytes) -> int:
    """Return where the XML declaration ends; raise SamlRefused for one that is not of UTF-8 text."""
    if not xml.startswith(b"<"):
        raise SamlRefused(Reason.NOT_XML, "not at the start")
    if not xml.startswith(b"<?xml"):
        return 0
    declaration = _DECLARATION.match(xml)
    if not declaration:
        raise SamlRefused(Reason.NOT_UTF8, "XML declaration")
    return declaration.end()


def _refuse_hidden(xml: bytes, start: int) -> None:
    """Refuse what parsers drop, resolve or read differently, after position start."""
    hidden = _HIDDEN.search(xml, start)
    if hidden:
        raise SamlRefused(Reason.FORBIDDEN_MARKUP, _HIDDEN_KINDS[hidden[0]])


def _declarations(namespaces: Mapping[str | None, str]) -> bytes:
    """Return the namespace declarations that put a start tag into the given context."""
    names = {f"xmlns:{prefix}" if prefix else "xmlns": uri for prefix, uri in namespaces.items()}
    return "".join(f" {name}={quoteattr(uri)}" for name, uri in names.items()).encode()


def _check_tree(root: etree._Element) -> None:
    """Refuse a tree that is too complex, or has an element or ID that does not fit."""
    ids: set[str] = set()
    for count, element in enumerate(_elements(root)):
        if count == MAX_ELEMENTS:
            raise SamlRefused(Reason.TOO_COMPLEX, "elements")
        _check_element(element)
        _check_ids(element, ids)


def _elements(root: etree._Element) -> Iterator[etree._Element]:
    """Return root and all below it, in document order, with the depth checked on the way."""
    depth = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        if depth > MAX_DEPTH:
            raise SamlRefused(Reason.TOO_COMPLEX, "depth")
        if event == "start":
            yield element


def _check_element(element: etree._Element) -> None:
    """Refuse an element whose children, text or attributes are not in the table."""
    name = _NAMES[element.tag]  # known, as the element above was checked with its children
    if len(element.attrib) > MAX_ATTRIBUTES or len(element.nsmap) > MAX_NAMESPACES:
        raise SamlRefused(Reason.TOO_COMPLEX, name)
    if not (_fits_children(element, name) and all(_fits_attribute(key, name) for key in element.attrib)):
        raise SamlRefused(Reason.UNEXPECTED_STRUCTURE, name)


def _explain_unknown(element: etree._Element) -> tuple[Reason, str]:
    """Return why an element that is not in the table is refused."""
    if element.tag == tag("saml:Condition"):
        return Reason.UNKNOWN_CONDITION, ""
    return Reason.UNEXPECTED_STRUCTURE, "unknown element"


def _fits_children(element: etree._Element, name: str) -> bool:
    """Tell whether an element has the children of its table entry: only those, or only text."""
    pattern = _CHILDREN.get(name)
    if pattern is None:
        return not len(element)
    for child in element:
        if child.tag not in _NAMES:
            raise SamlRefused(*_explain_unknown(child))
    children = "".join(f"{_NAMES[child.tag]}," for child in element)
    texts = (element.text, *(child.tail for child in element))
    return bool(pattern.fullmatch(children)) and not any(text and text.strip() for text in texts)


def _fits_attribute(key: str, name: str) -> bool:
    """Tell whether an attribute may stand on the element of that name."""
    if not key.startswith("{"):
        return key in _ATTRIBUTES[name]
    namespace, local = key[1:].split("}")
    if name == "saml:AttributeValue":
        return namespace == XSI and local in ("type", "nil")
    # Attributes carry notes in namespaces of their own, for example ADFS the original issuer.
    return name == "saml:Attribute" and local.lower() != "id" and namespace not in (XSI, XML, *NAMESPACES.values())


def _check_ids(element: etree._Element, ids: set[str]) -> None:
    """Refuse an ID that is missing where it belongs, malformed, or was there before; remember it."""
    value = element.get("ID", element.get("Id"))
    if value is None and _NAMES[element.tag] not in _HAS_ID:
        return
    if value is None or value in ids or not _ID.fullmatch(value):
        raise SamlRefused(Reason.BAD_ID, _NAMES[element.tag])
    ids.add(value)


def _carries(root: etree._Element) -> Carries:
    kinds = {tag("saml:Assertion"): Carries.ASSERTION, tag("saml:EncryptedAssertion"): Carries.ENCRYPTED_ASSERTION}
    return kinds.get(root[-1].tag, Carries.NOTHING)
