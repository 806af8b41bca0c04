"""Managers (RFC 7643 section 4.3): clients name them by id, and answers add what the manager's own User says."""

import json
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from provisioning.models import ProvisionedUser, ProvisioningConnection
from provisioning.payload.documents import display_name
from provisioning.payload.resources import ENTERPRISE, Document
from provisioning.payload.selection import Selection
from provisioning.search.json_lookups import UuidText
from provisioning.search.rows import Shown, id_text
from provisioning.search.stored.texts import exact_uuid
from workspace.db.parameters import Among, Ids
from workspace.db.prepared import Prepared


def resolved(rows: Sequence[Shown], connection: ProvisioningConnection, selection: Selection) -> dict[str, Document]:
    """Return the enterprise extension of the rows whose manager is a user of the connection. It takes one query."""
    managed = [row for row in rows if '"manager"' in row[1]]
    parts = ("$ref", "displayname") if managed else ()
    if not any(selection.wants(ENTERPRISE.lower(), "manager", part) for part in parts):
        return {}
    sent = {pk: json.loads(document).get(ENTERPRISE, {}) for pk, document, *_ in managed}
    named = {pk: found for pk, extension in sent.items() if (found := _manager(extension))}
    if not named:
        return {}
    known = dict(_documents(connection.pk, set(named.values())))
    # What a change says of its user is stored after the answer is made, and may be that of its own manager.
    known |= {id_text(row[0]): json.loads(row[1]) for row in managed if id_text(row[0]) == str(named.get(row[0]))}
    return {
        pk: _extension(sent[pk], known[str(manager)], connection.base_url)
        for pk, manager in named.items()
        if str(manager) in known
    }


def _manager(extension: Document) -> UUID | None:
    return exact_uuid(extension.get("manager", {}).get("value", ""))


def _extension(sent: Document, manager: Document, base_url: str) -> Document:
    value = sent["manager"]["value"]
    seen = {"value": value, "$ref": f"{base_url}/Users/{value}", "displayName": display_name(manager)}
    return sent | {"manager": seen}


_documents: Prepared[tuple[str, Any]] = Prepared(
    lambda connection, ids: ProvisionedUser.objects.filter(Q(connection=connection), Among("pk", ids)).values_list(
        UuidText(F("pk")), "document"
    ),
    (ProvisioningConnection, "id"),
    Ids(),
)
