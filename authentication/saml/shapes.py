"""The elements that the gate accepts, as data: the SAML 2.0 schema without the parts that no IdP needs.

Left out are extensions, advice, objects in signatures, encrypted parts of an assertion, and unknown conditions.
"""

import re
from dataclasses import dataclass

from authentication.saml.xml import NAMESPACES, tag

XSI = "http://www.w3.org/2001/XMLSchema-instance"
XML = "http://www.w3.org/XML/1998/namespace"

_NEED_ID = ("samlp:Response", "saml:Assertion", "samlp:LogoutRequest", "samlp:LogoutResponse")

_TEXT = "#text"
_NAME = "Format NameQualifier SPNameQualifier SPProvidedID"

# For each element its children in order, as a DTD writes them, and its attributes.
_TABLE = {
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


@dataclass(frozen=True, slots=True)
class Shape:
    """What an element may contain. children matches the names of its children, each followed by a comma.

    children is None for an element that contains only text.
    """

    name: str
    children: re.Pattern[str] | None
    attributes: frozenset[str]

    @classmethod
    def of(cls, name: str, children: str, attributes: str) -> "Shape":
        """Return the shape of a row of the table."""
        pattern = re.compile(re.sub(r"\w+:\w+", r"(?:\g<0>,)", children).replace(" ", ""))
        return cls(name, None if children == _TEXT else pattern, frozenset(attributes.split()))

    @property
    def needs_id(self) -> bool:
        return self.name in _NEED_ID

    def accepts_attribute(self, name: str) -> bool:
        """Say whether an element of this shape may have an attribute; name is as lxml writes it."""
        if not name.startswith("{"):
            return name in self.attributes
        namespace, local = name[1:].split("}")
        if self.name == "saml:AttributeValue":
            return namespace == XSI and local in ("type", "nil")
        # IdPs put notes on attributes in namespaces of their own; ADFS, for example, the original issuer.
        is_foreign = namespace not in (XSI, XML, *NAMESPACES.values())
        return self.name == "saml:Attribute" and local.lower() != "id" and is_foreign


# By the names that lxml gives elements.
SHAPES = {tag(name): Shape.of(name, *row) for name, row in _TABLE.items()}
