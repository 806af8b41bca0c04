"""What a change did, as a table of values before and after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from workspace.field_words import label_of, name_in_words, value_in_words
from workspace.models import ChangeEvent, SourceKind
from workspace.models.sources import MANUAL
from workspace.sentences import word_in
from workspace.words import Text

_SOURCES = dict[object, Text](SourceKind.choices)
# Changes that keep attributes of a SCIM document. Their names and values are the IdP's: they stay as they are.
_OF_DOCUMENTS = ("provisioned_user.", "provisioned_group.")
_ATTRIBUTE = ""
# A bulk change holds thousands of people. The page shows so many; its JSON and the exports have them all.
MOST_SHOWN = 50


@dataclass(frozen=True)
class Shown:
    """Values of one side, each a line, and the number of those that are left out."""

    lines: list[str]
    more: int


@dataclass(frozen=True)
class Difference:
    """A value before and after the change."""

    label: str
    before: Shown
    after: Shown


def differences(before: Mapping[str, object], after: Mapping[str, object], action: str = "") -> list[Difference]:
    """Return what differs, in the order in which the event holds it, in the language that is spoken."""
    is_document = action.startswith(_OF_DOCUMENTS)
    olds, news = (dict(_flat(state, is_document=is_document)) for state in (before, after))
    rows = [
        Difference(label, _shown(field, olds.get((label, field))), _shown(field, news.get((label, field))))
        for label, field in {**olds, **news}
    ]
    return [row for row in rows if row.before.lines or row.after.lines]


def names_in(event: ChangeEvent) -> dict[str, str]:
    """Return the names of the things that an event is about, by their ids."""
    names = {str(event.environment_id): event.environment_name} | _named(event.before) | _named(event.after)
    names[event.subject_id] = word_in(event.subject_name, event.subject_kind, event.subject_id)
    return names | {str(pk): word_in(event.sentence[start:end], kind, pk) for start, end, kind, pk in event.links}


def _named(value: object) -> dict[str, str]:
    """Return the names that states give to ids: they hold a thing as a list of its id and its name."""
    names: dict[str, str] = {}
    if isinstance(value, dict):
        for each in value.values():
            names |= _named(each)
    elif isinstance(value, list):
        if _is_thing(value):
            names[str(value[0])] = str(value[1])
        for each in value:
            names |= _named(each) if isinstance(each, list | dict) else {}
    return names


def _flat(
    state: Mapping[str, object], above: str = "", *, is_document: bool = False
) -> Iterator[tuple[tuple[str, str], object]]:
    """Return the values by label and field. A value that is a state itself gives one row for each of its own."""
    for key, value in state.items():
        field = _ATTRIBUTE if is_document and key != "end_user" else key
        label = above + (label_of(field) or key)
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{label}: ", is_document=is_document or key == "document")
        else:
            yield (label, field), value


def _shown(field: str, value: object) -> Shown:
    if isinstance(value, list) and not _is_thing(value) and not _is_source(value):
        lines = [_words(field, each) for each in value[:MOST_SHOWN]]
        return Shown(lines, max(0, len(value) - MOST_SHOWN))
    return Shown([] if value in (None, "") else [_words(field, value)], 0)


def _words(field: str, value: object) -> str:
    """Return one value as text. A thing has its name, not its id; an id alone stays."""
    if isinstance(value, list):
        return " · ".join(_parts(field, value)) or " · ".join(map(str, value))
    if isinstance(value, dict):
        said = {key: each for key, each in value.items() if each not in (None, "", [])}
        fields = {key: _ATTRIBUTE if field == _ATTRIBUTE else key for key in said}
        return ", ".join(f"{label_of(fields[key]) or key}: {_words(fields[key], each)}" for key, each in said.items())
    return value_in_words(field, value)


def _parts(field: str, values: list[object]) -> Iterator[str]:
    """Return the parts of a thing, or of a source within it, without ids."""
    place = 0
    while place < len(values):
        value, source = values[place], values[place : place + 3]
        if _is_source(source):
            yield str(_SOURCES[value])
            if source[2] and source != MANUAL.listed():
                yield str(source[2])
            place += 2
        elif place == 1 and isinstance(value, str) and _is_id(values[0]):
            yield name_in_words(field, value)
        elif value not in (None, "") and not _is_id(value):
            yield _words(field, value)
        place += 1


def _is_thing(value: list[object]) -> bool:
    return len(value) > 1 and _is_id(value[0]) and not _is_id(value[1])


def _is_source(value: list[object]) -> bool:
    """Say whether it is a kind, an id and a name, as events keep a source."""
    return len(value) == 3 and str(value[0]) in _SOURCES and _is_id(value[1] or str(UUID(int=0)))


def _is_id(value: object) -> bool:
    try:
        return isinstance(value, str) and len(value) == 36 and bool(UUID(value))
    except ValueError:
        return False
