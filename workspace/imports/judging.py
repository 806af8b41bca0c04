"""What becomes of a line, by what is known of the workspace. Preview and import both ask here."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from uuid import UUID

from django.utils.translation import gettext as _

from workspace.db.keys import canonical
from workspace.db.keys import name_key as key_of_name
from workspace.imports.columns import Cells
from workspace.imports.decoding import UNREADABLE
from workspace.imports.notes import new_note
from workspace.isolation import isolated
from workspace.names import clean_name
from workspace.profile import clean_email, clean_full_name
from workspace.refusals import ActionError
from workspace.words import grouped

# Lines name the same environments and groups again and again.
name_key = lru_cache(maxsize=4096)(key_of_name)
MOST_GROUPS = 100
EVERYONE = name_key("Everyone")
_NOTHING = {"", "-", "–", "none"}


@dataclass(frozen=True)
class Place:
    """An environment."""

    pk: UUID
    name: str


@dataclass(frozen=True)
class KnownGroup:
    """A group. An empty `pk` means that it would be created. `refusal` says why people cannot change it."""

    place: Place
    name: str
    pk: UUID | None = None
    refusal: str = ""


@dataclass(frozen=True)
class KnownPerson:
    """A person who has the address of a line. `refusal` says why people cannot change the name."""

    pk: UUID
    full_name: str
    is_active: bool
    refusal: str
    access: frozenset[UUID]
    groups: frozenset[UUID]


@dataclass
class Known:
    """What is known when lines are judged: the environments, the groups, and people by the keys of their addresses."""

    here: Place
    places: dict[str, Place]
    default_access: list[Place]
    groups: dict[tuple[UUID, str], KnownGroup]
    creates_groups: bool
    people: dict[str, KnownPerson] = field(default_factory=dict)
    # The first line of each address.
    lines: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What a line does. Without a person and without a refusal it creates one."""

    full_name: str = ""
    email: str = ""
    person: KnownPerson | None = None
    is_renamed: bool = False
    access: tuple[Place, ...] = ()
    groups: tuple[KnownGroup, ...] = ()
    refusal: str = ""

    @property
    def outcome(self) -> str:
        if self.refusal:
            return "refused"
        if not self.person:
            return "create"
        return "change" if self.is_renamed or self.access or self.groups else "unchanged"

    @property
    def note(self) -> str:
        """Return why the line is refused, or what it changes."""
        renamed = isolated(self.person.full_name) if self.person and self.is_renamed else ""
        groups = (_title(group) for group in self.groups)
        return self.refusal or new_note(
            renamed, ", ".join(isolated(place.name) for place in self.access), ", ".join(groups)
        )


def judge(cells: Cells, known: Known) -> Verdict:
    """Return what the line does. Lines have to come in their order: a later one with the same address is refused."""
    key = canonical(cells.email)
    first = known.lines.setdefault(key, cells.number) if key else cells.number
    try:
        _check(cells)
        email = clean_email(cells.email)
        if first != cells.number:
            raise ActionError("double", _("Line %(first)s has the same address.") % {"first": grouped(first)})
        person = known.people.get(key)
        return _of_person(cells, person, known) if person else _new(cells, email, known)
    except ActionError as refusal:
        return Verdict(refusal=refusal.message)


def _check(cells: Cells) -> None:
    if cells.has_more:
        raise ActionError(
            "too_long", _("This line has more values than the file has columns. Check its quotation marks.")
        )
    if not cells.email:
        raise ActionError("no_address", _("This line has no email address, by which people are found."))
    if UNREADABLE in cells.full_name + cells.email + cells.access + cells.groups:
        raise ActionError(
            "unreadable", _("This line has characters that cannot be read. Check the encoding of the file.")
        )


def _new(cells: Cells, email: str, known: Known) -> Verdict:
    access = _access(cells.access, known) or known.default_access
    groups = _groups(cells.groups, known)
    name = clean_full_name(cells.full_name, "")
    held = frozenset(place.pk for place in access)
    return Verdict(name, email, None, access=tuple(access), groups=_joined(groups, frozenset(), held))


def _of_person(cells: Cells, person: KnownPerson, known: Known) -> Verdict:
    name = clean_full_name(cells.full_name, person.full_name) if cells.full_name else person.full_name
    access = tuple(place for place in _access(cells.access, known) if place.pk not in person.access)
    held = person.access | {place.pk for place in access}
    groups = _joined(_groups(cells.groups, known), person.groups, held)
    is_renamed = name != person.full_name
    if is_renamed and person.refusal:
        raise ActionError("read_only", person.refusal)
    if not person.is_active and (is_renamed or access or groups):
        raise ActionError("deactivated", _("This person is deactivated. Reactivate the person first."))
    return Verdict(name, "", person, is_renamed, access, groups)


def _joined(groups: Iterable[KnownGroup], present: frozenset[UUID], access: frozenset[UUID]) -> tuple[KnownGroup, ...]:
    """Return the groups in which the person is not yet.

    Raises ActionError for one that people cannot change, or whose environment the person has no access to.
    """
    new = tuple(group for group in groups if group.pk not in present)
    for group in new:
        if group.refusal:
            raise ActionError("read_only", f"{_title(group)}: {group.refusal}")
        if group.place.pk not in access:
            raise ActionError(
                "no_access",
                _("%(title)s is only for people with access to that environment.") % {"title": _title(group)},
            )
    return new


def _access(text: str, known: Known) -> list[Place]:
    """Return the environments that a value names."""
    return list(dict.fromkeys(_place(name, known) for name in _split(text, "[,;|\n]")))


def _place(name: str, known: Known) -> Place:
    place = known.places.get(name_key(name))
    if not place:
        raise ActionError("no_environment", _("There is no environment %(name)s.") % {"name": isolated(name)})
    return place


def _groups(text: str, known: Known) -> list[KnownGroup]:
    """Return the groups that a value names, but Everyone, which holds everybody with access."""
    names = list(_split(text, "[;|\n]"))
    if len(names) > MOST_GROUPS:
        raise ActionError(
            "too_many_groups",
            _("This line names %(names)s groups. At most %(most_groups)s are taken.")
            % {"names": grouped(len(names)), "most_groups": MOST_GROUPS},
        )
    found = [group for name in names for group in _meant(name, known)]
    return [group for group in dict.fromkeys(found) if name_key(group.name) != EVERYONE]


def _meant(text: str, known: Known) -> Iterator[KnownGroup]:
    """Return the group of this name, or the groups of these names. A name may hold a comma."""
    single = _found(text, known)
    parts = [] if single else [_found(part, known) for part in _split(text, ",")]
    several = [part for part in parts if part]
    if single:
        yield single
    elif len(several) == len(parts) > 1:
        yield from several
    else:
        yield _new_group(text, known)


def _found(text: str, known: Known) -> KnownGroup | None:
    place, name = _in_place(text, known)
    if name_key(name) == EVERYONE:
        return KnownGroup(place, name)
    return known.groups.get((known.here.pk, name_key(text))) or known.groups.get((place.pk, name_key(name)))


def _new_group(text: str, known: Known) -> KnownGroup:
    place, name = _in_place(text, known)
    if not known.creates_groups:
        raise ActionError(
            "no_group",
            _("There is no group %(name)s in %(place)s.") % {"name": isolated(name), "place": isolated(place.name)},
        )
    missing = _("Enter a name for the group in %(place)s.") % {"place": isolated(place.name)}
    return KnownGroup(place, clean_name(name, what=_("name of the group"), missing=missing))


def _in_place(text: str, known: Known) -> tuple[Place, str]:
    """Return the environment and the name of a group: of "PROD: Sales" in PROD, of "Sales" here."""
    before, colon, after = text.partition(":")
    place = known.places.get(name_key(before)) if colon else None
    return (place, after.strip()) if place else (known.here, text)


def _split(text: str, separators: str) -> Iterator[str]:
    """Return the names in a value. Programs write a dash for none."""
    parts = (part.strip() for part in re.split(separators, text))
    return (part for part in parts if name_key(part) not in _NOTHING)


def _title(group: KnownGroup) -> str:
    return _("%(group)s in %(place)s") % {"group": isolated(group.name), "place": isolated(group.place.name)}
