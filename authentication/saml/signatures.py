"""Verifies signatures against pinned certificates and hands out the very bytes that were signed; signs our own.

What is read afterwards is what was verified, by construction: the canonical bytes are made here, their digest must be
the one in SignedInfo, and python-xmlsec must find SignedInfo signed by a pinned key. KeyInfo is never believed.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import xmlsec
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from saml2.sigver import CryptoBackend, SecurityContext

from .certificates import Certificate, CertificateError, parse_certificates
from .errors import Reason, SamlRefused
from .gate import NAMESPACES, Carries, Message, check_assertion, parse, tag

MAX_PREFIXES = 32
MAX_ENCRYPTED_KEYS = 4

ASSERTION = tag("saml:Assertion")
ENCRYPTED_ASSERTION = tag("saml:EncryptedAssertion")
SIGNATURE = tag("ds:Signature")
CIPHER_VALUE = f"{tag('xenc:CipherData')}/{tag('xenc:CipherValue')}"
DS, XENC, XENC11 = NAMESPACES["ds"], NAMESPACES["xenc"], NAMESPACES["xenc11"]
MORE = "http://www.w3.org/2001/04/xmldsig-more#"

EXCLUSIVE = NAMESPACES["ec"]
TRANSFORMS = [f"{DS}enveloped-signature", EXCLUSIVE]
METHODS = {f"{MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)}
DIGESTS = {f"{XENC}sha256": "sha256", f"{MORE}sha384": "sha384", f"{XENC}sha512": "sha512"}
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
SHA1_METHODS = {f"{DS}rsa-sha1"}
SHA1_DIGESTS = {f"{DS}sha1": "sha1"}

# Mode and length of the key in bytes. CBC can be changed by others, so no more is said than that it failed.
CIPHERS = {
    f"{XENC}aes128-cbc": ("cbc", 16),
    f"{XENC}aes256-cbc": ("cbc", 32),
    f"{XENC11}aes128-gcm": ("gcm", 16),
    f"{XENC11}aes256-gcm": ("gcm", 32),
}
# SHA-1 has no known weakness in OAEP, and is what its older identifier means.
OAEP = {f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"}
OAEP_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {f"{DS}sha1": hashes.SHA1, f"{XENC}sha256": hashes.SHA256}
OAEP_MASKS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
}


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that a pinned key signed: an assertion, and the response around it where that is signed itself."""

    assertion: bytes
    response: bytes | None


@dataclass(frozen=True, slots=True)
class Trust:
    """What signatures are verified against."""

    certificates: tuple[Certificate, ...]
    allow_sha1: bool

    @property
    def methods(self) -> set[str]:
        return METHODS | SHA1_METHODS if self.allow_sha1 else METHODS

    @property
    def digests(self) -> dict[str, str]:
        return DIGESTS | SHA1_DIGESTS if self.allow_sha1 else DIGESTS


def verify(
    message: Message, *, certificates: Sequence[str], allow_sha1: bool, decryption_keys: Sequence[str]
) -> Verified:
    """Return what is signed by one of the PEM certificates; every signature there is must hold; raise SamlRefused."""
    trust = Trust(_pinned(certificates), allow_sha1)
    root = parse(message.xml)
    response = _verified_bytes(root, trust) if message.is_response_signed else None
    if message.carries is Carries.ENCRYPTED_ASSERTION:
        return Verified(_decrypted_assertion(root, response, decryption_keys, trust), response)
    if message.is_assertion_signed:
        return Verified(_verified_bytes(root.find(ASSERTION), trust), response)
    if response is None:
        raise SamlRefused(Reason.NOT_SIGNED)
    return Verified(_standalone(parse(response).find(ASSERTION)), response)


def verify_enveloped(xml: bytes, *, certificates: Sequence[str], allow_sha1: bool) -> bytes:
    """Return the bytes of a message's root that a signature in it covers; the gate has let it through."""
    root = parse(xml)
    if root.find(SIGNATURE) is None:
        raise SamlRefused(Reason.LOGOUT_NOT_SIGNED)
    return _verified_bytes(root, Trust(_pinned(certificates), allow_sha1))


def verify_detached(
    signed: bytes, signature: bytes, method: str, *, certificates: Sequence[str], allow_sha1: bool
) -> None:
    """Refuse octets that none of the PEM certificates has signed by a method of XML signatures; raise SamlRefused."""
    trust = Trust(_pinned(certificates), allow_sha1)
    if method not in trust.methods:
        raise SamlRefused(
            Reason.WEAK_ALGORITHM if method in SHA1_METHODS else Reason.UNSUPPORTED_SIGNATURE, "algorithm"
        )
    if not any(_has_signed(certificate, signed, signature, method) for certificate in trust.certificates):
        raise SamlRefused(Reason.SIGNATURE_INVALID, "key")


def _pinned(certificates: Sequence[str]) -> tuple[Certificate, ...]:
    """Return the certificates, whose keys are strong enough by being parsed; raise SamlRefused."""
    try:
        return tuple(found for pem in certificates for found in parse_certificates(pem))
    except CertificateError:
        raise SamlRefused(Reason.CERTIFICATE_UNUSABLE) from None


# Verifying. -----------------------------------------------------------------------------------------------------------


def _verified_bytes(element: etree._Element, trust: Trust) -> bytes:
    """Return the canonical bytes of element, without its signature, that this signature covers; raise SamlRefused."""
    signature = element.find(SIGNATURE)
    _check_form(signature, element.get("ID"))
    _check_algorithms(signature, trust)
    signed = _canonical(element, _prefixes(signature))
    if not _has_digest(signed, signature, trust):
        raise SamlRefused(Reason.SIGNATURE_INVALID, "digest")
    if not any(_is_signed_by(certificate, element, signature) for certificate in trust.certificates):
        raise _explain_failure(signature, trust)
    return signed


def _check_form(signature: etree._Element, signed_id: str) -> None:
    """Refuse a signature that is not enveloped in the element it refers to, or transforms it in another way."""
    transforms = [transform.get("Algorithm") for transform in signature.iter(tag("ds:Transform"))]
    if _find(signature, "ds:Reference").get("URI") != f"#{signed_id}":
        raise SamlRefused(Reason.UNSUPPORTED_SIGNATURE, "reference")
    if transforms != TRANSFORMS or _algorithm(signature, "ds:CanonicalizationMethod") != EXCLUSIVE:
        raise SamlRefused(Reason.UNSUPPORTED_SIGNATURE, "transforms")


def _check_algorithms(signature: etree._Element, trust: Trust) -> None:
    """Refuse what the provider may not sign with, and say whether it is only too weak."""
    method, digest = _algorithm(signature, "ds:SignatureMethod"), _algorithm(signature, "ds:DigestMethod")
    if method in trust.methods and digest in trust.digests:
        return
    known = method in METHODS | SHA1_METHODS and digest in DIGESTS | SHA1_DIGESTS
    raise SamlRefused(Reason.WEAK_ALGORITHM if known else Reason.UNSUPPORTED_SIGNATURE, "algorithm")


def _prefixes(signature: etree._Element) -> list[str]:
    """Return the prefixes whose declarations count as content; they can only add to what is signed."""
    for inclusive in signature.iter(tag("ec:InclusiveNamespaces")):
        if len(inclusive.get("PrefixList", "").split()) > MAX_PREFIXES:
            raise SamlRefused(Reason.TOO_COMPLEX, "prefixes")
    of_transform = signature.find(f".//{tag('ds:Transform')}/{tag('ec:InclusiveNamespaces')}")
    return [] if of_transform is None else of_transform.get("PrefixList", "").split()


def _canonical(element: etree._Element, prefixes: list[str]) -> bytes:
    """Return element by the enveloped-signature and exclusive canonicalization transforms; raise SamlRefused."""
    alone = parse(_standalone(element))
    _cut_out(alone.find(SIGNATURE))
    try:
        return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)
    except etree.C14NError:  # relative namespace URIs
        raise SamlRefused(Reason.UNSUPPORTED_SIGNATURE, "namespaces") from None


def _standalone(element: etree._Element) -> bytes:
    """Return element as a document, with the namespace declarations it inherits: exclusive c14n may include them."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def _cut_out(element: etree._Element) -> None:
    """Remove an element alone; lxml would take the text behind it along, which is signed."""
    parent, before = element.getparent(), element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (element.tail or "")
    else:
        before.tail = (before.tail or "") + (element.tail or "")
    parent.remove(element)


def _has_digest(signed: bytes, signature: etree._Element, trust: Trust) -> bool:
    """Tell whether the digest in SignedInfo is that of the bytes."""
    digest = hashlib.new(trust.digests[_algorithm(signature, "ds:DigestMethod")], signed).digest()
    return _bytes(_find(signature, "ds:DigestValue")) == digest


def _is_signed_by(certificate: Certificate, element: etree._Element, signature: etree._Element) -> bool:
    """Tell whether the key of a certificate made the signature; its validity dates do not matter, as it is pinned."""
    context = xmlsec.SignatureContext()
    context.key = _key(certificate.pem)
    try:
        context.register_id(element, "ID")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=100)
def _key(pem: str) -> Any:
    """Return the key of a certificate; contexts take copies of it."""
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)


def _has_signed(certificate: Certificate, signed: bytes, signature: bytes, method: str) -> bool:
    """Tell whether the key of a certificate made a detached signature of octets."""
    key: Any = x509.load_pem_x509_certificate(certificate.pem.encode()).public_key()
    kind, _, digest = method.partition("#")[2].partition("-")
    algorithm = HASHES[digest]()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(_as_der(signature), signed, ec.ECDSA(algorithm))
            return True
    except InvalidSignature:
        pass
    return False


def _as_der(signature: bytes) -> bytes:
    """Return an ECDSA signature as cryptography has it: XML signatures write two numbers of equal length (RFC 4050)."""
    half = len(signature) // 2
    return encode_dss_signature(int.from_bytes(signature[:half]), int.from_bytes(signature[half:]))


def _explain_failure(signature: etree._Element, trust: Trust) -> SamlRefused:
    """Say why no pinned key fits; the certificate in KeyInfo serves as a hint, and for nothing else."""
    shown = [_bytes(element) for element in signature.iter(tag("ds:X509Certificate"))]
    fingerprints = {hashlib.sha256(der).hexdigest().upper() for der in shown if der}
    pinned = {certificate.fingerprint.replace(":", "") for certificate in trust.certificates}
    if fingerprints and not fingerprints & pinned:
        return SamlRefused(Reason.CERTIFICATE_UNKNOWN, f"SHA-256 {min(fingerprints)}")
    return SamlRefused(Reason.SIGNATURE_INVALID, "key")


def _find(parent: etree._Element, name: str) -> etree._Element:
    """Return the first element of that name below parent; the gate has seen to it that there is one."""
    return next(parent.iter(tag(name)))


def _algorithm(parent: etree._Element, name: str) -> str:
    return _find(parent, name).get("Algorithm", "")


def _bytes(element: etree._Element) -> bytes:
    """Return the bytes of an element's base64 text, and none for other text."""
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except ValueError:
        return b""


# Decrypting. ----------------------------------------------------------------------------------------------------------


def _decrypted_assertion(root: etree._Element, response: bytes | None, keys: Sequence[str], trust: Trust) -> bytes:
    """Return the verified assertion in the place of the encrypted one; raise SamlRefused.

    Anybody can encrypt for us and CBC can be changed by who does not know the key, so a signature is needed in any
    case: on the response, where it covers the ciphertext and was verified before this, or else on the assertion. In
    the latter case we would be an oracle for who tries changed ciphertexts; so all that fails fails in one way.
    """
    encrypted = (root if response is None else parse(response)).find(ENCRYPTED_ASSERTION)
    _check_ciphers(encrypted)
    try:
        return _read_encrypted(encrypted, keys, trust, must_be_signed=response is None)
    except SamlRefused:
        if response is not None:
            raise
        raise SamlRefused(Reason.DECRYPTION_FAILED) from None


def _read_encrypted(encrypted: etree._Element, keys: Sequence[str], trust: Trust, *, must_be_signed: bool) -> bytes:
    message = check_assertion(_decrypt(encrypted, keys), encrypted.nsmap)
    assertion = parse(message.xml).find(ASSERTION)
    if message.is_assertion_signed:
        return _verified_bytes(assertion, trust)
    if must_be_signed:
        raise SamlRefused(Reason.NOT_SIGNED)
    return _standalone(assertion)


def _check_ciphers(encrypted: etree._Element) -> None:
    """Refuse algorithms by which nothing is decrypted, such as RSA 1.5 and 3DES."""
    encrypted_keys = list(encrypted.iter(tag("xenc:EncryptedKey")))
    if len(encrypted_keys) > MAX_ENCRYPTED_KEYS:
        raise SamlRefused(Reason.TOO_COMPLEX, "encrypted keys")
    if _algorithm(encrypted, "xenc:EncryptionMethod") not in CIPHERS:
        raise SamlRefused(Reason.UNSUPPORTED_ENCRYPTION, "cipher")
    for encrypted_key in encrypted_keys:
        _padding(encrypted_key)


def _padding(encrypted_key: etree._Element) -> padding.OAEP:
    """Return the padding with which a key is encrypted; raise SamlRefused."""
    method = encrypted_key.find(tag("xenc:EncryptionMethod"))
    digest = OAEP_DIGESTS.get(_parameter(method, "ds:DigestMethod", f"{DS}sha1"))
    mask = OAEP_MASKS.get(_parameter(method, "xenc11:MGF", f"{XENC11}mgf1sha1"))
    if method.get("Algorithm") not in OAEP or not (digest and mask):
        raise SamlRefused(Reason.UNSUPPORTED_ENCRYPTION, "key transport")
    return padding.OAEP(padding.MGF1(mask()), digest(), label=None)


def _parameter(method: etree._Element, name: str, default: str) -> str:
    element = method.find(tag(name))
    return default if element is None else element.get("Algorithm", "")


def _decrypt(encrypted: etree._Element, keys: Sequence[str]) -> bytes:
    """Return the plaintext by the first private key that opens one of the encrypted keys; raise SamlRefused."""
    mode, key_size = CIPHERS[_algorithm(encrypted, "xenc:EncryptionMethod")]
    ciphertext = _bytes(encrypted.find(f"{tag('xenc:EncryptedData')}/{CIPHER_VALUE}"))
    for pem in keys:
        for encrypted_key in encrypted.iter(tag("xenc:EncryptedKey")):
            session_key = _unwrap(encrypted_key, pem)
            if len(session_key) == key_size:
                return _decrypt_gcm(session_key, ciphertext) if mode == "gcm" else _decrypt_cbc(session_key, ciphertext)
    raise SamlRefused(Reason.DECRYPTION_FAILED, "no key fits")


def _unwrap(encrypted_key: etree._Element, pem: str) -> bytes:
    """Return the session key that was encrypted for a private key, and no bytes if it was for another."""
    # The key is our own, from our store: checking its primes would take longer than all the rest.
    private_key: Any = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        return b""
    try:
        return private_key.decrypt(_bytes(encrypted_key.find(CIPHER_VALUE)), _padding(encrypted_key))
    except ValueError:
        return b""


def _decrypt_gcm(key: bytes, ciphertext: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(ciphertext[:12], ciphertext[12:], None)
    except (InvalidTag, ValueError):
        raise SamlRefused(Reason.DECRYPTION_FAILED, "tag") from None


def _decrypt_cbc(key: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext, whose last byte says how many bytes were added; raise SamlRefused."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(ciphertext[:16])).decryptor()
        padded = decryptor.update(ciphertext[16:]) + decryptor.finalize()
    except ValueError:
        raise SamlRefused(Reason.DECRYPTION_FAILED, "length") from None
    if not padded or not 1 <= padded[-1] <= 16:
        raise SamlRefused(Reason.DECRYPTION_FAILED, "padding")
    return padded[: -padded[-1]]


# Signing. -------------------------------------------------------------------------------------------------------------


class XmlsecBackend(CryptoBackend):
    """pysaml2's cryptography by python-xmlsec in process, with a private key that is PEM text and never a file.

    It signs only. To verify stays undone, so that pysaml2 refuses what is signed unless `verify` has seen it before.
    """

    def __init__(self, signing_key: str) -> None:
        super().__init__()
        self.signing_key = signing_key

    def sign_statement(self, statement: Any, node_name: str, key_file: str, node_id: str) -> str:
        """Return the XML of statement with the signature filled in that waits in the element of that id."""
        root = parse(statement if isinstance(statement, bytes) else str(statement).encode())
        (element,) = root.xpath("//*[@ID=$id]", id=node_id)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.signing_key, xmlsec.constants.KeyDataFormatPem)
        context.register_id(element, "ID")
        context.sign(element.find(SIGNATURE))
        return etree.tostring(root, encoding="unicode")


def security_context(signing_key: str) -> SecurityContext:
    """Return what takes the place of `sec` in a pysaml2 client or server, whose configuration wants a program."""
    return SecurityContext(XmlsecBackend(signing_key))
