"""Managers (RFC 7643 section 4.3): clients name them by id, and answers add what the manager's own User says."""

from collections.abc import Sequence

from provisioning.models import ProvisioningConnection
from provisioning.payload.documents import display_name
from provisioning.payload.resources import ENTERPRISE, Document
from provisioning.payload.selection import Selection
from provisioning.search.kinds import AnyRow
from provisioning.search.stored.texts import exact_uuid


def resolved(rows: Sequence[AnyRow], connection: ProvisioningConnection, selection: Selection) -> dict[str, Document]:
    """Return the enterprise extension of the rows whose manager is a user of the connection. It takes one query."""
    if not any(selection.wants(ENTERPRISE.lower(), "manager", part) for part in ("$ref", "displayname")):
        return {}
    values = {row.pk: row.document.get(ENTERPRISE, {}).get("manager", {}).get("value", "") for row in rows}
    named = {pk: found for pk, value in values.items() if (found := exact_uuid(value))}
    if not named:
        return {}
    known = dict(connection.users.filter(pk__in=named.values()).values_list("pk", "document"))
    return {
        str(row.pk): _extension(row.document[ENTERPRISE], known[named[row.pk]], connection.base_url)
        for row in rows
        if named.get(row.pk) in known
    }


def _extension(sent: Document, manager: Document, base_url: str) -> Document:
    value = sent["manager"]["value"]
    seen = {"value": value, "$ref": f"{base_url}/Users/{value}", "displayName": display_name(manager)}
    return sent | {"manager": seen}
