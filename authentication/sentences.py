"""Sentences of the SAML package, which knows no language but English, in the language of the page."""

from django.utils.translation import gettext, ngettext

from authentication.saml.texts import Text, TextError


def in_words(text: str) -> str:
    """Return a sentence in the language that is spoken. Its values that are sentences are translated too."""
    if not isinstance(text, Text):
        return gettext(text)
    values = {name: _value(name, value) for name, value in text.values.items()}
    return gettext(text.template) % values if values else gettext(text.template)


def refusal_in_words(error: TextError) -> str:
    """Return what a refusal says."""
    return " ".join(in_words(text) for text in error.texts)


def _value(name: str, value: object) -> object:
    if isinstance(value, TextError):
        return refusal_in_words(value)
    if isinstance(value, Text):
        return in_words(value)
    return duration_in_words(str(value)) if name == "duration" else value


def duration_in_words(duration: str) -> str:
    """Return a time such as "12 seconds"."""
    number, _, unit = duration.partition(" ")
    noun = unit.removesuffix("s")
    return f"{number} {ngettext(noun, f'{noun}s', int(number))}"
