"""Clean names: the one form in which names are stored and compared."""

import unicodedata

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.keys import name_key
from workspace.isolation import has_controls
from workspace.refusals import ActionError

MAX_NAME = 250
# A key may be longer than its name: some letters fold into several.
MAX_KEY = 500
WITHOUT_CONTROLS = gettext_lazy(
    "Remove the invisible characters that turn text round: U+202A to U+202E and U+2066 to U+2069."
)
_ZERO_WIDTH_JOINER = "\u200d"
_FLAG_LETTERS = "".join(map(chr, range(0x1F1E6, 0x1F200)))
_SKIN_TONES = "".join(map(chr, range(0x1F3FB, 0x1F400)))
_TAGS = "".join(map(chr, range(0xE0020, 0xE0080)))
# Vowels and final consonants, which follow the first letter of a syllable.
_KOREAN_ENDINGS = "".join(map(chr, range(0x1160, 0x1200)))


def clean_name(
    text: str,
    *,
    what: str | Promise,
    missing: str | Promise,
    most: int = MAX_NAME,
    field: str = "name",
    known: str = "",
) -> str:
    """Return the text with single spaces. Raises ActionError where nothing may have that name.

    `known` is the present name: older releases took bidirectional controls, and such a name may stay.
    """
    name = " ".join(text.split())
    key = name_key(name)
    if not key:
        raise ActionError("missing_name", str(missing), field=field)
    if len(name) > most or len(key) > MAX_KEY:
        raise ActionError(
            "name_too_long",
            _("Shorten the %(what)s to at most %(most)s characters.") % {"what": what, "most": most},
            field=field,
        )
    if name != known and has_controls(name):
        raise ActionError("name_turns", WITHOUT_CONTROLS, field=field)
    return name


def cut_name(text: str) -> str:
    """Return the text with single spaces, without what makes it too long for a name. No character is cut in two."""
    name = " ".join(text.split())
    while len(name) > MAX_NAME or len(name_key(name)) > MAX_KEY:
        end = min(len(name) - 1, MAX_NAME)
        while end > 1 and _continues(name, end):
            end -= 1
        name = name[:end].rstrip()
    return name


def _continues(text: str, place: int) -> bool:
    """Say whether a reader sees what stands at that place as a part of the character before (Unicode UAX #29)."""
    before, here = text[place - 1], text[place]
    if _ZERO_WIDTH_JOINER in (before, here) or unicodedata.category(here).startswith("M"):
        return True
    if here in _FLAG_LETTERS:
        letters = len(text[:place]) - len(text[:place].rstrip(_FLAG_LETTERS))
        return letters % 2 == 1
    return here in _SKIN_TONES or here in _TAGS or here in _KOREAN_ENDINGS
