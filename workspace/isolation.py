"""Names beside other words: a name that runs from right to left must not turn the sentence round.

On pages such a name stands in `<bdi>`, in plain text between two characters that mean the same (Unicode UAX 9).
A name whose letters all run from left to right turns nothing, so it stays as it is.
"""

import re
from collections.abc import Callable

_CONTROLS = "\u202a-\u202e\u2066-\u2069"
_CONTROL = re.compile(f"[{_CONTROLS}]")
OPEN, CLOSE = "\u2068", "\u2069"
_ISOLATE = re.compile("[\u2066-\u2069]")
_ISOLATED = re.compile(f"{OPEN}([^\u2066-\u2069]*){CLOSE}")
# The controls, the right-to-left mark, and the blocks of Unicode whose letters and digits run from right to left.
_TURNING = re.compile(
    f"[{_CONTROLS}\u200f\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def has_controls(text: str) -> bool:
    """Say whether a text has bidirectional controls (U+202A–202E, U+2066–2069), which no name needs."""
    return _CONTROL.search(text) is not None


def without_controls(text: str) -> str:
    """Return the text without bidirectional controls."""
    return _CONTROL.sub("", text)


def escaped_controls(json: str) -> str:
    """Return JSON with its bidirectional controls as escapes, so a page shows them where they are."""
    return _CONTROL.sub(lambda control: f"\\u{ord(control[0]):04x}", json)


def turns(text: str) -> bool:
    """Say whether a text can change the order in which the words around it are read."""
    return not text.isascii() and _TURNING.search(text) is not None


def isolated(text: str) -> str:
    """Return a name for a sentence in plain text. Names in it that are isolated already stay so."""
    return parted(text, lambda part: part, f"{OPEN}{{}}{CLOSE}".format) if turns(text) else text


def parted(text: str, write: Callable[[str], str], isolate: Callable[[str], str]) -> str:
    """Return the text with every part written that is harmless, and every other part isolated.

    Isolate characters inside a part are left out: they could end its isolation early.
    """
    parts = enumerate(_ISOLATED.split(text))
    return "".join(isolate(_ISOLATE.sub("", part)) if at % 2 or turns(part) else write(part) for at, part in parts)
