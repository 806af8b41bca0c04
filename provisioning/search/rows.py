"""Rows as answers show them: texts from the database, none of which becomes an object on the way."""

from datetime import datetime
from typing import TypeAlias

from django.db.models import F, TextField, Value
from django.db.models.expressions import Combinable

from provisioning.models import ProvisionedGroup, ProvisionedUser
from provisioning.search.json_lookups import MomentText, StoredText
from provisioning.search.memberships import GROUPS_OF_USER
from workspace.db.statement import sent
from workspace.json_text import text_of

# The id as it is stored, the document as JSON, the version, when the resource was created, and when last changed.
# Of a user that was read alone, also a list of its groups as JSON: the number of the membership, stored id and name.
Shown: TypeAlias = tuple[str, str, int, str, str, str | None]
Columns: TypeAlias = tuple[Combinable, ...]
COLUMNS: Columns = (
    StoredText(F("id")),
    StoredText(F("document")),
    F("version"),
    MomentText(F("created_at")),
    MomentText(F("updated_at")),
    Value(None, TextField()),
)
# The same columns of a user that is read alone.
WITH_GROUPS: Columns = (*COLUMNS[:-1], GROUPS_OF_USER)


def shown(row: ProvisionedUser | ProvisionedGroup, *, is_new: bool = False) -> Shown:
    """Return what an answer shows of an object that was changed. A new user is in no group.

    A user that was read to be changed has its groups in `group_rows`.
    """
    stored_id, moments = str(sent([row.pk])[0]), (_moment(row.created_at), _moment(row.updated_at))
    return stored_id, text_of(row.document), row.version, *moments, "[]" if is_new else vars(row).get("group_rows")


def id_text(stored: str) -> str:
    """Return an id as answers spell it. SQLite stores ids without hyphens."""
    if "-" in stored:
        return stored
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
