"""What a change did, as a table of values before and after it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from workspace.models import SourceKind
from workspace.words import Text

_SOURCES = dict[object, Text](SourceKind.choices)
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


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> list[Difference]:
    """Return what differs, in the order in which the event holds it."""
    olds, news = dict(_flat(before)), dict(_flat(after))
    rows = [Difference(label, _shown(olds.get(label)), _shown(news.get(label))) for label in {**olds, **news}]
    return [row for row in rows if row.before.lines or row.after.lines]


def named(value: object) -> dict[str, str]:
    """Return the names that states give to ids: they hold a thing as a list of its id and its name."""
    names: dict[str, str] = {}
    if isinstance(value, dict):
        for each in value.values():
            names |= named(each)
    elif isinstance(value, list):
        if _is_thing(value):
            names[str(value[0])] = str(value[1])
        for each in value:
            names |= named(each) if isinstance(each, list | dict) else {}
    return names


def _flat(state: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Return the values with their labels. A value that is a state itself gives one row for each of its own."""
    for key, value in state.items():
        label = above + (key if _is_id(key) else key.replace("_", " "))
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{label}: ")
        else:
            yield label[:1].upper() + label[1:], value


def _shown(value: object) -> Shown:
    if isinstance(value, list) and not _is_thing(value) and not _is_source(value):
        lines = [_words(each) for each in value[:MOST_SHOWN]]
        return Shown(lines, max(0, len(value) - MOST_SHOWN))
    return Shown([] if value in (None, "") else [_words(value)], 0)


def _words(value: object) -> str:
    """Return one value as text. A thing has its name, not its id; an id alone stays."""
    match value:
        case True:
            return _("Yes")
        case False:
            return _("No")
        case None | "":
            return "–"
        case list():
            words = [str(_SOURCES.get(str(each)) or _words(each)) for each in value if not _is_id(each)]
            return " · ".join(words or map(str, value))
        case dict():
            return ", ".join(f"{key.replace('_', ' ')}: {_words(each)}" for key, each in value.items())
    return str(value)


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
