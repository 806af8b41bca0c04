"""Sentences of changes, which are stored in English, in the language of the page."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.utils.translation import get_language, gettext, gettext_noop
from django.utils.translation.trans_real import translation

from workspace.field_words import label_of, value_in_words
from workspace.isolation import isolated
from workspace.visits import browser_in_words
from workspace.words import count, day, grouped, moment, number, together

_FIELD = re.compile(r"{(\w+)}")
_VALUE = re.compile(r"%\((\w+)\)s")
# What sentences say in place of a name, by the kind of their links.
_STAND_INS = {
    ("loginexperience", gettext_noop("login experience")),
    ("enduser", gettext_noop("a deactivated person")),
    ("enduser", gettext_noop("Deleted person")),
    ("", gettext_noop("no environment")),
}
# What things without a name of their own are called, by their kinds.
_CALLED = {
    "administrator": [gettext_noop("%(user)s (%(role)s of %(workspace)s)")],
    "environmentpolicy": [gettext_noop("Sign-in to %(environment)s")],
    "loginexperience": [gettext_noop("Login experience of %(environment)s")],
    "serviceproviderkey": [
        gettext_noop("%(fingerprint)s (Active)"),
        gettext_noop("%(fingerprint)s (Next)"),
        gettext_noop("%(fingerprint)s (Retired)"),
    ],
}
# What stands before and after the last word in sentences of older releases, and how it is told now. Of nobody it was
# told too, by "0 people".
_SET_ASIDE, _OF_NOBODY = ["; ", " were set aside."], [" of ", "."]
_NOW_SET_ASIDE = [" and set ", " aside."]
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+")


def told(sentence: str, links: Iterable[Sequence[Any]]) -> str:
    """Return a stored sentence as plain text in the language that is spoken."""
    links = list(links)
    words = [isolated(word_in(sentence[start:end], kind, key)) for start, end, kind, key in links]
    parts = template_of(sentence, [(start, end) for start, end, _, _ in links])
    return "".join(words[part] if isinstance(part, int) else part for part in parts)


def template_of(sentence: str, spans: Iterable[Sequence[int]]) -> list[str | int]:
    """Return the sentence in the language that is spoken, as its parts: texts, and numbers of its words.

    `spans` says where each word stands in the stored sentence. Without a translation the order stays.
    """
    texts, at = list[str](), 0
    for start, end in spans:
        texts.append(sentence[at:start])
        at = end
    texts.append(sentence[at:])
    if texts[-2:] in (_SET_ASIDE, _OF_NOBODY) and sentence.endswith("0 people".join(texts[-2:])):
        texts[-2:] = ["."]
    elif texts[-2:] == _SET_ASIDE:
        texts[-2:] = _NOW_SET_ASIDE
    if message := _messages(get_language() or "").get("{}".join(texts)):
        names = _FIELD.findall(message)
        parts = _FIELD.split(gettext(message))
        return [names.index(part) if place % 2 else part for place, part in enumerate(parts)]
    parted: list[str | int] = [texts[0]]
    for place, text in enumerate(texts[1:]):
        parted += [place, text]
    return parted


def word_in(stored: str, kind: str, key: str) -> str:
    """Return a word of a stored sentence in the language that is spoken. Names stay as they are."""
    if (kind == "word" and stored) or (kind, stored) in _STAND_INS:
        return gettext(stored)
    return _TOLD[kind](stored, key) if kind in _TOLD else stored


def _number(stored: str, key: str) -> str:
    digits, _, noun = stored.partition(" ")
    value = int(digits.replace(",", ""))
    return count(value, key, noun) if key else number(value)


def _names(stored: str, key: str) -> list[str]:
    """Return the names of a stored list; none if they have other lengths now, because personal data was deleted."""
    lengths = [int(length) for length in key.split(",") if length]
    names, at = list[str](), 0
    for place, length in enumerate(lengths, start=1):
        names.append(stored[at : at + length])
        at += length + (len(" and ") if place == len(lengths) - 1 else len(", "))
    return names if together(names).english == stored else []


def _field(name: str) -> str:
    return name if get_language() == settings.LANGUAGE_CODE else label_of(name.replace(" ", "_"))


def _called(templates: Sequence[str], stored: str, key: str) -> str:
    """Return what a thing without a name of its own is called."""
    for template in templates:
        if found := _pattern(template).fullmatch(stored):
            return gettext(template) % {name: _told_value(name, text) for name, text in found.groupdict().items()}
    return stored


@cache
def _pattern(message: str) -> re.Pattern[str]:
    """Return what a text with values looks like."""
    parts = enumerate(_VALUE.split(message))
    return re.compile("".join(f"(?P<{part}>.+)" if at % 2 else re.escape(part) for at, part in parts), re.DOTALL)


# How a word is told, by the kind of its link.
_TOLD: dict[str, Callable[[str, str], str]] = {
    "number": _number,
    "names": lambda stored, key: together(_names(stored, key)) or stored,
    "fields": lambda stored, key: together(map(_field, _names(stored, key))) or stored,
    "day": lambda _, key: day(date.fromisoformat(key)),
    "moment": lambda _, key: moment(datetime.fromisoformat(key)),
    "groupmapping": lambda stored, _: value_in_words("mapping", stored),
    "browser": lambda stored, _: browser_in_words(*stored.split(" on ", 1)),
    **{kind: partial(_called, templates) for kind, templates in _CALLED.items()},
}


@cache
def _messages(language: str) -> dict[str, str]:
    """Return the messages with words, by how they look without the names of their words."""
    return {_FIELD.sub("{}", message): message for message in _texts(language) if _FIELD.search(message)}


def _texts(language: str) -> list[str]:
    """Return the texts of the catalogue that have no plural."""
    keys = [key for key, _ in translation(language)._catalog.items()] if language else []  # type: ignore[attr-defined]
    return [key for key in keys if isinstance(key, str)]


def refusal_told(stored: str) -> str:
    """Return a stored refusal in the language that is spoken. The names in it stay as they are."""
    for before, after, pattern, message in _refusals(get_language() or ""):
        if stored.startswith(before) and stored.endswith(after) and (found := pattern.fullmatch(stored)):
            return gettext(message) % {name: _told_value(name, text) for name, text in found.groupdict().items()}
    return gettext(stored) if stored else ""


def _told_value(name: str, text: str) -> str:
    """Return a value of a refusal: a number, what a name is of, a role, or a name."""
    if _NUMBER.fullmatch(text):
        return grouped(int(text.replace(",", "")))
    return gettext(text) if name in ("what", "role") else text


@cache
def _refusals(language: str) -> list[tuple[str, str, re.Pattern[str], str]]:
    """Return whole sentences with values: how they begin and end, what they look like, and themselves.

    The one with the most text of its own comes first.
    """
    found = []
    for message in _texts(language):
        before, *rest = _VALUE.split(message)
        if rest and message.endswith(".") and len(set(rest[::2])) == len(rest[::2]):
            found.append((before, rest[-1], _pattern(message), message))
    return sorted(found, key=lambda each: -len(_VALUE.sub("", each[-1])))
