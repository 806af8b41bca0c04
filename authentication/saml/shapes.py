"""The elements that the gate accepts, as data: the SAML 2.0 schema without the parts that no IdP needs.

Left out are advice, objects in signatures, encrypted parts of an assertion, and unknown conditions. Where the schema
takes elements of anybody, they are let through unread.
"""

import re
from dataclasses import dataclass

from authentication.saml.xml import NAMESPACES, tag

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

_NEED_ID = ("samlp:Response", "saml:Assertion", "samlp:LogoutRequest", "samlp:LogoutResponse")

# What is read, in whatever namespace, may not hide where anything may stand. EncryptedData could be an assertion.
NEVER_UNREAD = {"Response", "Assertion", "EncryptedAssertion", "EncryptedData", "Signature"}

# What a schema-aware reader may find on any element; nobody here looks at it.
_XSI = ("type", "schemaLocation", "noNamespaceSchemaLocation")

_VALUE = "saml:AttributeValue"
_TEXT = "#text"
_ANYTHING = "#anything"
_STATEMENTS = "(saml:AuthnStatement|saml:AttributeStatement)*"
_NAME = "Format NameQualifier SPNameQualifier SPProvidedID"

# For each element its children in order, as a DTD writes them, and its attributes.
_TABLE = {
    "samlp:Response": (
        "saml:Issuer? ds:Signature? samlp:Extensions? samlp:Status (saml:Assertion|saml:EncryptedAssertion)?",
        "ID Version IssueInstant Destination Consent InResponseTo",
    ),
    "samlp:LogoutRequest": (
        "saml:Issuer ds:Signature? samlp:Extensions? saml:NameID samlp:SessionIndex*",
        "ID Version IssueInstant Destination Consent Reason NotOnOrAfter",
    ),
    "samlp:SessionIndex": (_TEXT, ""),
    "samlp:LogoutResponse": (
        "saml:Issuer ds:Signature? samlp:Extensions? samlp:Status",
        "ID Version IssueInstant Destination Consent InResponseTo",
    ),
    "samlp:Extensions": (_ANYTHING, ""),
    "samlp:Status": ("samlp:StatusCode samlp:StatusMessage? samlp:StatusDetail?", ""),
    "samlp:StatusCode": ("samlp:StatusCode?", "Value"),
    "samlp:StatusMessage": (_TEXT, ""),
    "samlp:StatusDetail": (_ANYTHING, ""),
    "saml:EncryptedAssertion": ("xenc:EncryptedData xenc:EncryptedKey*", ""),
    "saml:Assertion": (
        f"saml:Issuer ds:Signature? saml:Subject saml:Conditions? saml:Advice? {_STATEMENTS}",
        "ID Version IssueInstant",
    ),
    "saml:Issuer": (_TEXT, _NAME),
    "saml:Subject": ("saml:NameID? saml:SubjectConfirmation*", ""),
    "saml:NameID": (_TEXT, _NAME),
    "saml:SubjectConfirmation": ("saml:NameID? saml:SubjectConfirmationData?", "Method"),
    "saml:SubjectConfirmationData": ("ds:KeyInfo*", "NotBefore NotOnOrAfter Recipient InResponseTo Address"),
    "saml:Conditions": (
        "(saml:AudienceRestriction|saml:OneTimeUse|saml:ProxyRestriction)*",
        "NotBefore NotOnOrAfter",
    ),
    "saml:AudienceRestriction": ("saml:Audience+", ""),
    "saml:Audience": (_TEXT, ""),
    "saml:OneTimeUse": ("", ""),
    "saml:ProxyRestriction": ("saml:Audience*", "Count"),
    "saml:Advice": ("", ""),
    "saml:AuthnStatement": (
        "saml:SubjectLocality? saml:AuthnContext",
        "AuthnInstant SessionIndex SessionNotOnOrAfter",
    ),
    "saml:SubjectLocality": ("", "Address DNSName"),
    "saml:AuthnContext": (
        "saml:AuthnContextClassRef? (saml:AuthnContextDecl|saml:AuthnContextDeclRef)? saml:AuthenticatingAuthority*",
        "",
    ),
    "saml:AuthnContextClassRef": (_TEXT, ""),
    "saml:AuthnContextDecl": (_ANYTHING, ""),
    "saml:AuthnContextDeclRef": (_TEXT, ""),
    "saml:AuthenticatingAuthority": (_TEXT, ""),
    "saml:AttributeStatement": ("saml:Attribute*", ""),
    "saml:Attribute": ("saml:AttributeValue*", "Name NameFormat FriendlyName"),
    "saml:AttributeValue": (_ANYTHING, ""),
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


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element may contain. children matches the names of its children, each followed by a comma.

    children is None for an element that contains only text, and for one that contains anything.
    """

    name: str
    children: re.Pattern[str] | None
    attributes: frozenset[str]
    has_anything: bool

    @classmethod
    def of(cls, name: str, children: str, attributes: str) -> "Shape":
        """Return the shape of a row of the table."""
        pattern = re.compile(re.sub(r"\w+:\w+", r"(?:\g<0>,)", children).replace(" ", ""))
        is_text, has_anything = children == _TEXT, children == _ANYTHING
        return cls(name, None if is_text or has_anything else pattern, frozenset(attributes.split()), has_anything)

    @property
    def needs_id(self) -> bool:
        return self.name in _NEED_ID

    def accepts_attribute(self, name: str) -> bool:
        """Say whether an element of this shape may have an attribute; name is as lxml writes it."""
        if not name.startswith("{"):
            return self is UNREAD or name in self.attributes
        namespace, local = name[1:].split("}")
        if is_id(local):
            return False
        if self is UNREAD:
            return True
        if namespace == XSI:
            return self.name.startswith("saml") and (local in _XSI or (self.name, local) == (_VALUE, "nil"))
        if namespace == XML:
            return self.name == _VALUE and local in ("lang", "space")
        # IdPs put notes on attributes in namespaces of their own; ADFS, for example, the original issuer.
        return self.name in ("saml:Attribute", _VALUE) and namespace not in NAMESPACES.values()


# Every element below one that contains anything.
UNREAD = Shape("unread", None, frozenset(), has_anything=True)
# By the names that lxml gives elements.
SHAPES = {tag(name): Shape.of(name, *row) for name, row in _TABLE.items()}


def is_id(name: str) -> bool:
    """Say whether an attribute of that local name is an ID, in whatever case."""
    return name.lower() == "id"
