"""Signing keys with their certificates."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Key:
    """A private key followed by its self-signed certificate, both as PEM."""

    pem: str

    @classmethod
    def generate(cls, name: str = "Practice IdP") -> "Key":
        """Return a new key whose certificate is valid for ten years."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
        builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now).not_valid_after(now + timedelta(days=3650))
        certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
        return cls((key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate).decode())

    @property
    def certificate(self) -> str:
        return self.pem[self.pem.index("-----BEGIN CERTIFICATE-----") :]

    @property
    def certificate_body(self) -> str:
        """The certificate as base64 without its PEM lines, as in KeyInfo."""
        return "".join(re.findall(r"^[A-Za-z0-9+/=]+$", self.certificate, re.MULTILINE))
