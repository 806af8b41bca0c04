"""Sentences of changes, which are stored in English, in the language of the page."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from django.utils.translation import get_language, gettext
from django.utils.translation.trans_real import translation

from workspace.isolation import isolated
from workspace.words import count, number, together

_FIELD = re.compile(r"{(\w+)}")


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
    if kind == "word" and stored:
        return gettext(stored)
    if kind == "number":
        digits, _, noun = stored.partition(" ")
        value = int(digits.replace(",", ""))
        return count(value, key, noun) if key else number(value)
    if kind == "names" and (names := _names(stored, [int(length) for length in key.split(",") if length])):
        return together(names)
    return stored


def _names(stored: str, lengths: list[int]) -> list[str]:
    """Return the names of a stored list; none if they have other lengths now, because personal data was deleted."""
    names, at = [], 0
    for place, length in enumerate(lengths, start=1):
        names.append(stored[at : at + length])
        at += length + (len(" and ") if place == len(lengths) - 1 else len(", "))
    return names if together(names).english == stored else []


@cache
def _messages(language: str) -> dict[str, str]:
    """Return the messages with words, by how they look without the names of their words."""
    keys = [key for key, _ in translation(language)._catalog.items()] if language else []  # type: ignore[attr-defined]
    messages = [message for message in keys if isinstance(message, str) and _FIELD.search(message)]
    return {_FIELD.sub("{}", message): message for message in messages}
