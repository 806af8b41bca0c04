"""What answers show of rows: their documents with what the server says of them."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from provisioning.models import ProvisioningConnection
from provisioning.payload.documents import render
from provisioning.payload.resources import ACCESS, ENTERPRISE, Document
from provisioning.payload.selection import Selection
from provisioning.search import granted, managers, memberships
from provisioning.search.kinds import USERS, AnyKind, AnyRow

# Attributes that come from other tables, by the id of the row as text.
_Added = dict[str, Document]


def documents(
    kind: AnyKind, rows: Sequence[AnyRow], connection: ProvisioningConnection, selection: Selection
) -> list[Document]:
    """Return the rows as an answer shows them. What stands in other tables is read once for all rows."""
    added: _Added = {}
    if rows and kind is USERS:
        added = _added_to_users(rows, connection, selection)
    elif rows and selection.wants("members"):
        found = memberships.members_of(rows, connection.base_url)
        added = {pk: {"members": entries} for pk, entries in found.items()}
    return [
        render(
            row.document,
            kind.schema,
            server={"id": str(row.pk), "meta": _meta(kind, row, connection), **added.get(str(row.pk), {})},
            selection=selection,
        )
        for row in rows
    ]


def location(kind: AnyKind, row: AnyRow, connection: ProvisioningConnection) -> str:
    """Return the URL of a resource."""
    return f"{connection.base_url}/{kind.name}s/{row.pk}"


def version(row: AnyRow) -> str:
    """Return the weak entity tag of a resource."""
    return f'W/"{row.version}"'


def _meta(kind: AnyKind, row: AnyRow, connection: ProvisioningConnection) -> Document:
    return {
        "resourceType": kind.name,
        "created": _time(row.created_at),
        "lastModified": _time(row.updated_at),
        "location": location(kind, row, connection),
        "version": version(row),
    }


def _time(moment: datetime) -> str:
    """As xsd:dateTime in UTC (RFC 7643 section 2.3.5)."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _added_to_users(rows: Sequence[AnyRow], connection: ProvisioningConnection, selection: Selection) -> _Added:
    added: _Added = defaultdict(dict)
    groups = memberships.groups_of(rows, connection.base_url) if selection.wants("groups") else {}
    for attribute, found in (
        ("groups", groups),
        (ENTERPRISE, managers.resolved(rows, connection, selection)),
        (ACCESS, granted.shown(rows, selection)),
    ):
        for pk, value in found.items():
            added[pk][attribute] = value
    return added
