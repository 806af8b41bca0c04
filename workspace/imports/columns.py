"""Which column of a file means what."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from workspace.db.keys import name_key
from workspace.exports import plain_cell
from workspace.imports.reading import Line
from workspace.refusals import ActionError
from workspace.words import Text

# What an import reads, and the spellings of its column, without blanks and punctuation. Its label is one in each
# language, so that a report can be imported again.
FIELDS: dict[str, tuple[Text, set[str]]] = {
    "full_name": (gettext_lazy("Full name"), {"fullname", "name", "displayname", "person", "enduser"}),
    "email": (
        gettext_lazy("Email address"),
        {"emailaddress", "email", "mail", "mailaddress", "emails", "primaryemail", "workemail", "useremail"},
    ),
    "access": (
        gettext_lazy("Environment access"),
        {"environmentaccess", "environments", "environment", "access", "accessto", "environmentsaccess"},
    ),
    "groups": (
        gettext_lazy("Groups"),
        {"groups", "group", "endusergroups", "endusergroup", "groupnames", "teams", "team"},
    ),
}
# The number of the column of each field; a field that is not in the file is missing.
Columns = Mapping[str, int]


@dataclass(frozen=True)
class Cells:
    """What a line says, as it was typed."""

    number: int
    full_name: str
    email: str
    access: str
    groups: str
    has_more: bool


def matched(head: Sequence[str]) -> dict[str, list[int]]:
    """Return the columns that each field may mean, by the spelling of their names."""
    keys = [_spelling(name) for name in head]
    found = {field: [place for place, key in enumerate(keys) if key in names] for field, names in _spellings().items()}
    return {field: places for field, places in found.items() if places}


@cache
def _spellings() -> dict[str, set[str]]:
    spellings = {field: set(names) for field, (_label, names) in FIELDS.items()}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            for field, (label, _names) in FIELDS.items():
                spellings[field].add(_spelling(str(label)))
    return spellings


def _spelling(name: str) -> str:
    return re.sub(r"[\W_]+", "", name_key(name))


def cells_of(line: Line, columns: Columns) -> Cells:
    """Return what a line says of a person."""
    places = {field: columns.get(field, len(line.cells)) for field in FIELDS}
    texts = {field: plain_cell(line.cells[at]) if at < len(line.cells) else "" for field, at in places.items()}
    return Cells(line.number, **texts, has_more=line.has_more)


def check(columns: Columns) -> None:
    """Raise ActionError where a column means two things, or no column has the addresses."""
    if "email" not in columns:
        raise ActionError("no_email", _("Choose the column with the email addresses."), field="email")
    for field, place in columns.items():
        if list(columns.values()).index(place) != list(columns).index(field):
            raise ActionError("same_column", _("Another field uses this column already."), field=field)
