"""Freshly made keys and certificates for the tests of this directory."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
PKCS1, PKCS8 = serialization.PrivateFormat.TraditionalOpenSSL, serialization.PrivateFormat.PKCS8

NOW = datetime(2026, 1, 15, tzinfo=UTC)
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def make(key=EC_KEY, name="idp.example", days=30) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
    )
    return builder.sign(key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def bare(certificate: x509.Certificate) -> str:
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def private(key, encoding, form, password=None) -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(encoding, form, encryption)


RSA_CERTIFICATE = make(RSA_KEY, "rsa.idp.example")
EC_CERTIFICATE = make(EC_KEY, "ec.idp.example")


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


PRIVATE_KEYS = {
    "pkcs8 pem": private(RSA_KEY, PEM, PKCS8).decode(),
    "pkcs1 pem": private(RSA_KEY, PEM, PKCS1).decode(),
    "ec pem": private(EC_KEY, PEM, PKCS1).decode(),
    "encrypted pem": private(RSA_KEY, PEM, PKCS8, b"secret").decode(),
    "openssh": private(EC_KEY, PEM, serialization.PrivateFormat.OpenSSH).decode(),
    "bare pkcs8": base64.b64encode(private(RSA_KEY, DER, PKCS8)).decode(),
    "bare pkcs1": base64.b64encode(private(RSA_KEY, DER, PKCS1)).decode(),
    "bare ec": base64.b64encode(private(EC_KEY, DER, PKCS1)).decode(),
    "bare encrypted": base64.b64encode(private(RSA_KEY, DER, PKCS8, b"secret")).decode(),
    "labelled as certificate": (
        "-----BEGIN CERTIFICATE-----\n"
        + base64.b64encode(private(RSA_KEY, DER, PKCS8)).decode()
        + "\n-----END CERTIFICATE-----"
    ),
}


def issue_server_certificate(directory: Path, host: str) -> tuple[Path, Path]:
    """Write the certificate of a new CA, and a key with the certificate that it issues for host."""
    today = datetime.now(UTC)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test CA")])

    def sign(name: x509.Name, public_key: ec.EllipticCurvePublicKey, extension: x509.ExtensionType) -> str:
        builder = x509.CertificateBuilder(ca_name, name, public_key, x509.random_serial_number())
        builder = builder.not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1))
        return pem(builder.add_extension(extension, critical=True).sign(ca_key, hashes.SHA256()))

    ca_file, chain_file = directory / "ca.pem", directory / "chain.pem"
    ca_file.write_text(sign(ca_name, ca_key.public_key(), x509.BasicConstraints(ca=True, path_length=0)))
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    chain_file.write_text(private(key, PEM, PKCS8).decode() + sign(x509.Name([]), key.public_key(), names))
    return ca_file, chain_file
