"""What signatures are verified against: pinned certificates and accepted algorithms."""

from collections.abc import Sequence
from dataclasses import dataclass

from authentication.saml.certificates import Certificate, CertificateError, parse_certificates
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.xml import NAMESPACES

DS, XENC = NAMESPACES["ds"], NAMESPACES["xenc"]
MORE = "http://www.w3.org/2001/04/xmldsig-more#"

METHODS = {f"{MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)}
DIGESTS = {f"{XENC}sha256": "sha256", f"{MORE}sha384": "sha384", f"{XENC}sha512": "sha512"}
SHA1_METHODS = {f"{DS}rsa-sha1"}
SHA1_DIGESTS = {f"{DS}sha1": "sha1"}


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


def pinned(certificates: Sequence[str]) -> tuple[Certificate, ...]:
    """Return the certificates, whose keys are strong enough by being parsed; raise SamlRefused."""
    try:
        return tuple(found for pem in certificates for found in parse_certificates(pem))
    except CertificateError:
        raise SamlRefused(SamlReason.CERTIFICATE_UNUSABLE) from None
