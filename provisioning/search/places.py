"""Where far pages of a whole list begin, as this process has seen it.

A database finds the row of a number by counting off all rows before it. A row that was seen there a moment ago is
found by its id, and only rows from there on are counted off.
"""

import time
from dataclasses import dataclass
from uuid import UUID

from provisioning.search.kinds import AnyKind

# Counting off fewer rows takes about as long as asking whether they changed.
FAR = 5_000
# In seconds. Until then, a row that comes back with an older id hides that another one went.
_LIFETIME = 60
_MOST_LISTS, _MOST_PLACES = 100, 50


@dataclass(frozen=True)
class Place:
    """A row of a list, and how many rows are before it."""

    before: int
    pk: UUID | str


START = Place(0, UUID(int=0))


@dataclass
class Places:
    """Places of one list.

    They hold as long as the number of rows up to the one that was last stays the same. New rows come after it.
    """

    last: UUID
    number: int
    until: float
    places: tuple[Place, ...] = ()

    def nearest(self, first: int) -> Place:
        """Return the place with the most rows before it, but not more than the first ones."""
        return max((each for each in self.places if each.before <= first), key=lambda each: each.before, default=START)

    def note(self, place: Place) -> None:
        self.places = (*self.places[1 - _MOST_PLACES :], place)


_known: dict[tuple[UUID, str], Places] = {}


def places_of(kind: AnyKind, connection: UUID) -> Places:
    """Return what is known of the list of a kind: nothing yet, once rows in it have changed."""
    known = _known.get((connection, kind.name))
    if known and time.monotonic() < known.until and kind.count_up_to(connection, known.last) == known.number:
        return known
    if len(_known) >= _MOST_LISTS:
        _known.clear()
    last = kind.last_id(connection)
    new = Places(last, kind.count_up_to(connection, last), time.monotonic() + _LIFETIME)
    _known[connection, kind.name] = new
    return new
