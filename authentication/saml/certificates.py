"""Reads the X.509 signing certificates that an administrator pastes or that IdP metadata carries."""

import base64
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_der_public_key

MAX_CERTIFICATES = 10
MAX_CHARACTERS = 100_000
MIN_RSA_BITS = 2048
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

PRIVATE_KEY = (
    "You pasted a private key. It was stored nowhere, but treat it as exposed and replace it at your "
    "identity provider. Then paste only the certificate, the part from BEGIN CERTIFICATE to END CERTIFICATE."
)
REQUEST = (
    "This is a certificate signing request, not a certificate. "
    "Paste the certificate that your identity provider signs with."
)
PUBLIC_KEY = "This is only a public key. Paste the whole X.509 certificate, which begins with BEGIN CERTIFICATE."
XML = "This is XML, not a certificate. If it is metadata, upload it as metadata XML instead."
UNREADABLE = (
    "This is not a readable X.509 certificate. Download the signing certificate again from your "
    "identity provider (PEM or Base64) and paste all of it."
)
CUT_OFF = "A certificate is cut off. Paste it whole, from the BEGIN CERTIFICATE line to the END CERTIFICATE line."

# No hyphen occurs in base64, so a body cannot run past the next marker and matching stays linear.
_PEM = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----([^-]*)-----END (?:X509 )?CERTIFICATE-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# Bounded, because a repeated BEGIN would make an open repetition quadratic.
_PRIVATE_KEY = re.compile(r"BEGIN\s[A-Z0-9 ]{0,30}PRIVATE\sKEY|PuTTY-User-Key-File", re.IGNORECASE)
_REQUEST = re.compile(r"BEGIN (?:NEW )?CERTIFICATE REQUEST")
_PUBLIC_KEY = re.compile(r"BEGIN [A-Z0-9 ]{0,30}PUBLIC KEY|^ssh-", re.MULTILINE)


class CertificateError(Exception):
    """Says what is wrong with a pasted certificate and what to do; never quotes the input."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """One signing certificate: fingerprint is SHA-256 in colon hex, times are UTC, names are RFC 4514."""

    pem: str
    fingerprint: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_description: str

    def is_expired(self, now: datetime) -> bool:
        """Tell whether the validity has ended; IdPs keep signing with such ones, so callers only warn."""
        return now > self.not_after


def parse_certificates(text: str) -> tuple[Certificate, ...]:
    """Return the distinct certificates in PEM or bare base64 text, 1 to 10; raise CertificateError."""
    if len(text) > MAX_CHARACTERS:
        raise CertificateError("This is too long. Paste only the signing certificates, at most 10.")
    text = text.replace("\ufeff", "").strip()
    bodies = _bodies(text)
    _refuse_other_kinds(text, bodies)
    return distinct(parse_base64(body) for body in bodies)


def parse_base64(body: str) -> Certificate:
    """Return the certificate of base64 DER, as in ds:X509Certificate; raise CertificateError."""
    der = _decode(body)
    try:
        return _describe(x509.load_der_x509_certificate(der))
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError(_explain(der)) from None


def distinct(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    """Return the certificates without repetitions, in order; raise CertificateError above 10."""
    found = {certificate.fingerprint: certificate for certificate in certificates}
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(
            f"There are {len(found)} different certificates; at most {MAX_CERTIFICATES} are accepted. "
            "Keep only those that your identity provider signs with now or next."
        )
    return tuple(found.values())


def contains_private_key(text: str) -> bool:
    """Tell whether text holds the header of a private key in PEM or PuTTY form."""
    return bool(_PRIVATE_KEY.search(text))


def _bodies(text: str) -> list[str]:
    """Return the base64 bodies of PEM blocks, then paragraphs outside of them that are nothing but base64."""
    rest = _PEM.sub("\n\n", text)
    paragraphs = ("".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", rest))
    return _PEM.findall(text) + [paragraph for paragraph in paragraphs if _BASE64.fullmatch(paragraph)]


def _refuse_other_kinds(text: str, bodies: list[str]) -> None:
    """Raise CertificateError for text that shows to be of another kind, a private key first of all."""
    if contains_private_key(text):
        raise CertificateError(PRIVATE_KEY)
    if _REQUEST.search(text):
        raise CertificateError(REQUEST)
    if _PUBLIC_KEY.search(text):
        raise CertificateError(PUBLIC_KEY)
    if "BEGIN CERTIFICATE" in _PEM.sub("", text):
        raise CertificateError(CUT_OFF)
    if not bodies:
        raise CertificateError(_explain_empty(text))


def _explain_empty(text: str) -> str:
    if not text:
        return "Paste the signing certificate of your identity provider."
    return XML if text.startswith("<") else UNREADABLE


def _decode(body: str) -> bytes:
    """Return the bytes of base64 text with any white space in it, and no bytes for anything else."""
    try:
        return base64.b64decode("".join(body.split()), validate=True)
    except ValueError:
        return b""


def _explain(der: bytes) -> str:
    """Say what bytes that are no certificate are instead."""
    if _is_private_key(der):
        return PRIVATE_KEY
    if _loads(x509.load_der_x509_csr, der):
        return REQUEST
    return PUBLIC_KEY if _loads(load_der_public_key, der) else UNREADABLE


def _is_private_key(der: bytes) -> bool:
    """Tell whether bytes have the form of a private key, without the costly test of its primes."""
    try:
        load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # the key is encrypted, which is known only after it was recognised as one
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _loads(loader: Callable[[bytes], Any], der: bytes) -> bool:
    try:
        loader(der)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _describe(certificate: x509.Certificate) -> Certificate:
    """Return what is kept of a certificate; its own signature is not judged, as it is trusted by pinning."""
    return Certificate(
        pem=certificate.public_bytes(Encoding.PEM).decode(),
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        key_description=_describe_key(certificate.public_key()),
    )


def _describe_key(key: Any) -> str:
    """Return for example "RSA 2048" or "EC P-256"; raise CertificateError for a key too weak to trust."""
    if isinstance(key, rsa.RSAPublicKey):
        return _describe_rsa(key)
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return f"EC {CURVES[key.curve.name]}"
    raise CertificateError(
        "This certificate has a kind of key that is not accepted for SAML signatures. "
        "Create a signing certificate with RSA 2048 or more, or EC P-256, P-384 or P-521."
    )


def _describe_rsa(key: rsa.RSAPublicKey) -> str:
    if key.key_size < MIN_RSA_BITS:
        raise CertificateError(
            f"This certificate has an RSA key of {key.key_size} bits, which is too weak. "
            f"Create a signing certificate with at least {MIN_RSA_BITS} bits at your identity provider."
        )
    return f"RSA {key.key_size}"
