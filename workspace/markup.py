"""Values in HTML: isolated by `<bdi>` where they can turn other text round, and fit for narrow screens.

A long word, such as an address, wraps between its parts and never inside one. A part that is too long for the line by
itself is cut in the middle by the style sheet (`.cut`), because values mostly differ at their ends.
"""

import re
from html import unescape

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from workspace.isolation import CLOSE, OPEN, parted, turns

# At 200 % text size a column of a card holds words of 12 characters on a screen of 320 px, and a whole line 16.
# A time, also with its microseconds, is not divided.
LONG_WORD = re.compile(r"(?<!\S)(?!\d\d:\d\d:\d\d[.\d]*(?!\S))\S{13,}")
_LONGEST_PART = 16
# Where a long word of ours may be divided. Names have none that count.
_SOFT_HYPHEN = "\u00ad"
_BETWEEN_PARTS = re.compile(r"(?<=[^@._])(?=[@_]\w)|(?<=[/:,;=&?|+-])(?=[^/:])")
_BEFORE_DOT = re.compile(r"(?<=[^.])(?=\.\w)")
_END_SHOWN = 6
_TAG = re.compile(r"(<[^>]*>)")


def value_html(text: str) -> SafeString:
    """Return a name, a value, or a sentence of isolated names as HTML: one element, if it wraps in between.

    In a flex container, such as a button, each part would become a column of its own.
    """
    html = parted(text, _wrapping, lambda part: f"<bdi>{_wrapping(part)}</bdi>") if turns(text) else _wrapping(text)
    is_one = "<wbr" not in html and "<span" not in html
    return mark_safe(html if is_one else f"<span>{html}</span>")  # noqa: S308 -- escaped


def needs_markup(text: str) -> bool:
    """Say whether the text is shown by more than its characters."""
    return turns(text) or LONG_WORD.search(text) is not None


def wrapped_html(html: str) -> SafeString:
    """Return HTML that is safe already, with the long words in its text ready to wrap."""
    parts = (part if part.startswith("<") else _wrapping(unescape(part)) for part in _TAG.split(str(html)))
    return mark_safe("".join(parts))  # noqa: S308 -- escaped again


def title_of(html: SafeString) -> SafeString:
    """Return HTML for `<title>`, where no element may stand."""
    text = html.replace("<bdi>", OPEN).replace("</bdi>", CLOSE)
    return mark_safe(_TAG.sub("", text))  # noqa: S308 -- it is safe already


def _wrapping(text: str) -> str:
    """Return the text escaped, with every place marked where a long word may wrap."""
    written: list[str] = []
    at = 0
    for word in LONG_WORD.finditer(text):
        written.append(escape(text[at : word.start()]))
        written.append("&shy;".join(map(_parts, word[0].split(_SOFT_HYPHEN))))
        at = word.end()
    return "".join([*written, escape(text[at:])])


def _parts(word: str) -> str:
    return "<wbr>".join(map(_dotted, _BETWEEN_PARTS.split(word)))


def _dotted(text: str) -> str:
    """Return text that wraps at its dots. If it is short, it does so only where the style sheet finds no room."""
    wrap = "<wbr>" if len(text) > _LONGEST_PART else '<wbr class="dot">'
    return wrap.join(map(_part, _BEFORE_DOT.split(text)))


def _part(part: str) -> str:
    if len(part) <= _LONGEST_PART:
        return escape(part)
    start, end = escape(part[:-_END_SHOWN]), escape(part[-_END_SHOWN:])
    return f'<span class="cut"><span class="cut-start">{start}</span>{end}</span>'
