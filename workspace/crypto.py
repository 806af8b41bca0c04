"""Encryption of secrets that must be shown again. Their keys are SECRETS_KEYS, never SECRET_KEY."""

import base64
import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

_ID, _NONCE = 4, 12


class UnsealError(Exception):
    """No key of this installation opens the text: the key is missing, or the text was altered."""


def seal(text: str) -> str:
    """Encrypt under the newest key: base64 of key id (4 bytes), nonce (12 bytes), AES-256-GCM ciphertext."""
    key = _key(settings.SECRETS_KEYS[0])
    nonce = secrets.token_bytes(_NONCE)
    return base64.b64encode(_id(key) + nonce + AESGCM(key).encrypt(nonce, text.encode(), None)).decode()


def unseal(sealed: str) -> str:
    """Decrypt with the key that sealed the text. Raises UnsealError."""
    raw = base64.b64decode(sealed)
    nonce, ciphertext = raw[_ID : _ID + _NONCE], raw[_ID + _NONCE :]
    for key in map(_key, settings.SECRETS_KEYS):
        if _id(key) == raw[:_ID]:
            try:
                return AESGCM(key).decrypt(nonce, ciphertext, None).decode()
            except InvalidTag:
                break
    raise UnsealError


def key_id(text: str) -> str:
    """Return what tells a key from others and does not reveal it."""
    return _id(_key(text)).hex()


def sealed_by(sealed: str) -> str:
    """Return the id of the key that sealed a text."""
    return base64.b64decode(sealed)[:_ID].hex()


def _key(text: str) -> bytes:
    """Return a 256-bit key made of a secret text."""
    return hashlib.sha256(text.strip().encode()).digest()


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"key id" + key).digest()[:_ID]
