"""One XML signature: its form, its digest, its key, and the very bytes that it covers."""

import hashlib
from functools import lru_cache
from typing import Any

import xmlsec
from lxml import etree

from authentication.saml.certificates import Certificate
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.trust import DIGESTS, DS, METHODS, SHA1_DIGESTS, SHA1_METHODS, Trust
from authentication.saml.xml import NAMESPACES, algorithm, bytes_of, find, parse, tag

MAX_PREFIXES = 32
SIGNATURE = tag("ds:Signature")
EXCLUSIVE = NAMESPACES["ec"]
TRANSFORMS = [f"{DS}enveloped-signature", EXCLUSIVE]


def verified_bytes(element: etree._Element, trust: Trust) -> bytes:
    """Return the canonical bytes of element, without its signature, that this signature covers; raise SamlRefused."""
    signature = element.find(SIGNATURE)
    _check_form(signature, element.get("ID"))
    _check_algorithms(signature, trust)
    signed = _canonical(element, _prefixes(signature))
    if not _has_digest(signed, signature, trust):
        raise SamlRefused(SamlReason.SIGNATURE_INVALID, "digest")
    if not any(_is_signed_by(certificate, element, signature) for certificate in trust.certificates):
        raise _explain_failure(signature, trust)
    return signed


def _check_form(signature: etree._Element, signed_id: str) -> None:
    """Refuse a signature that is not enveloped in the element it refers to, or transforms it in another way."""
    transforms = [transform.get("Algorithm") for transform in signature.iter(tag("ds:Transform"))]
    if find(signature, "ds:Reference").get("URI") != f"#{signed_id}":
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "reference")
    if transforms != TRANSFORMS or algorithm(signature, "ds:CanonicalizationMethod") != EXCLUSIVE:
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "transforms")


def _check_algorithms(signature: etree._Element, trust: Trust) -> None:
    """Refuse what the provider may not sign with, and say whether it is only too weak."""
    method, digest = algorithm(signature, "ds:SignatureMethod"), algorithm(signature, "ds:DigestMethod")
    if method in trust.methods and digest in trust.digests:
        return
    known = method in METHODS | SHA1_METHODS and digest in DIGESTS | SHA1_DIGESTS
    raise SamlRefused(SamlReason.WEAK_ALGORITHM if known else SamlReason.UNSUPPORTED_SIGNATURE, "algorithm")


def _prefixes(signature: etree._Element) -> list[str]:
    """Return the prefixes whose declarations count as content; they can only add to what is signed."""
    for inclusive in signature.iter(tag("ec:InclusiveNamespaces")):
        if len(inclusive.get("PrefixList", "").split()) > MAX_PREFIXES:
            raise SamlRefused(SamlReason.TOO_COMPLEX, "prefixes")
    of_transform = signature.find(f".//{tag('ds:Transform')}/{tag('ec:InclusiveNamespaces')}")
    return [] if of_transform is None else of_transform.get("PrefixList", "").split()


def _canonical(element: etree._Element, prefixes: list[str]) -> bytes:
    """Return element by the enveloped-signature and exclusive canonicalization transforms; raise SamlRefused."""
    alone = parse(standalone(element))
    _cut_out(alone.find(SIGNATURE))
    try:
        return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes)
    except etree.C14NError:  # relative namespace URIs
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "namespaces") from None


def standalone(element: etree._Element) -> bytes:
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
    digest = hashlib.new(trust.digests[algorithm(signature, "ds:DigestMethod")], signed).digest()
    return bytes_of(find(signature, "ds:DigestValue")) == digest


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


def _explain_failure(signature: etree._Element, trust: Trust) -> SamlRefused:
    """Say why no pinned key fits; the certificate in KeyInfo serves as a hint, and for nothing else."""
    shown = [bytes_of(element) for element in signature.iter(tag("ds:X509Certificate"))]
    fingerprints = {hashlib.sha256(der).hexdigest().upper() for der in shown if der}
    pinned = {certificate.fingerprint.replace(":", "") for certificate in trust.certificates}
    if fingerprints and not fingerprints & pinned:
        return SamlRefused(SamlReason.CERTIFICATE_UNKNOWN, f"SHA-256 {min(fingerprints)}")
    return SamlRefused(SamlReason.SIGNATURE_INVALID, "key")
