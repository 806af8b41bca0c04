"""Numbers and lists as words, for sentences on pages and in events."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

from django.conf import settings
from django.utils import translation
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise, lazy
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from workspace.isolation import isolated

# A text, or one that is translated where it is shown.
if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise
else:
    Text = str | Promise


# A text with names in it, such as filled(gettext_lazy("Hello %(name)s"), {"name": name}).
filled = lazy(lambda text, values: text % values, str)


class Spoken(str):
    """A text in the language that is spoken. It knows its English, which events store, and how to translate that."""

    english: str
    kind: str
    key: str

    @classmethod
    def of(cls, write: Callable[[], str], kind: str, key: str) -> "Spoken":
        word = cls(write())
        word.english, word.kind, word.key = str(word), kind, key
        if translation.get_language() != settings.LANGUAGE_CODE:
            with translation.override(settings.LANGUAGE_CODE):
                word.english = write()
        return word


def count(number: int, one: str, many: str) -> Spoken:
    """Return a number with its noun: "1 person", "3,000 people"."""
    return Spoken.of(lambda: f"{grouped(number)} {ngettext(one, many, number)}", "number", one)


def number(value: int) -> Spoken:
    """Return a number alone, for a sentence of a change."""
    return Spoken.of(lambda: grouped(value), "number", "")


def grouped(number: int) -> str:
    """Return a number as its readers write it: "3,000" or "3.000"."""
    return number_format(number, force_grouping=True)


def at_least(number: int, *, is_more: bool) -> str:
    """Return a number that was counted as far as it is shown: "1,000" or "more than 1,000"."""
    return gettext("more than %(number)s") % {"number": grouped(number)} if is_more else grouped(number)


def day(value: date) -> Spoken:
    """Return a day, for a sentence of a change: "3 March 2026"."""
    return Spoken.of(lambda: date_format(value), "day", value.isoformat())


def moment(at: datetime) -> Spoken:
    """Return a time in UTC, for a sentence of a change: "3 March 2026, 12:00 UTC"."""
    return Spoken.of(lambda: f"{date_format(at, 'DATETIME_FORMAT')} UTC", "moment", at.isoformat())


def people(number: int) -> Spoken:
    """Return a number of people."""
    return count(number, "person", "people")


def listed(names: Collection[str], nothing: str = "nothing") -> str:
    """Return names separated by commas, each isolated, or a word for none."""
    return ", ".join(map(isolated, names)) or nothing


def listed_or(names: Collection[str], nothing: Text) -> Text:
    """Return names separated by commas, each isolated, or what stands for none, for a sentence of a change."""
    return listed(names) if names else nothing


def people_named(pairs: Collection[Sequence[str]]) -> Spoken:
    """Return two people by name, more by number; each is an id with a name."""
    return together(name for _, name in pairs) if len(pairs) <= 2 else people(len(pairs))


def together(names: Iterable[str]) -> Spoken:
    """Return names for a sentence, each isolated: "Sales, Support and Dev"."""
    parts = [isolated(name) for name in names]
    return Spoken.of(lambda: get_text_list(parts, gettext("and")), "names", ",".join(str(len(part)) for part in parts))


def fields_in_words(names: Iterable[str]) -> Spoken:
    """Return names of fields for a sentence of a change: "name, email address and groups"."""
    words = together(name.replace("_", " ") for name in names)
    words.kind = "fields"
    return words
