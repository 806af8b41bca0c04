"""An authenticator in Python: a passkey that answers as a browser with one would."""

import hashlib
import json
import secrets

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One key pair at http://localhost, where the passkeys of a trial belong."""

    def __init__(self, domain: str = "localhost", origin: str = "http://localhost", flags: int = PRESENT | VERIFIED):
        self.domain, self.origin, self.flags = domain, origin, flags
        self.id, self.key, self.count = secrets.token_bytes(32), ec.generate_private_key(ec.SECP256R1()), 0

    def create(self, options: str) -> str:
        """The answer to the question for a new passkey, as JSON."""
        numbers = self.key.public_key().public_numbers()
        public = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(public)
        statement = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        client = self._client("webauthn.create", options)
        return self._answer(clientDataJSON=client, attestationObject=cbor2.dumps(statement))

    def sign(self, options: str) -> str:
        """The answer to the question who signs in, as JSON."""
        self.count += 1
        data, client = self._data(), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(clientDataJSON=client, authenticatorData=data, signature=signature)

    def _data(self, more: int = 0) -> bytes:
        domain = hashlib.sha256(self.domain.encode()).digest()
        return domain + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: str) -> bytes:
        said = {"type": kind, "challenge": json.loads(options)["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, **response: bytes) -> str:
        own = bytes_to_base64url(self.id)
        told = {name: bytes_to_base64url(value) for name, value in response.items()}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": told})
