"""Numbers and lists as words, for sentences on pages and in events."""

from collections.abc import Callable, Collection, Iterable, Sequence

from django.conf import settings
from django.utils import translation
from django.utils.formats import number_format
from django.utils.text import get_text_list
from django.utils.translation import gettext, ngettext

from workspace.isolation import isolated


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


def count(number: int, one: str, many: str = "") -> Spoken:
    """Return a number with its noun: "1 person", "3,000 people". Without `many` the noun takes an s."""
    many = many or f"{one}s"
    return Spoken.of(lambda: f"{grouped(number)} {ngettext(one, many, number)}", "number", one)


def grouped(number: int) -> str:
    """Return a number as its readers write it: "3,000" or "3.000"."""
    return number_format(number, force_grouping=True)


def people(number: int, one: str = "", many: str = "") -> str:
    """Return a number of people, with a verb where it is given: "1 person is", "3 people are"."""
    number_of_them = count(number, "person", "people")
    return f"{number_of_them} {one if number == 1 else many}" if one else number_of_them


def listed(names: Collection[str], nothing: str = "nothing") -> str:
    """Return names separated by commas, each isolated, or a word for none."""
    return ", ".join(map(isolated, names)) or nothing


def people_named(pairs: Collection[Sequence[str]]) -> Spoken:
    """Return two people by name, more by number; each is an id with a name."""
    return together(name for _, name in pairs) if len(pairs) <= 2 else count(len(pairs), "person", "people")


def together(names: Iterable[str]) -> Spoken:
    """Return names for a sentence, each isolated: "Sales, Support and Dev"."""
    parts = [isolated(name) for name in names]
    return Spoken.of(lambda: get_text_list(parts, gettext("and")), "names", ",".join(str(len(part)) for part in parts))


def fields_in_words(names: Iterable[str]) -> str:
    """Return names of fields for a sentence: "name, email address and groups"."""
    return together(name.replace("_", " ") for name in names)
