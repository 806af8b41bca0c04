"""Demo passwords: the same at every asking, different on every installation, stored nowhere in clear."""

import base64

from django.utils.crypto import salted_hmac


def password(email: str) -> str:
    """Derived from this installation's secret."""
    digest = salted_hmac("provisioning.demo", email, algorithm="sha256").digest()
    return base64.urlsafe_b64encode(digest)[:20].decode()
