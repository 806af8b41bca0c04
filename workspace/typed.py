"""What somebody typed into a form, to be shown again. Secrets are left out."""

import re

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, QueryDict
from django.http.request import UnreadablePostError

# Names and values of fields, in their order.
Fields = list[tuple[str, str]]

_SECRET_NAMES = re.compile(r"password|token|secret|code\b|otp", re.IGNORECASE)
_SECRET_VALUES = re.compile(r"PRIVATE KEY|\bscim_[a-z0-9]{10}_[\w-]{20,}")


def is_secret(name: str, value: str) -> bool:
    """Say whether a field holds a password, a token or a private key."""
    return bool(_SECRET_NAMES.search(name) or _SECRET_VALUES.search(value))


def typed(request: HttpRequest) -> Fields:
    """Return all fields of a posted form, secrets too. Raises ValueError if the form cannot be read."""
    try:
        sent: QueryDict = request.POST
        return [(name, str(value)) for name, values in sent.lists() for value in values]
    except (SuspiciousOperation, UnreadablePostError) as error:
        raise ValueError("not readable") from error


def typed_without_secrets(request: HttpRequest) -> Fields:
    """Return the fields of a posted form that may be kept and shown again; none of a form that cannot be read."""
    try:
        return [(name, value) for name, value in typed(request) if not is_secret(name, value)]
    except ValueError:
        return []
