"""Passwords of the demo: always the same on one installation, different on each, and not stored in clear."""

import base64

from django.utils.crypto import salted_hmac


def password(email: str) -> str:
    """Return the password of an account, derived from this installation's secret."""
    digest = salted_hmac("provisioning.demo", email, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)[:20].decode()
