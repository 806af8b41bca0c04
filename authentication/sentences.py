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
    if name == "duration":
        number, _, unit = str(value).partition(" ")
        return duration_in_words(int(number), unit.removesuffix("s"))
    return value


def duration_in_words(number: int, unit: str) -> str:
    """Return a time: "12 seconds"."""
    told = {
        "day": ngettext("%(number)s day", "%(number)s days", number),
        "hour": ngettext("%(number)s hour", "%(number)s hours", number),
        "minute": ngettext("%(number)s minute", "%(number)s minutes", number),
        "second": ngettext("%(number)s second", "%(number)s seconds", number),
    }[unit]
    return told % {"number": number}
