"""Read the X.509 signing certificates that an administrator pastes or that IdP metadata carries."""

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key, load_der_public_key

from authentication.saml.raw_bytes import base64_bytes
from authentication.saml.texts import Text, TextError
from authentication.saml.texts import Text as _

MAX_CERTIFICATES = 10
MAX_CHARACTERS = 100_000
MIN_RSA_BITS = 2048
CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}

PRIVATE_KEY = _(
    "You pasted a private key. It was stored nowhere, but treat it as exposed and replace it at your "
    "identity provider. Then paste only the certificate, the part from BEGIN CERTIFICATE to END CERTIFICATE."
)
REQUEST = _(
    "This is a certificate signing request, not a certificate. "
    "Paste the certificate that your identity provider signs with."
)
PUBLIC_KEY = _("This is only a public key. Paste the whole X.509 certificate, which begins with BEGIN CERTIFICATE.")
XML = _("This is XML, not a certificate. If it is metadata, upload it as metadata XML instead.")
UNREADABLE = _(
    "This is not a readable X.509 certificate. Download the signing certificate again from your "
    "identity provider (PEM or Base64) and paste all of it."
)
CUT_OFF = _("A certificate is cut off. Paste it whole, from the BEGIN CERTIFICATE line to the END CERTIFICATE line.")

_OTHER_KEY = _(
    "The certificate %(certificate)s has a kind of key that is not accepted for SAML signatures. "
    "Create a signing certificate with RSA 2048 or more, or EC P-256, P-384 or P-521."
)
_OTHER_KEY_LEFT_OUT = _(
    "The certificate %(certificate)s has a kind of key that is not accepted for SAML signatures. "
    "It was left out: what it signs is refused."
)
_WEAK_KEY = _(
    "The certificate %(certificate)s has an RSA key of %(bits)s bits, which is too weak. "
    "Create a signing certificate with at least %(least)s bits at your identity provider."
)
_WEAK_KEY_LEFT_OUT = _(
    "The certificate %(certificate)s has an RSA key of %(bits)s bits, which is too weak. "
    "It was left out: what it signs is refused."
)

# A body ends before the next marker, as base64 has no five hyphens in a row: so matching takes linear time.
_PEM = re.compile(r"-----BEGIN (?:X509 )?CERTIFICATE-----((?:[^-]|-(?!----))*)-----END (?:X509 )?CERTIFICATE-----")
_MARKER = re.compile(r"-----(?:BEGIN|END) (?:X509 )?CERTIFICATE-----")
_BASE64 = re.compile(r"[A-Za-z0-9+/_][A-Za-z0-9+/_-]*={0,2}")
_OF_URL_SAFE = str.maketrans("-_", "+/")
# The repetition is bounded: without a bound, many BEGINs would take quadratic time.
_PRIVATE_KEY = re.compile(r"BEGIN\s[A-Z0-9 ]{0,30}PRIVATE\sKEY|PuTTY-User-Key-File", re.IGNORECASE)
_REQUEST = re.compile(r"BEGIN (?:NEW )?CERTIFICATE REQUEST")
_PUBLIC_KEY = re.compile(r"BEGIN [A-Z0-9 ]{0,30}PUBLIC KEY|^ssh-", re.MULTILINE)


class CertificateError(TextError):
    """A certificate that cannot be used; the message says why and what to do, and never quotes the input."""


class PrivateKeyError(CertificateError):
    """A private key in the place of a certificate."""

    def __init__(self) -> None:
        super().__init__(PRIVATE_KEY)


class UnusableKeyError(CertificateError):
    """A certificate whose key is not accepted. Others beside it can be used."""

    def __init__(self, certificate: x509.Certificate, refusal: str, left_out: str, **values: int) -> None:
        fingerprint = fingerprint_of(certificate.public_bytes(Encoding.DER))
        self.named = f"{certificate.subject.rfc4514_string()} (SHA-256 {fingerprint})"
        self.left_out = Text(left_out, certificate=self.named, **values)
        super().__init__(Text(refusal, certificate=self.named, **values))


@dataclass(frozen=True, slots=True)
class Certificate:
    """One signing certificate. fingerprint is as `fingerprint_of` writes it, times are UTC, names are RFC 4514 text."""

    pem: str
    fingerprint: str
    subject: str
    issuer: str
    not_before: datetime
    not_after: datetime
    key_description: str

    def is_expired(self, now: datetime) -> bool:
        """Say whether the validity has ended. Callers only warn, because IdPs keep signing with such certificates."""
        return now > self.not_after


@dataclass(frozen=True, slots=True)
class Found:
    """The 1 to 10 certificates that can be used, and a sentence about each that was left out beside them."""

    certificates: tuple[Certificate, ...]
    left_out: tuple[Text, ...]


def parse_certificates(text: str) -> tuple[Certificate, ...]:
    """Return the 1 to 10 distinct certificates that can be used. Raises CertificateError."""
    return find_certificates(text).certificates


def find_certificates(text: str) -> Found:
    """Return the certificates in PEM or bare base64 text. Raises CertificateError."""
    if len(text) > MAX_CHARACTERS:
        raise CertificateError(_("This is too long. Paste only the signing certificates, at most 10."))
    text = text.replace("\ufeff", "").strip()
    if contains_private_key(text):
        raise PrivateKeyError
    outside_pem = _PEM.sub("\n\n", text)
    paragraphs = ("".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", outside_pem))
    bodies = _PEM.findall(text) + [paragraph for paragraph in paragraphs if _BASE64.fullmatch(paragraph)]
    _refuse_other_kinds(text, outside_pem, is_empty=not bodies)
    return usable(bodies)


def fingerprint_of(der: bytes) -> str:
    """Return the SHA-256 fingerprint of a certificate in its one spelling: "AB:CD:…"."""
    return hashlib.sha256(der).digest().hex(":").upper()


def der_of(body: str) -> bytes:
    """Return the DER of base64, perhaps in the URL-safe alphabet or between PEM markers; no bytes of anything else."""
    text = "".join(_MARKER.sub("", body).split()).translate(_OF_URL_SAFE)
    return base64_bytes(text + "=" * (-len(text) % 4))


def parse_base64(body: str) -> Certificate:
    """Return the certificate of base64 DER, as in ds:X509Certificate. Raises CertificateError."""
    der = der_of(body)
    try:
        certificate = x509.load_der_x509_certificate(der)
        # Its own signature is not checked: a certificate is trusted because it is pinned.
        return Certificate(
            pem=certificate.public_bytes(Encoding.PEM).decode(),
            fingerprint=fingerprint_of(der),
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            key_description=_describe_key(certificate),
        )
    except (ValueError, UnsupportedAlgorithm):
        raise _wrong_kind(der) from None


def usable(bodies: Sequence[str]) -> Found:
    """Return the certificates of base64 DER in order, each once. One with a weak key is left out beside a good one.

    Raises CertificateError, which says which of several certificates is meant.
    """
    found: dict[str, Certificate] = {}
    weak: dict[Text, UnusableKeyError] = {}
    for number, body in enumerate(bodies, start=1):
        try:
            certificate = parse_base64(body)
            found[certificate.fingerprint] = certificate
        except UnusableKeyError as error:
            weak[error.left_out] = error
        except CertificateError as error:
            if isinstance(error, PrivateKeyError) or len(bodies) == 1:
                raise
            numbered = _("Certificate %(number)s of %(all)s: %(error)s", number=number, all=len(bodies), error=error)
            raise CertificateError(numbered) from None
    if weak and not found:
        raise CertificateError(*(text for error in weak.values() for text in error.texts))
    if len(found) > MAX_CERTIFICATES:
        raise CertificateError(
            _(
                "There are %(number)s different certificates; at most %(most)s are accepted. "
                "Keep only those that your identity provider signs with now or next.",
                number=len(found),
                most=MAX_CERTIFICATES,
            )
        )
    return Found(tuple(found.values()), tuple(weak))


def contains_private_key(text: str) -> bool:
    """Say whether text contains the header of a private key in PEM or PuTTY form."""
    return bool(_PRIVATE_KEY.search(text))


def _refuse_other_kinds(text: str, outside_pem: str, *, is_empty: bool) -> None:
    """Raise CertificateError for text of another kind, and for text without any certificate."""
    if _REQUEST.search(text):
        raise CertificateError(REQUEST)
    if _PUBLIC_KEY.search(text):
        raise CertificateError(PUBLIC_KEY)
    if "BEGIN CERTIFICATE" in outside_pem:
        raise CertificateError(CUT_OFF)
    if not text:
        raise CertificateError(_("Paste the signing certificate of your identity provider."))
    if is_empty:
        raise CertificateError(XML if text.startswith("<") else UNREADABLE)


def _wrong_kind(der: bytes) -> CertificateError:
    """Return the refusal of bytes that are not a certificate, by what they are instead."""
    if _is_private_key(der):
        return PrivateKeyError()
    if _can_load(x509.load_der_x509_csr, der):
        return CertificateError(REQUEST)
    return CertificateError(PUBLIC_KEY if _can_load(load_der_public_key, der) else UNREADABLE)


def _is_private_key(der: bytes) -> bool:
    """Say whether bytes have the form of a private key, without the costly test of its primes."""
    try:
        load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    except TypeError:  # an encrypted private key: the loader asks for its password
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _can_load(loader: Callable[[bytes], object], der: bytes) -> bool:
    try:
        loader(der)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _describe_key(certificate: x509.Certificate) -> str:
    """Return for example "RSA 2048" or "EC P-256". Raises UnusableKeyError for a key that is too weak."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES:
        return f"EC {CURVES[key.curve.name]}"
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnusableKeyError(certificate, _OTHER_KEY, _OTHER_KEY_LEFT_OUT)
    if key.key_size < MIN_RSA_BITS:
        raise UnusableKeyError(certificate, _WEAK_KEY, _WEAK_KEY_LEFT_OUT, bits=key.key_size, least=MIN_RSA_BITS)
    return f"RSA {key.key_size}"
