"""Verify a message's signatures with a provider's pinned certificates, and return the very bytes that were signed."""

from collections.abc import Sequence
from dataclasses import dataclass

from authentication.saml.canonical import SIGNATURE, standalone
from authentication.saml.decrypting import check_ciphers, decrypt
from authentication.saml.detached import is_signed_by
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import Carries, Message, check_assertion
from authentication.saml.signatures import verified_bytes
from authentication.saml.trust import SHA1_METHODS, Trust
from authentication.saml.xml import Element, parse, tag

ASSERTION = tag("saml:Assertion")
ENCRYPTED_ASSERTION = tag("saml:EncryptedAssertion")


@dataclass(frozen=True, slots=True)
class Verified:
    """Bytes that a pinned key signed: an assertion, and the response around it if that is signed itself."""

    assertion: bytes
    response: bytes | None


def verify(
    message: Message, *, certificates: Sequence[str], allow_sha1: bool, decryption_keys: Sequence[str]
) -> Verified:
    """Return what one of the PEM certificates signed. Raises SamlRefused, also if only one of two signatures holds."""
    trust = Trust.pinned(certificates, allow_sha1=allow_sha1)
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
    """Return the bytes of a logout message that the signature in it covers. Raises SamlRefused.

    The message has passed the gate.
    """
    root = parse(xml)
    if root.find(SIGNATURE) is None:
        raise SamlRefused(SamlReason.LOGOUT_NOT_SIGNED)
    return verified_bytes(root, Trust.pinned(certificates, allow_sha1=allow_sha1))


def verify_detached(
    signed: bytes, signature: bytes, method: str, *, certificates: Sequence[str], allow_sha1: bool
) -> None:
    """Raise SamlRefused unless one of the PEM certificates signed the octets by an accepted method."""
    trust = Trust.pinned(certificates, allow_sha1=allow_sha1)
    if method not in trust.methods:
        is_weak = method in SHA1_METHODS
        raise SamlRefused(SamlReason.WEAK_ALGORITHM if is_weak else SamlReason.UNSUPPORTED_SIGNATURE, "algorithm")
    if not any(is_signed_by(certificate, signed, signature, method) for certificate in trust.certificates):
        raise SamlRefused(SamlReason.SIGNATURE_INVALID, "key")


def _decrypted_assertion(root: Element, response: bytes | None, keys: Sequence[str], trust: Trust) -> bytes:
    """Return the verified assertion that was encrypted. Raises SamlRefused.

    Anybody can encrypt for us, and CBC ciphertext can be changed without the key. So something must be signed: the
    response, whose signature covers the ciphertext and is verified before, or the assertion inside. In the second
    case an attacker could send changed ciphertexts and learn from different refusals (a decryption oracle), so every
    failure gives the same one.
    """
    encrypted = (root if response is None else parse(response)).find(ENCRYPTED_ASSERTION)
    check_ciphers(encrypted)
    try:
        return _read_encrypted(encrypted, keys, trust, must_be_signed=response is None)
    except SamlRefused:
        if response is not None:
            raise
        raise SamlRefused(SamlReason.DECRYPTION_FAILED) from None


def _read_encrypted(encrypted: Element, keys: Sequence[str], trust: Trust, *, must_be_signed: bool) -> bytes:
    message = check_assertion(decrypt(encrypted, keys), encrypted.nsmap)
    assertion = parse(message.xml).find(ASSERTION)
    if message.is_assertion_signed:
        return verified_bytes(assertion, trust)
    if must_be_signed:
        raise SamlRefused(SamlReason.NOT_SIGNED)
    return standalone(assertion)
