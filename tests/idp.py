"""A small signing IdP for tests, which can do everything wrong: real keys, real signatures, real encryption.

`Idp.respond` makes an honest response from an `Answer`. What an answer cannot say, `edit` does to the tree before
anything is signed, and the test to the bytes afterwards.
"""

import base64
import warnings
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from xml.sax.saxutils import escape, quoteattr

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NameID

from provisioning.practice_idp.keys import Key
from provisioning.practice_idp.saml.signing import security_context

NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
    "ds": "http://www.w3.org/2000/09/xmldsig#",
    "xenc": "http://www.w3.org/2001/04/xmlenc#",
}
DS, XENC, XENC11 = NS["ds"], NS["xenc"], "http://www.w3.org/2009/xmlenc11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f"{DS}enveloped-signature"
RSA_SHA1, RSA_SHA256, ECDSA_SHA256 = f"{DS}rsa-sha1", f"{MORE}rsa-sha256", f"{MORE}ecdsa-sha256"
SHA1, SHA256 = f"{DS}sha1", f"{XENC}sha256"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SP_ENTITY_ID, ACS_URL = "https://console.example/saml/7f3a/metadata", "https://console.example/saml/7f3a/acs"
SLO_URL = "https://console.example/saml/7f3a/slo"
REQUEST_ID = "_request-1"
SKEW = timedelta(seconds=180)
RETURN = {"\r": "&#13;"}  # a bare one would be read as a line feed

Edit = Callable[[etree._Element], Any]


def instant(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def encode(xml: bytes) -> str:
    return base64.b64encode(xml).decode()


def self_signed(key: Any, name: str) -> str:
    """Return a certificate for a key as PEM, valid for ten years around the tests' times."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    start = datetime(2024, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(start + timedelta(days=3650))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def private_pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Answer:
    """What an honest response says; a test changes what it wants wrong."""

    request_id: str = REQUEST_ID
    acs_url: str = ACS_URL
    sp_entity_id: str = SP_ENTITY_ID
    now: datetime = NOW
    person: str = "ada@acme.example"
    name_id_format: str = EMAIL
    attributes: Mapping[str, Sequence[str]] = field(
        default_factory=lambda: {"workspace_end_user_name": ["Ada Lovelace"], "workspace_end_user_groups": ["A", "B"]}
    )
    response_id: str = "_response-1"
    assertion_id: str = "_assertion-1"
    lifetime: timedelta = timedelta(minutes=5)
    session_lifetime: timedelta | None = timedelta(hours=8)
    status: str = SUCCESS


@dataclass
class Logout:
    """What an honest logout message says: a response if it answers a request; a test changes what it wants wrong."""

    slo_url: str = SLO_URL
    now: datetime = NOW
    id: str = "_logout-1"
    in_response_to: str = ""
    person: str = "ada@acme.example"
    name_id_format: str = EMAIL
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    session_indexes: Sequence[str] = ("session-1",)
    lifetime: timedelta | None = timedelta(minutes=5)
    status: str = SUCCESS

    @property
    def field(self) -> str:
        return "SAMLResponse" if self.in_response_to else "SAMLRequest"


@dataclass(frozen=True)
class Style:
    """How a signature is made."""

    method: str = RSA_SHA256
    digest: str = SHA256
    c14n: str = EXCLUSIVE
    transforms: tuple[str, ...] = (ENVELOPED, EXCLUSIVE)
    prefixes: str = ""
    uri: str | None = None
    key_info: bool = True


@dataclass(frozen=True)
class Encryption:
    """How an assertion is encrypted, for the certificate of whom."""

    certificate: str
    cipher: str = f"{XENC11}aes256-gcm"
    transport: str = f"{XENC}rsa-oaep-mgf1p"
    digest: str = ""
    mask: str = ""
    key_beside: bool = False
    in_context: bool = False  # leaves namespace declarations to the elements around


@dataclass
class Idp:
    """One IdP with its own key; foreign keys are those of another Idp."""

    entity_id: str = "https://idp.example/metadata"
    key: Any = field(default_factory=rsa_key)

    def __post_init__(self) -> None:
        self.certificate = self_signed(self.key, "idp.example")

    def respond(
        self,
        answer: Answer,
        *,
        sign: Sequence[str] = ("assertion",),
        style: Style = Style(),
        edit: Edit | None = None,
        encryption: Encryption | None = None,
    ) -> bytes:
        """Return the XML of a response whose response, assertion or both are signed, as sign says."""
        root = etree.fromstring(self.unsigned(answer))
        if edit:
            edit(root)
        if "assertion" in sign:
            self.sign(root.find("saml:Assertion", NS), style)
        if encryption:
            encrypt(root, encryption)
        if "response" in sign:
            self.sign(root, style)
        return etree.tostring(root)

    def unsigned(self, answer: Answer) -> bytes:
        now, end = instant(answer.now), instant(answer.now + answer.lifetime)
        acs_url, request_id = quoteattr(answer.acs_url), quoteattr(answer.request_id)
        return f"""\
<samlp:Response xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" xmlns:xs="http://www.w3.org/2001/XMLSchema" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" ID="{answer.response_id}" Version="2.0" IssueInstant="{now}" \
Destination={acs_url} InResponseTo={request_id}>\
<saml:Issuer>{escape(self.entity_id)}</saml:Issuer>\
<samlp:Status><samlp:StatusCode Value="{answer.status}"/></samlp:Status>\
<saml:Assertion ID="{answer.assertion_id}" Version="2.0" IssueInstant="{now}">\
<saml:Issuer>{escape(self.entity_id)}</saml:Issuer>\
<saml:Subject><saml:NameID Format="{answer.name_id_format}">{escape(answer.person)}</saml:NameID>\
<saml:SubjectConfirmation Method="{BEARER}">\
<saml:SubjectConfirmationData NotOnOrAfter="{end}" Recipient={acs_url} InResponseTo={request_id}/>\
</saml:SubjectConfirmation></saml:Subject>\
<saml:Conditions NotBefore="{instant(answer.now - timedelta(minutes=5))}" NotOnOrAfter="{end}">\
<saml:AudienceRestriction><saml:Audience>{escape(answer.sp_entity_id)}</saml:Audience></saml:AudienceRestriction>\
</saml:Conditions>{_authn_statement(answer)}{_attribute_statement(answer)}\
</saml:Assertion></samlp:Response>""".encode()

    def log_out(self, logout: Logout, *, style: Style | None = Style(), edit: Edit | None = None) -> bytes:
        """Return the XML of a logout message, signed unless there is no style."""
        root = etree.fromstring(_logout_message(self.entity_id, logout))
        if edit:
            edit(root)
        if style:
            self.sign(root, style)
        return etree.tostring(root)

    def redirect_query(self, field: str, xml: bytes, relay_state: str = "", method: str = RSA_SHA256) -> str:
        """Return the query with which the redirect binding carries a message, with a signature beside it."""
        query = {field: deflate(xml)} | ({"RelayState": relay_state} if relay_state else {}) | {"SigAlg": method}
        octets = urlencode(query)
        return f"{octets}&{urlencode({'Signature': encode(self.sign_octets(octets.encode(), method))})}"

    def sign_octets(self, octets: bytes, method: str = RSA_SHA256) -> bytes:
        """Return what stands beside the octets in a query: two numbers of equal length for an elliptic curve."""
        digest = hashes.SHA1() if method.endswith("sha1") else hashes.SHA256()  # noqa: S303 (to be refused)
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(octets, padding.PKCS1v15(), digest)
        numbers = decode_dss_signature(self.key.sign(octets, ec.ECDSA(digest)))
        return b"".join(number.to_bytes(32) for number in numbers)

    def sign(self, element: etree._Element, style: Style = Style()) -> None:
        """Put a signature of element where the schema has it, after the Issuer."""
        shown = self.certificate if style.key_info else ""
        signature = etree.fromstring(_signature_template(style, style.uri or f"#{element.get('ID')}", shown))
        element.insert(1 if element[:1] and element[0].tag == f"{{{NS['saml']}}}Issuer" else 0, signature)
        context = xmlsec.SignatureContext()
        context.key = self._signing_key(style)
        context.register_id(element, "ID")
        context.sign(signature)

    def _signing_key(self, style: Style) -> Any:
        """Return the private key; for HMAC the public certificate as secret, the classic confusion."""
        if "hmac" in style.method:
            return xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, self.certificate)
        return xmlsec.Key.from_memory(private_pem(self.key), xmlsec.constants.KeyDataFormatPem)


def deflate(xml: bytes) -> str:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return encode(compressor.compress(xml) + compressor.flush())


def _logout_message(entity_id: str, logout: Logout) -> str:
    name = "LogoutResponse" if logout.in_response_to else "LogoutRequest"
    answers = f" InResponseTo={quoteattr(logout.in_response_to)}" if logout.in_response_to else ""
    end = "" if logout.lifetime is None or answers else f' NotOnOrAfter="{instant(logout.now + logout.lifetime)}"'
    return f"""\
<samlp:{name} xmlns:samlp="{NS["samlp"]}" xmlns:saml="{NS["saml"]}" ID="{logout.id}" Version="2.0" \
IssueInstant="{instant(logout.now)}" Destination={quoteattr(logout.slo_url)}{answers}{end}>\
<saml:Issuer>{escape(entity_id)}</saml:Issuer>{_status(logout) if answers else _whom(logout)}</samlp:{name}>"""


def _status(logout: Logout) -> str:
    return f'<samlp:Status><samlp:StatusCode Value="{logout.status}"/></samlp:Status>'


def _whom(logout: Logout) -> str:
    qualifiers = "".join(f" {name}={quoteattr(value)}" for name, value in logout.qualifiers.items())
    indexes = (f"<samlp:SessionIndex>{escape(index)}</samlp:SessionIndex>" for index in logout.session_indexes)
    name_format = f' Format="{logout.name_id_format}"' if logout.name_id_format else ""
    return f"<saml:NameID{name_format}{qualifiers}>{escape(logout.person)}</saml:NameID>{''.join(indexes)}"


def _authn_statement(answer: Answer) -> str:
    end = ""
    if answer.session_lifetime is not None:
        end = f' SessionNotOnOrAfter="{instant(answer.now + answer.session_lifetime)}"'
    return f"""\
<saml:AuthnStatement AuthnInstant="{instant(answer.now)}" SessionIndex="session-1"{end}><saml:AuthnContext>\
<saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport\
</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>"""


def _attribute_statement(answer: Answer) -> str:
    if not answer.attributes:
        return ""
    attributes = "".join(
        f"<saml:Attribute Name={quoteattr(name)}>"
        + "".join(
            f'<saml:AttributeValue xsi:type="xs:string">{escape(v, RETURN)}</saml:AttributeValue>' for v in values
        )
        + "</saml:Attribute>"
        for name, values in answer.attributes.items()
    )
    return f"<saml:AttributeStatement>{attributes}</saml:AttributeStatement>"


# A transform that selects the same nodes as nothing at all, so that its signature is a good one.
_PARAMETERS = {
    "http://www.w3.org/TR/1999/REC-xpath-19991116": "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>",
    "http://www.w3.org/TR/1999/REC-xslt-19991116": (
        '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template match="/">'
        '<xsl:copy-of select="."/></xsl:template></xsl:stylesheet>'
    ),
}


def _signature_template(style: Style, uri: str, certificate: str) -> str:
    inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{style.prefixes}"/>'
    transforms = "".join(
        f'<ds:Transform Algorithm="{algorithm}">{_PARAMETERS.get(algorithm, "")}'
        f"{inclusive if style.prefixes and algorithm == EXCLUSIVE else ''}</ds:Transform>"
        for algorithm in style.transforms
    )
    body = "".join(certificate.splitlines()[1:-1])
    x509_data = f"<ds:X509Data><ds:X509Certificate>{body}</ds:X509Certificate></ds:X509Data>"
    key_info = f"<ds:KeyInfo>{x509_data}</ds:KeyInfo>" if certificate else ""
    return f"""\
<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{style.c14n}"/>\
<ds:SignatureMethod Algorithm="{style.method}"/><ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>\
<ds:DigestMethod Algorithm="{style.digest}"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
<ds:SignatureValue></ds:SignatureValue>{key_info}</ds:Signature>"""


_SESSION_KEYS = {
    "aes128-cbc": 128,
    "aes256-cbc": 256,
    "aes128-gcm": 128,
    "aes256-gcm": 256,
}


def encrypt(root: etree._Element, encryption: Encryption) -> None:
    """Replace the assertion of a response by an encrypted one, made by xmlsec."""
    assertion = root.find("saml:Assertion", NS)
    wrapper = etree.SubElement(root, f"{{{NS['saml']}}}EncryptedAssertion")
    if encryption.in_context:
        wrapper.append(assertion)
    else:
        root.remove(assertion)
        assertion = etree.fromstring(etree.tostring(assertion))
    data = _encrypted_data(assertion, encryption)
    wrapper[:] = [data]
    if encryption.key_beside:
        _move_key_beside(wrapper)


def _encrypted_data(assertion: etree._Element, encryption: Encryption) -> etree._Element:
    template = etree.fromstring(_encryption_template(encryption))
    context = xmlsec.EncryptionContext(_recipient(encryption))
    name = encryption.cipher.rpartition("#")[2]
    kind = xmlsec.constants.KeyDataDes if "tripledes" in name else xmlsec.constants.KeyDataAes
    context.key = xmlsec.Key.generate(kind, _SESSION_KEYS.get(name, 192), xmlsec.constants.KeyDataTypeSession)
    # lxml finds nothing among nodes that xmlsec made, so they are read again.
    return etree.fromstring(etree.tostring(context.encrypt_xml(template, assertion), with_tail=False))


def _recipient(encryption: Encryption) -> Any:
    manager = xmlsec.KeysManager()
    manager.add_key(xmlsec.Key.from_memory(encryption.certificate, xmlsec.constants.KeyDataFormatCertPem))
    return manager


def _encryption_template(encryption: Encryption) -> str:
    digest = f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{encryption.digest}"/>' if encryption.digest else ""
    mask = f'<xenc11:MGF xmlns:xenc11="{XENC11}" Algorithm="{encryption.mask}"/>' if encryption.mask else ""
    return f"""\
<xenc:EncryptedData xmlns:xenc="{XENC}" Type="{XENC}Element"><xenc:EncryptionMethod Algorithm="{encryption.cipher}"/>\
<ds:KeyInfo xmlns:ds="{DS}"><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{encryption.transport}">{digest}{mask}\
</xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\
<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"""


def _move_key_beside(wrapper: etree._Element) -> None:
    """Put the encrypted key next to the data, with a reference to it, as Shibboleth can do."""
    key = wrapper.find(".//xenc:EncryptedKey", NS)
    key.set("Id", "_key")
    etree.SubElement(key.getparent(), f"{{{DS}}}RetrievalMethod", URI="#_key", Type=f"{XENC}EncryptedKey")
    wrapper.append(key)


class PySaml2Idp:
    """pysaml2's own Server as an IdP, signing in process; its clock is the real one."""

    entity_id = "https://pysaml2.example/idp"

    slo_url = "https://pysaml2.example/slo"

    def __init__(self, sp_metadata: bytes) -> None:
        key = rsa_key()
        self.certificate = self_signed(key, "pysaml2.example")
        self.server = _pysaml2_server(self.entity_id, self.slo_url, sp_metadata)
        self.server.sec = security_context(Key(private_pem(key)))
        self.server.sec.metadata = self.server.metadata

    def respond(self, answer: Answer, *, sign: Sequence[str] = ("assertion",)) -> bytes:
        """Return the XML of a response, of which the attributes are names that pysaml2 knows, such as mail."""
        response = self.server.create_authn_response(
            answer.attributes,
            answer.request_id,
            answer.acs_url,
            answer.sp_entity_id,
            name_id=NameID(text=answer.person, format=answer.name_id_format),
            authn={"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password"},
            sign_assertion="assertion" in sign,
            sign_response="response" in sign,
            sign_alg=RSA_SHA256,
            digest_alg=SHA256,
        )
        return str(response).encode()

    def redirected(self, message: Any, url: str, field: str, relay_state: str = "") -> str:
        """Return the URL with which pysaml2 carries a message there, signed beside it."""
        is_response = field == "SAMLResponse"
        carried = self.server.apply_binding(
            BINDING_HTTP_REDIRECT, str(message), url, relay_state, response=is_response, sign=True, sigalg=RSA_SHA256
        )
        return dict(carried["headers"])["Location"]


def _pysaml2_server(entity_id: str, slo_url: str, sp_metadata: bytes) -> Any:
    with warnings.catch_warnings(action="ignore"):  # it imports a cipher mode, unused here, that is to be moved
        from saml2.server import Server
    endpoints = {
        "single_sign_on_service": [("https://pysaml2.example/sso", BINDING_HTTP_REDIRECT)],
        "single_logout_service": [(slo_url, BINDING_HTTP_REDIRECT), (slo_url, BINDING_HTTP_POST)],
    }
    configuration = {
        "entityid": entity_id,
        "crypto_backend": "XMLSecurity",  # the word for "no xmlsec1 program"; replaced right after
        "service": {"idp": {"endpoints": endpoints, "want_authn_requests_signed": True}},
        "metadata": {"inline": [sp_metadata]},
    }
    return Server(config=IdPConfig().load(configuration))
