"""Managers (RFC 7643 section 4.3): named by whoever sends them, and called here what their own record says."""

from collections.abc import Sequence
from uuid import UUID

from provisioning.models import ProvisioningConnection
from provisioning.payload.documents import display_name
from provisioning.payload.resources import ENTERPRISE, Document
from provisioning.payload.selection import Selection
from provisioning.search.kinds import AnyRow
from provisioning.search.stored.texts import exact_uuid


def resolved(rows: Sequence[AnyRow], connection: ProvisioningConnection, selection: Selection) -> dict[str, Document]:
    """The enterprise extension of those rows whose manager is a user of the connection, by one query for all."""
    named = _named(rows) if _are_shown(selection) else {}
    if not named:
        return {}
    known = dict(connection.users.filter(pk__in=named.values()).values_list("pk", "document"))
    return {
        str(row.pk): _extension(row.document[ENTERPRISE], known[named[row.pk]], connection.base_url)
        for row in rows
        if named.get(row.pk) in known
    }


def _are_shown(selection: Selection) -> bool:
    return any(selection.wants(ENTERPRISE.lower(), "manager", part) for part in ("$ref", "displayname"))


def _named(rows: Sequence[AnyRow]) -> dict[UUID, UUID]:
    """Who is named as whose manager, by what can be an id."""
    values = {row.pk: row.document.get(ENTERPRISE, {}).get("manager", {}).get("value", "") for row in rows}
    return {pk: found for pk, value in values.items() if (found := exact_uuid(value))}


def _extension(sent: Document, manager: Document, base_url: str) -> Document:
    value = sent["manager"]["value"]
    seen = {"value": value, "$ref": f"{base_url}/Users/{value}", "displayName": display_name(manager)}
    return sent | {"manager": seen}
