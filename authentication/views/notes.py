"""Notes of attempts, which are stored in English, in the language of the page."""

import re
from functools import cache

from authentication.actions import group_sync, jit, notes, saml_requests, sign_in
from authentication.saml import checks, comparing, responses, statuses
from authentication.saml.texts import Text
from authentication.sentences import in_words

_TEMPLATES = (
    notes.OVERAGE,
    notes.UNREAD_EMAIL,
    notes.UNREAD_GROUPS,
    notes.NOT_FILLED,
    notes.NAMESAKE,
    group_sync.MANAGED,
    jit.WAS_SENT,
    saml_requests.TYPED,
    sign_in.BYPASSED,
    statuses.ANSWERED,
    responses.MEASURED,
    checks.AHEAD,
    checks.BEHIND,
    comparing.FORMAT,
)
# The values that are sentences themselves. Others are names and what an IdP sent.
_SENTENCES = {"why", "refusal", "meaning", "difference", "issuer"}


def note_in_words(note: str) -> str:
    """Return a stored sentence in the language that is spoken."""
    return in_words(_read(note))


def _read(note: str) -> Text:
    """Return a stored sentence as the template and the values that it was made of."""
    for template in _TEMPLATES:
        if found := _pattern(template).fullmatch(note):
            values = found.groupdict()
            return Text(
                template, **{name: _read(text) if name in _SENTENCES else text for name, text in values.items()}
            )
    return Text(note)


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """Return what a sentence of a template looks like."""
    texts = re.split(r"%\((\w+)\)s", template)
    parts = (f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(texts))
    return re.compile("".join(parts), re.DOTALL)
