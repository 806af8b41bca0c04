"""Create the key pairs of our side."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from authentication.saml.certificates import Certificate, parse_certificates

# Strong enough for as long as the certificate is valid (NIST SP 800-57), and accepted by all usual IdPs.
RSA_BITS = 3072
VALID_FOR = timedelta(days=3652)
# An IdP whose clock is slow must accept the certificate too.
VALID_SINCE = timedelta(days=1)


def new_key_pair(origin: str, *, now: datetime) -> tuple[str, Certificate]:
    """Return a private RSA key (PEM) and its self-signed certificate, whose subject is only our own host."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, (urlsplit(origin).hostname or origin)[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, "SAML service provider"),
        ]
    )
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - VALID_SINCE).not_valid_after(now + VALID_FOR)
    (certificate,) = parse_certificates(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), certificate
