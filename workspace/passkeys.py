"""Passkeys (WebAuthn): what the browser is asked, and whether its answer is right. Knows no database.

The library takes 5 MB of a process, so it is imported where somebody adds or uses a passkey.
"""

import json
import secrets
import struct
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.core import signing

LIFETIME = timedelta(minutes=10)
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}
_NAME = "Workspace admin"
# What an answer that is none raises, beside the library's own error.
_NONSENSE = (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error)


class PasskeyError(Exception):
    """An answer that proves nothing."""


@dataclass(frozen=True)
class Challenge:
    """What an authenticator signs. Nobody who only looks at a page fills a table: the page holds it, sealed."""

    value: bytes
    at: float

    @classmethod
    def new(cls) -> "Challenge":
        return cls(secrets.token_bytes(64), time.time())

    def sealed(self) -> str:
        return signing.dumps([self.value.hex(), self.at], salt=__name__)

    @classmethod
    def opened(cls, sealed: str) -> "Challenge":
        """Return a challenge of ours that is not too old. Raises PasskeyError."""
        try:
            value, at = signing.loads(sealed, salt=__name__, max_age=LIFETIME)
        except signing.BadSignature as error:
            raise PasskeyError from error
        return cls(bytes.fromhex(value), at)


@dataclass(frozen=True)
class NewKey:
    """A passkey as its authenticator made it."""

    credential_id: str
    public_key: str
    sign_count: int


def domain() -> str:
    """Return the domain that passkeys belong to. An IP address is none, so a trial on this machine is at localhost."""
    host = urlsplit(settings.ORIGIN).hostname or ""
    return "localhost" if host in _LOOPBACK else host


def origin() -> str:
    """Return where passkeys work."""
    parts = urlsplit(settings.ORIGIN)
    return f"{parts.scheme}://{domain()}" + (f":{parts.port}" if parts.port else "")


def options_to_create(challenge: Challenge, account: UUID, email: str, known: Iterable[str]) -> str:
    """Return what the browser is asked, as JSON. `known` are the credential ids that the account has."""
    import webauthn
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        PublicKeyCredentialDescriptor,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    options = webauthn.generate_registration_options(
        rp_id=domain(),
        rp_name=_NAME,
        user_id=account.bytes,
        user_name=email,
        challenge=challenge.value,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(webauthn.base64url_to_bytes(each)) for each in known],
    )
    return webauthn.options_to_json(options)


def options_to_sign_in(challenge: Challenge) -> str:
    """Return what the browser is asked, as JSON. It names no account, so it tells nobody who has one.

    Each sign-in page has this. It is what the library would return.
    """
    value = urlsafe_b64encode(challenge.value).decode().rstrip("=")
    asked = {"challenge": value, "timeout": 60_000, "rpId": domain(), "allowCredentials": []}
    return json.dumps(asked | {"userVerification": "required"})


def created(answer: str, challenge: Challenge) -> NewKey:
    """Return the new key of an answer. Raises PasskeyError."""
    import webauthn
    from webauthn.helpers import bytes_to_base64url

    try:
        key = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=domain(),
            expected_origin=origin(),
            require_user_verification=True,
        )
    except _wrong() as error:
        raise PasskeyError from error
    return NewKey(bytes_to_base64url(key.credential_id), bytes_to_base64url(key.credential_public_key), key.sign_count)


def credential_of(answer: str) -> str:
    """Return the credential id that an answer claims; empty if there is none."""
    try:
        claimed = json.loads(answer)["id"]
    except _NONSENSE:
        return ""
    return claimed if isinstance(claimed, str) else ""


def proved(answer: str, challenge: Challenge, *, public_key: str, sign_count: int) -> int:
    """Return the new count of signatures, if the answer is signed with this key. Raises PasskeyError."""
    import webauthn

    try:
        done = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=challenge.value,
            expected_rp_id=domain(),
            expected_origin=origin(),
            credential_public_key=webauthn.base64url_to_bytes(public_key),
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _wrong() as error:
        raise PasskeyError from error
    return done.new_sign_count


def _wrong() -> tuple[type[Exception], ...]:
    """Return what the library raises for an answer that is wrong, or is none."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, *_NONSENSE)
