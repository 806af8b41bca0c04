"""Verifies signatures against pinned certificates and hands out the very bytes that were signed; signs our own.

What is read afterwards is what was verified, by construction: the canonical bytes are made here, their digest must be
the one in SignedInfo, and python-xmlsec must find SignedInfo signed by a pinned key. KeyInfo is never believed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from lxml import etree

from authentication.saml.certificates import Certificate
from authentication.saml.decrypting import check_ciphers, decrypt
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import Carries, Message, check_assertion
from authentication.saml.signatures import SIGNATURE, standalone, verified_bytes
from authentication.saml.trust import SHA1_METHODS, Trust, pinned
from authentication.saml.xml import parse, tag

ASSERTION = tag("saml:Assertion")
ENCRYPTED_ASSERTION = tag("saml:EncryptedAssertion")
HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that a pinned key signed: an assertion, and the response around it where that is signed itself."""

    assertion: bytes
    response: bytes | None


def verify(
    message: Message, *, certificates: Sequence[str], allow_sha1: bool, decryption_keys: Sequence[str]
) -> Verified:
    """Return what is signed by one of the PEM certificates; every signature there is must hold; raise SamlRefused."""
    trust = Trust(pinned(certificates), allow_sha1)
    root = parse(message.xml)
    response = verified_bytes(root, trust) if message.is_response_signed else None
    if message.carries is Carries.ENCRYPTED_ASSERTION:
        return Verified(_decrypted_assertion(root, response, decryption_keys, trust), response)
    if message.is_assertion_signed:
        return Verified(verified_bytes(root.find(ASSERTION), trust), response)
    if response is None:
        raise SamlRefused(SamlReason.NOT_SIGNED)
    return Verified(standalone(parse(response).find(ASSERTION)), response)


def verify_enveloped(xml: bytes, *, certificates: Sequence[str], allow_sha1: bool) -> bytes:
    """Return the bytes of a message's root that a signature in it covers; the gate has let it through."""
    root = parse(xml)
    if root.find(SIGNATURE) is None:
        raise SamlRefused(SamlReason.LOGOUT_NOT_SIGNED)
    return verified_bytes(root, Trust(pinned(certificates), allow_sha1))


def verify_detached(
    signed: bytes, signature: bytes, method: str, *, certificates: Sequence[str], allow_sha1: bool
) -> None:
    """Refuse octets that none of the PEM certificates has signed by a method of XML signatures; raise SamlRefused."""
    trust = Trust(pinned(certificates), allow_sha1)
    if method not in trust.methods:
        raise SamlRefused(
            SamlReason.WEAK_ALGORITHM if method in SHA1_METHODS else SamlReason.UNSUPPORTED_SIGNATURE, "algorithm"
        )
    if not any(_has_signed(certificate, signed, signature, method) for certificate in trust.certificates):
        raise SamlRefused(SamlReason.SIGNATURE_INVALID, "key")


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


def _decrypted_assertion(root: etree._Element, response: bytes | None, keys: Sequence[str], trust: Trust) -> bytes:
    """Return the verified assertion in the place of the encrypted one; raise SamlRefused.

    Anybody can encrypt for us and CBC can be changed by who does not know the key, so a signature is needed in any
    case: on the response, where it covers the ciphertext and was verified before this, or else on the assertion. In
    the latter case we would be an oracle for who tries changed ciphertexts; so all that fails fails in one way.
    """
    encrypted = (root if response is None else parse(response)).find(ENCRYPTED_ASSERTION)
    check_ciphers(encrypted)
    try:
        return _read_encrypted(encrypted, keys, trust, must_be_signed=response is None)
    except SamlRefused:
        if response is not None:
            raise
        raise SamlRefused(SamlReason.DECRYPTION_FAILED) from None


def _read_encrypted(encrypted: etree._Element, keys: Sequence[str], trust: Trust, *, must_be_signed: bool) -> bytes:
    message = check_assertion(decrypt(encrypted, keys), encrypted.nsmap)
    assertion = parse(message.xml).find(ASSERTION)
    if message.is_assertion_signed:
        return verified_bytes(assertion, trust)
    if must_be_signed:
        raise SamlRefused(SamlReason.NOT_SIGNED)
    return standalone(assertion)
