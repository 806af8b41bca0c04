"""Two values that should be equal, shown so that the place where they differ is found."""

from itertools import takewhile
from typing import TypedDict
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

# A longer part that is equal, or that differs, is cut in its middle. Fingerprints (95) are not.
SHOWN = 100
# Values with no more in common are different altogether, so a mark would say nothing.
_IN_COMMON = len("https://")
_PARTS = {
    "scheme": _("Only http and https differ."),
    "netloc": _("Only the host or its port differs."),
    "path": _("Only the path differs."),
}


class Piece(TypedDict):
    """A part of a value."""

    text: str
    differs: bool


class Value(TypedDict):
    """A value in pieces. whole is what Copy copies where the pieces do not say everything; else ""."""

    pieces: list[Piece]
    whole: str


def marked(value: str, other: str) -> Value:
    """Return a value with the part that the other one does not have. Without another, nothing differs."""
    start = _equal(value, other)
    end = len(value) - _equal(value[start:][::-1], other[start:][::-1])
    if start + len(value) - end <= _IN_COMMON:
        start = end = len(value)
    parts = [(value[:start], False), (value[start:end], True), (value[end:], False)]
    pieces: list[Piece] = [{"text": _shown(text), "differs": differs} for text, differs in parts if text]
    shown = "".join(piece["text"] for piece in pieces)
    return {"pieces": pieces, "whole": "" if shown == value else value}


def how_they_differ(sent: str, expected: str) -> str:
    """Return in one sentence what alone differs; "" if more does."""
    if "".join(filter(str.isprintable, sent)) == expected:
        return gettext("Only invisible characters differ.")
    if sent.casefold() == expected.casefold():
        return gettext("Only upper and lower case differ.")
    if sent.rstrip("/") == expected.rstrip("/"):
        return gettext("Only the slash at the end differs.")
    try:
        ours, theirs = urlsplit(expected), urlsplit(sent)
    except ValueError:
        return ""
    different = [name for name in SplitResult._fields if getattr(ours, name) != getattr(theirs, name)]
    is_one = len(different) == 1 and different[0] in _PARTS
    return str(_PARTS[different[0]]) if is_one else ""


def _equal(one: str, other: str) -> int:
    """Return how many characters at the start are equal."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _shown(text: str) -> str:
    """Return the text cut in its middle, and invisible characters as escapes."""
    half = SHOWN // 2
    cut = text if len(text) <= SHOWN else f"{text[:half]}…{text[-half:]}"
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in cut)
