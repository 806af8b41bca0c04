"""One enveloped XML signature: its form, its algorithms, its digest and its key.

The bytes that are read later are the bytes that were verified: they are made here, their digest must be the one in
SignedInfo, and python-xmlsec must find that a pinned key signed SignedInfo. KeyInfo is never believed.
"""

import hashlib
from functools import lru_cache

import xmlsec

from authentication.saml.canonical import SIGNATURE, signed_bytes
from authentication.saml.certificates import Certificate, der_of, fingerprint_of
from authentication.saml.difference import Kind, differing
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.texts import Text as _
from authentication.saml.trust import DIGESTS, DS, METHODS, SHA1_DIGESTS, SHA1_METHODS, Trust
from authentication.saml.xml import NAMESPACES, Element, algorithm, bytes_of, find, tag

EXCLUSIVE = NAMESPACES["ec"]
TRANSFORMS = [f"{DS}enveloped-signature", EXCLUSIVE]


def verified_bytes(element: Element, trust: Trust) -> bytes:
    """Return the bytes of an element that its signature covers, the signature left out.

    Raises SamlRefused unless a pinned key signed them.
    """
    signature = element.find(SIGNATURE)
    _check_form(signature, element.get("ID"))
    _check_algorithms(signature, trust)
    signed = signed_bytes(element)
    digest = hashlib.new(trust.digests[algorithm(signature, "ds:DigestMethod")], signed).digest()
    if bytes_of(find(signature, "ds:DigestValue")) != digest:
        raise SamlRefused(SamlReason.SIGNATURE_INVALID, "digest")
    if not any(_is_signed_by(certificate, element, signature) for certificate in trust.certificates):
        raise _wrong_key(signature, trust)
    return signed


def _check_form(signature: Element, signed_id: str) -> None:
    """Refuse a signature that refers to another element than its parent, or has other transforms."""
    transforms = [transform.get("Algorithm") for transform in signature.iter(tag("ds:Transform"))]
    if find(signature, "ds:Reference").get("URI") != f"#{signed_id}":
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "reference")
    if transforms != TRANSFORMS or algorithm(signature, "ds:CanonicalizationMethod") != EXCLUSIVE:
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "transforms")


def _check_algorithms(signature: Element, trust: Trust) -> None:
    """Refuse algorithms that the provider may not sign with; SHA-1 has a reason of its own."""
    method, digest = algorithm(signature, "ds:SignatureMethod"), algorithm(signature, "ds:DigestMethod")
    if method in trust.methods and digest in trust.digests:
        return
    is_weak = method in METHODS | SHA1_METHODS and digest in DIGESTS | SHA1_DIGESTS
    raise SamlRefused(SamlReason.WEAK_ALGORITHM if is_weak else SamlReason.UNSUPPORTED_SIGNATURE, "algorithm")


def _is_signed_by(certificate: Certificate, element: Element, signature: Element) -> bool:
    """Say whether a certificate's key made the signature. Its validity dates do not matter, because it is pinned."""
    context = xmlsec.SignatureContext()
    context.key = _public_key(certificate.pem)
    try:
        context.register_id(element, "ID")
        context.verify(signature)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=100)
def _public_key(pem: str) -> xmlsec.Key:
    """Return the key of a certificate; it can be cached because each context copies it."""
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatCertPem)


def _wrong_key(signature: Element, trust: Trust) -> SamlRefused:
    """Return the refusal of a signature that no pinned key made; the certificate in KeyInfo is only a hint for it."""
    shown = [der_of(element.text or "") for element in signature.iter(tag("ds:X509Certificate"))]
    fingerprints = [fingerprint_of(der) for der in shown if der]
    pinned = [certificate.fingerprint for certificate in trust.certificates]
    if fingerprints and not set(fingerprints) & set(pinned):
        difference = differing(Kind.CERTIFICATE, _("Signing certificate (SHA-256)"), fingerprints, pinned)
        return SamlRefused(SamlReason.CERTIFICATE_UNKNOWN, differences=[difference])
    return SamlRefused(SamlReason.SIGNATURE_INVALID, "key")
