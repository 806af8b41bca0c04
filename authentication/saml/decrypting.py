"""Decrypt assertions with our own keys."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.xml import NAMESPACES, Element, algorithm, bytes_of, tag

MAX_ENCRYPTED_KEYS = 4

CIPHER_VALUE = f"{tag('xenc:CipherData')}/{tag('xenc:CipherValue')}"
DS, XENC, XENC11 = NAMESPACES["ds"], NAMESPACES["xenc"], NAMESPACES["xenc11"]

# Mode and length of the key in bytes.
CIPHERS = {
    f"{XENC}aes128-cbc": ("cbc", 16),
    f"{XENC}aes256-cbc": ("cbc", 32),
    f"{XENC11}aes128-gcm": ("gcm", 16),
    f"{XENC11}aes256-gcm": ("gcm", 32),
}
# The older OAEP identifier means SHA-1, which has no known weakness in OAEP.
OAEP = {f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep"}
OAEP_DIGESTS: dict[str, type[hashes.HashAlgorithm]] = {f"{DS}sha1": hashes.SHA1, f"{XENC}sha256": hashes.SHA256}
OAEP_MASKS: dict[str, type[hashes.HashAlgorithm]] = {
    f"{XENC11}mgf1sha1": hashes.SHA1,
    f"{XENC11}mgf1sha256": hashes.SHA256,
}


def check_ciphers(encrypted: Element) -> None:
    """Raise SamlRefused for algorithms that are not accepted, such as RSA 1.5 and 3DES."""
    encrypted_keys = list(encrypted.iter(tag("xenc:EncryptedKey")))
    if len(encrypted_keys) > MAX_ENCRYPTED_KEYS:
        raise SamlRefused(SamlReason.TOO_COMPLEX, "encrypted keys")
    if algorithm(encrypted, "xenc:EncryptionMethod") not in CIPHERS:
        raise SamlRefused(SamlReason.UNSUPPORTED_ENCRYPTION, "cipher")
    for encrypted_key in encrypted_keys:
        _padding(encrypted_key)


def _padding(encrypted_key: Element) -> padding.OAEP:
    """Return the padding that a key was encrypted with. Raises SamlRefused for a method that is not accepted."""
    method = encrypted_key.find(tag("xenc:EncryptionMethod"))
    digest = OAEP_DIGESTS.get(_parameter(method, "ds:DigestMethod", f"{DS}sha1"))
    mask = OAEP_MASKS.get(_parameter(method, "xenc11:MGF", f"{XENC11}mgf1sha1"))
    if method.get("Algorithm") not in OAEP or not (digest and mask):
        raise SamlRefused(SamlReason.UNSUPPORTED_ENCRYPTION, "key transport")
    return padding.OAEP(padding.MGF1(mask()), digest(), label=None)


def _parameter(method: Element, name: str, default: str) -> str:
    element = method.find(tag(name))
    return default if element is None else element.get("Algorithm", "")


def decrypt(encrypted: Element, keys: Sequence[str]) -> bytes:
    """Return the plaintext. The first of our PEM keys that decrypts one of the session keys is used.

    Raises SamlRefused.
    """
    mode, key_size = CIPHERS[algorithm(encrypted, "xenc:EncryptionMethod")]
    ciphertext = bytes_of(encrypted.find(f"{tag('xenc:EncryptedData')}/{CIPHER_VALUE}"))
    for pem in keys:
        for encrypted_key in encrypted.iter(tag("xenc:EncryptedKey")):
            session_key = _unwrap(encrypted_key, pem)
            if len(session_key) == key_size:
                return _decrypt_gcm(session_key, ciphertext) if mode == "gcm" else _decrypt_cbc(session_key, ciphertext)
    raise SamlRefused(SamlReason.DECRYPTION_FAILED, "no key fits")


def _unwrap(encrypted_key: Element, pem: str) -> bytes:
    """Return the session key, or no bytes if it was encrypted for another key than ours."""
    # The key is our own, and checking its primes would take longer than everything else.
    private_key = load_pem_private_key(pem.encode(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(private_key, rsa.RSAPrivateKey):
        return b""
    try:
        return private_key.decrypt(bytes_of(encrypted_key.find(CIPHER_VALUE)), _padding(encrypted_key))
    except ValueError:
        return b""


def _decrypt_gcm(key: bytes, ciphertext: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(ciphertext[:12], ciphertext[12:], None)
    except (InvalidTag, ValueError):
        raise SamlRefused(SamlReason.DECRYPTION_FAILED, "tag") from None


def _decrypt_cbc(key: bytes, ciphertext: bytes) -> bytes:
    """Return the plaintext without its padding, whose length is its last byte. Raises SamlRefused."""
    try:
        decryptor = Cipher(algorithms.AES(key), modes.CBC(ciphertext[:16])).decryptor()
        padded = decryptor.update(ciphertext[16:]) + decryptor.finalize()
    except ValueError:
        raise SamlRefused(SamlReason.DECRYPTION_FAILED, "length") from None
    if not padded or not 1 <= padded[-1] <= 16:
        raise SamlRefused(SamlReason.DECRYPTION_FAILED, "padding")
    return padded[: -padded[-1]]
