"""The keys and algorithms that a provider may sign with."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from authentication.saml.certificates import Certificate, CertificateError, parse_certificates
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.xml import NAMESPACES

DS, XENC = NAMESPACES["ds"], NAMESPACES["xenc"]
MORE = "http://www.w3.org/2001/04/xmldsig-more#"

METHODS = {f"{MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)}
DIGESTS = {f"{XENC}sha256": "sha256", f"{MORE}sha384": "sha384", f"{XENC}sha512": "sha512"}
SHA1_METHODS = {f"{DS}rsa-sha1"}
SHA1_DIGESTS = {f"{DS}sha1": "sha1"}

# The same text always means the same certificates. Which ones are pinned, the caller says each time.
_certificates = lru_cache(maxsize=100)(parse_certificates)


@dataclass(frozen=True, slots=True)
class Trust:
    """The certificates pinned for one provider, and whether it may sign with SHA-1."""

    certificates: tuple[Certificate, ...]
    allow_sha1: bool

    @classmethod
    def pinned(cls, pems: Sequence[str], *, allow_sha1: bool) -> Self:
        """Return the trust in PEM certificates. Raises SamlRefused if one is unreadable or its key is too weak."""
        try:
            return cls(tuple(certificate for pem in pems for certificate in _certificates(pem)), allow_sha1)
        except CertificateError:
            raise SamlRefused(SamlReason.CERTIFICATE_UNUSABLE) from None

    @property
    def methods(self) -> set[str]:
        return METHODS | SHA1_METHODS if self.allow_sha1 else METHODS

    @property
    def digests(self) -> dict[str, str]:
        return DIGESTS | SHA1_DIGESTS if self.allow_sha1 else DIGESTS
