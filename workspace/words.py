"""Numbers and lists as words, for sentences on pages and in events."""

from collections.abc import Collection, Iterable, Sequence

from django.utils.text import get_text_list

from workspace.isolation import isolated


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 person", "3,000 people". Without `many` the noun takes an s."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def people(number: int, one: str = "", many: str = "") -> str:
    """Return a number of people, with a verb where it is given: "1 person is", "3 people are"."""
    return f"{count(number, 'person', 'people')} {one if number == 1 else many}".strip()


def listed(names: Collection[str], nothing: str = "nothing") -> str:
    """Return names separated by commas, each isolated, or a word for none."""
    return ", ".join(map(isolated, names)) or nothing


def people_named(pairs: Collection[Sequence[str]]) -> str:
    """Return two people by name, more by number; each is an id with a name."""
    return " and ".join(isolated(name) for _, name in pairs) if len(pairs) <= 2 else people(len(pairs))


def together(names: Iterable[str]) -> str:
    """Return names for a sentence, each isolated: "Sales, Support and Dev"."""
    return get_text_list([isolated(name) for name in names], "and")


def fields_in_words(names: Iterable[str]) -> str:
    """Return names of fields for a sentence: "name, email address and groups"."""
    return together(name.replace("_", " ") for name in names)
