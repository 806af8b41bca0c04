"""How the personal data of one end user goes. Each app registers what becomes of its own rows."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from urllib.parse import quote
from uuid import UUID

from django.db.models import Model, Q
from django.utils.translation import ngettext

from workspace.db.containing import containing
from workspace.db.keys import canonical
from workspace.merging import Fact
from workspace.models import EndUser

# What stands in the place of a name.
NOBODY = "Deleted person"
_SHORTEST, _SHORTEST_NUMBER = 2, 6


@dataclass
class Erasure:
    """A person whose data go, locked. `texts` are the names and addresses that are known of the person."""

    end_user: EndUser
    ids: set[UUID]
    now: datetime
    texts: set[str] = field(default_factory=set)
    # What administrators noted about the person.
    remarks: set[str] = field(default_factory=set)
    # Ids of rows of apps above whose events hold what an IdP said of the person.
    records: set[UUID] = field(default_factory=set)

    @property
    def workspace_id(self) -> UUID:
        return self.end_user.workspace_id

    @property
    def keys(self) -> set[str]:
        """Return the comparison keys of the texts, by which addresses are found."""
        return {canonical(text) for text in self.texts}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return what finds a name or an address. It is computed once, when all of them are known."""
        return _pattern(self.texts)

    @cached_property
    def _told(self) -> re.Pattern[str]:
        return _pattern(self.texts | self.remarks)

    def without(self, text: str) -> str:
        """Return a text about the person without names, addresses and remarks."""
        return self._told.sub(NOBODY, text)

    def said_in(self, columns: Sequence[str], others: Iterable[str] = ()) -> Iterator[Q]:
        """Return conditions: a column has a name, an address, a record's id or one of `others`, as text or in JSON.

        A name counts between quotation marks, because others may contain it.
        """
        quoted = {f'"{text}"' for text in (*self.texts, *others)}
        found = {*filter(lambda text: "@" in text, self.texts), *map(str, self.records), *quoted}
        forms = sorted({form for text in found for form in (text, quote(text, safe=""), _escaped(text))})
        return containing(columns, forms)


def _pattern(texts: Iterable[str]) -> re.Pattern[str]:
    known = sorted(filter(_is_telling, texts), key=len, reverse=True)
    # An alternative of nothing would match everywhere.
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, known)) or '(?!)'})(?!\w)", re.IGNORECASE)


def _is_telling(text: str) -> bool:
    """Say whether a text is of the person wherever it stands. Short ones and numbers stand in other texts too."""
    return len(text) >= (_SHORTEST_NUMBER if text.isdigit() else _SHORTEST)


def _escaped(text: str) -> str:
    """Return a text as JSON may spell it, with its quotation marks as they are."""
    return '"'.join(json.dumps(part)[1:-1] for part in text.split('"'))


Tell = Callable[[EndUser], Iterable[str]]
Erase = Callable[[Erasure], list[Fact]]
# Functions that erase rows, each with the attributes of `EndUser` by which it finds them.
ERASES: dict[Erase, tuple[str, ...]] = {}
# Functions that return further texts by which apps know the person.
TELLS: list[Tell] = []
# The models whose rows are what an IdP said of a person.
RECORDS: set[type[Model]] = set()


def erases(*relations: str) -> Callable[[Erase], Erase]:
    """Register a function that erases rows. `relations` are the attributes of `EndUser` by which it finds them."""

    def register(erase: Erase) -> Erase:
        ERASES[erase] = relations
        return erase

    return register


def tells(tell: Tell) -> Tell:
    """Register a function that returns texts by which an app knows the person."""
    TELLS.append(tell)
    return tell


def erase_all(erasure: Erasure) -> list[Fact]:
    """Erase all rows of the person, the highest app first, and return what became of them, the lowest first."""
    return [fact for facts in [erase(erasure) for erase in reversed(ERASES)][::-1] for fact in facts]


# What becomes of a number of rows, for the confirmation page. `what` says the number.
def forgotten(what: str, number: int) -> str:
    return ngettext("%(what)s will be forgotten", "%(what)s will be forgotten", number) % {"what": what}


def deleted(what: str, number: int) -> str:
    return ngettext("%(what)s will be deleted", "%(what)s will be deleted", number) % {"what": what}


def nameless(what: str, number: int) -> str:
    return ngettext("%(what)s will name nobody", "%(what)s will name nobody", number) % {"what": what}
