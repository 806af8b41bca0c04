"""Passwords count in NFKC: keyboards write the same letter in different code points (security.md, Console)."""

import unicodedata
from collections.abc import Callable

from django.contrib.auth.hashers import check_password
from django.contrib.auth.hashers import make_password as _make_password
from django.utils.module_loading import import_string

# A longer text counts as typed: the time to normalise grows with the square of its combining marks. A new password
# of end users has at most 1,000 characters, which NFD writes in at most 4,000.
MAX_NORMALISED = 4000


def normalised(password: str) -> str:
    """Return the NFKC form of what was typed."""
    return unicodedata.normalize("NFKC", password) if len(password) <= MAX_NORMALISED else password


def make_password(password: str | None) -> str:
    """Return the hash to store; of None one that no password matches."""
    return _make_password(None if password is None else normalised(password))


def is_right(password: str, encoded: str, replace: Callable[[str], None]) -> bool:
    """Say whether this is the password, and call `replace` with a new hash if the old one is outdated.

    Older releases hashed what was typed, so that is tried too. The number of hashes depends on the typed text alone,
    so the time says nothing about the account.
    """

    def renew(right: str) -> None:
        replace(make_password(right))

    form = normalised(password)
    is_form = check_password(form, encoded, renew)
    if form == password:
        return is_form
    if is_typed := check_password(password, encoded):
        renew(form)
    return is_form or is_typed


class NormalisedValidator:
    """A password validator of Django that sees the NFKC form."""

    def __init__(self, validator: str, **options: object) -> None:
        self._validator = import_string(validator)(**options)

    def validate(self, password: str, user: object = None) -> None:
        self._validator.validate(normalised(password), user)

    def get_help_text(self) -> str:
        return str(self._validator.get_help_text())
