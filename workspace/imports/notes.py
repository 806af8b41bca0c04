"""Notes of imported lines: stored in English, told in the language of the page."""

import re

from django.utils.translation import gettext, gettext_noop

from workspace.sentences import refusal_told

NEW = gettext_noop("New: %(parts)s.")
RENAMED = gettext_noop("name instead of %(name)s")
ACCESS = gettext_noop("access to %(places)s")
GROUPS = gettext_noop("groups %(groups)s")
_NEW = re.compile(
    r"New: (?:name instead of (?P<name>.+?)(?:; |\.$))?(?:access to (?P<places>.+?)(?:; |\.$))?"
    r"(?:groups (?P<groups>.+)\.)?",
    re.DOTALL,
)


def new_note(name: str, places: str, groups: str) -> str:
    """Return what a line changes, in the language that is spoken; nothing if it changes nothing."""
    parts = [gettext(RENAMED) % {"name": name}] if name else []
    parts += [gettext(ACCESS) % {"places": places}] if places else []
    parts += [gettext(GROUPS) % {"groups": groups}] if groups else []
    return gettext(NEW) % {"parts": "; ".join(parts)} if parts else ""


def note_told(note: str) -> str:
    """Return a stored note in the language that is spoken."""
    if found := _NEW.fullmatch(note):
        return new_note(**{name: text or "" for name, text in found.groupdict().items()})
    return refusal_told(note)
