"""Codes of authenticator apps (RFC 6238): six digits that change every 30 seconds, with SHA-1, which all apps know."""

import base64
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

from django.utils.crypto import constant_time_compare
from django_otp import oath

ISSUER = "Workspace admin"
SECONDS = 30
DIGITS = 6
# By how many steps the clock of a phone may differ, and the time it takes to type a code.
TOLERANCE = 1
_KEY_BYTES = 20


def new_key() -> str:
    """Return a new key in base32, as apps take it."""
    return base64.b32encode(secrets.token_bytes(_KEY_BYTES)).decode()


def step_of(key: str, code: str, now: datetime) -> int | None:
    """Return the time step to which a code of this key belongs; None if it is wrong or out of date."""
    digits, current = "".join(code.split()), int(now.timestamp()) // SECONDS
    steps = range(current - TOLERANCE, current + TOLERANCE + 1)
    return next((step for step in steps if constant_time_compare(code_at(key, step), digits)), None)


def code_at(key: str, step: int) -> str:
    """Return the code of a time step."""
    return f"{oath.hotp(base64.b32decode(key), step, DIGITS):0{DIGITS}d}"


def uri(key: str, account: str) -> str:
    """Return what the QR code says to the app."""
    label = quote(f"{ISSUER}:{account}")
    return f"otpauth://totp/{label}?{urlencode({'secret': key, 'issuer': ISSUER}, quote_via=quote)}"
