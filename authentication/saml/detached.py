"""Signatures beside a message, as the redirect binding carries them."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from authentication.saml.certificates import Certificate

HASHES: dict[str, type[hashes.HashAlgorithm]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}


def is_signed_by(certificate: Certificate, octets: bytes, signature: bytes, method: str) -> bool:
    """Say whether a certificate's key made the signature of octets; method is an accepted URI of XML signatures."""
    key = x509.load_pem_x509_certificate(certificate.pem.encode()).public_key()
    kind, _, digest = method.partition("#")[2].partition("-")
    algorithm = HASHES[digest]()
    try:
        if kind == "rsa" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, octets, padding.PKCS1v15(), algorithm)
            return True
        if kind == "ecdsa" and isinstance(key, ec.EllipticCurvePublicKey):
            # XML signatures write two numbers of equal length (RFC 4050), cryptography reads DER.
            half = len(signature) // 2
            numbers = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
            key.verify(encode_dss_signature(*numbers), octets, ec.ECDSA(algorithm))
            return True
    except InvalidSignature:
        pass
    return False
