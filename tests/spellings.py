"""Passwords as different keyboards write them, and accounts whose password an older release hashed as typed."""

import unicodedata
from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

# Each of these texts is one password. The first of a line is its NFKC form.
SPELLINGS = {
    "accents": ("Zoë’s café crème brûlée", unicodedata.normalize("NFD", "Zoë’s café crème brûlée")),
    "Hangul": ("한글은 아름다운 우리 글자입니다", unicodedata.normalize("NFD", "한글은 아름다운 우리 글자입니다")),
    "fullwidth digits": ("my number is 20261127", "my number is ２０２６１１２７"),
    "ligature": ("official fish office", "oﬃcial ﬁsh oﬃce"),
    "two marks": ("ệ ệ ệ ệ is no word", "e\u0302\u0323 e\u0323\u0302 ệ e\u0323\u0302 is no word"),
    "blanks": ("ten thousand blanks", "ten\u00a0thousand\u2003blanks"),
    "compatibility letters": ("№ of ㎏ is 12".replace("№", "No").replace("㎏", "kg"), "№ of ㎏ is 12"),
    "longer": ("صلى الله عليه وسلم", "\ufdfa"),
}
PAIRS = [pytest.param(*pair, id=name) for name, pair in SPELLINGS.items()]


def hash_as_typed(account: Any, typed: str) -> str:
    """Store the hash that an older release made."""
    account.password = make_password(typed)
    account.save(update_fields=["password"])
    return account.password
