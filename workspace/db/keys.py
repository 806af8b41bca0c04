"""Identifiers and comparison keys, computed in Python so they are the same on every database."""

import re
import secrets
import time
import unicodedata
from datetime import datetime
from uuid import UUID

import idna

_MOST_OF_A_DOMAIN = 253
# Soft hyphens, zero-width characters and controls of direction tell no two names apart.
_UNSEEN = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")

# Classes of marks: none, and those of Unicode 4.3 that are no accents: nukta, voicing of kana, virama.
_NOT_ACCENTS = (0, 7, 8, 9)
# Letters that Unicode does not take apart, as they are typed without accents.
_PLAIN_LETTERS = str.maketrans(dict(zip("øłđðħŧıĸ", "olddhtik", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th"})


def new_id() -> UUID:
    """Return a UUID version 7, which sorts by creation time.

    After the milliseconds come 12 bits of their fraction (RFC 9562 section 6.2, method 3): about 0.2 µs each.
    """
    milliseconds, nanoseconds = divmod(time.time_ns(), 1_000_000)
    fraction = nanoseconds * 4096 // 1_000_000
    return UUID(int=milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62))


def first_id_at(moment: datetime) -> UUID:
    """Return the least id of a moment: ids made earlier are below it, ids made from then on are not."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def is_id(text: str) -> bool:
    """Say whether a text is an id as JSON holds it."""
    try:
        return len(text) == 36 and bool(UUID(text))
    except ValueError:
        return False


def canonical(text: str) -> str:
    """Return the comparison key of an address or a domain: NFKC, case-folded, without blanks around.

    A domain has one key in both of its IDN forms. Folding can undo the normal form, so it is applied again
    (Unicode 3.13, D146).
    """
    if text.isascii():  # The forms of these letters are themselves.
        folded = text.lower().strip()
        if "xn--" not in folded:
            return folded
    else:
        folded = unicodedata.normalize("NFKC", text).casefold().strip()
    if "xn--" in folded:
        folded = _decoded(folded).casefold()
    return unicodedata.normalize("NFKC", folded).strip()


def name_key(text: str) -> str:
    """Return the comparison key of a name: its canonical form with single blanks, without what cannot be seen.

    Names are unique by it, and filters compare any text by it.
    """
    if not text.isascii():
        text = _UNSEEN.sub("", text)
    elif "xn--" not in (folded := text.lower()):
        return " ".join(folded.split())
    return " ".join(canonical(text).split())


def search_key(*texts: str) -> str:
    """Return what searches look in, or a typed text as they look for it: a name's key without accents, in words.

    Marks that make another letter of a kana or join letters of India stay.
    """
    words = (name_key(word) for text in texts for word in text.split())
    keys = " ".join(filter(None, words))
    if keys.isascii():
        return keys
    letters = unicodedata.normalize("NFKD", keys).translate(_PLAIN_LETTERS)
    plain = (letter for letter in letters if unicodedata.combining(letter) in _NOT_ACCENTS)
    return " ".join(unicodedata.normalize("NFKC", "".join(plain)).casefold().split())


def kept_key(name: str, present: str) -> str:
    """Return the key to store of a name.

    Older releases made keys of the canonical form alone. Where two names got the same key by the upgrade, one row
    keeps its old key, as long as it has its name.
    """
    return present if present and present == canonical(name) else name_key(name)


def _decoded(text: str) -> str:
    """Return an address or a domain with the letters that its A-labels stand for (RFC 5891)."""
    local, at, domain = text.rpartition("@")
    if len(domain) > _MOST_OF_A_DOMAIN:
        return text
    return local + at + ".".join(_letters(label) for label in domain.split("."))


def _letters(label: str) -> str:
    try:
        return idna.ulabel(label) if label.startswith("xn--") else label
    except idna.IDNAError:
        return label
