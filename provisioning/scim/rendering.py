"""What answers show of rows: their documents with what the server says of them, as JSON.

The text of a stored document is put into the answer as it is, and not parsed.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from scim2_models import ListResponse

from provisioning.models import ProvisioningConnection
from provisioning.payload.resources import ACCESS, ENTERPRISE, urn_of
from provisioning.payload.selection import Selection
from provisioning.search import granted, managers, memberships
from provisioning.search.kinds import GROUPS, USERS, AnyKind
from provisioning.search.rows import Shown, id_text
from workspace.json_text import text_of

# Attributes that come from other tables: JSON by name, by the id of the row as it is stored.
_Added = dict[str, dict[str, str]]
# Quotes within texts are escaped, so that only a name of a document can look like this.
_EXTENSIONS = re.compile(f'("{re.escape(ENTERPRISE)}"|"{re.escape(ACCESS)}"): ')
_LIST = text_of(str(ListResponse.__schema__))
_SCHEMAS = {kind.name: text_of(urn_of(kind.schema)) for kind in (USERS, GROUPS)}


def texts(kind: AnyKind, rows: Sequence[Shown], connection: ProvisioningConnection, selection: Selection) -> list[str]:
    """Return the rows as an answer shows them. What stands in other tables is read once for all rows."""
    base_url = text_of(connection.base_url)[1:-1]
    added = _added(kind, rows, connection, selection, base_url) if rows else {}
    whole = [_text(kind, row, base_url, added.get(row[0], {})) for row in rows]
    return whole if selection.is_all else [text_of(selection.apply(json.loads(text))) for text in whole]


def list_text(resources: Sequence[str], total: int, start: int | None, next_cursor: str | None = None) -> str:
    """Return a page of a list (RFC 7644 section 3.4.2). Only a numbered page says where it starts."""
    numbered = f'"startIndex": {start}, ' if start is not None else ""
    further = f'"nextCursor": {text_of(next_cursor)}, ' if next_cursor else ""
    return (
        f'{{"schemas": [{_LIST}], "totalResults": {total}, {numbered}"itemsPerPage": {len(resources)}, {further}'
        f'"Resources": [{", ".join(resources)}]}}'
    )


def location(kind: AnyKind, row: Shown, connection: ProvisioningConnection) -> str:
    """Return the URL of a resource."""
    return f"{connection.base_url}/{kind.name}s/{id_text(row[0])}"


def entity_tag(version: int) -> str:
    """Return the weak entity tag of a version."""
    return f'W/"{version}"'


def _text(kind: AnyKind, row: Shown, base_url: str, added: dict[str, str]) -> str:
    """Return a resource: what the server says comes first, and takes precedence over the document."""
    stored_id, document, number, created, changed, _ = row
    pk = id_text(stored_id)
    if "\\u" in document or any(":" in name for name in added):
        document = text_of({name: value for name, value in json.loads(document).items() if name not in added})
    said = "".join([f', "{name}": {value}' for name, value in added.items()])
    rest = f"{said}, {document[1:]}" if document != "{}" else f"{said}}}"
    extensions = _EXTENSIONS.findall(rest) if '"urn:' in rest else []
    return (
        f'{{"schemas": [{", ".join([_SCHEMAS[kind.name], *extensions])}], "id": "{pk}", '
        f'"meta": {{"resourceType": "{kind.name}", "created": "{created}", "lastModified": "{changed}", '
        f'"location": "{base_url}/{kind.name}s/{pk}", "version": "W/\\"{number}\\""}}{rest}'
    )


def _added(
    kind: AnyKind, rows: Sequence[Shown], connection: ProvisioningConnection, selection: Selection, base_url: str
) -> _Added:
    ids = [row[0] for row in rows]
    found: list[tuple[str, dict[str, str]]] = []
    if kind is GROUPS and selection.wants("members"):
        found.append(("members", _members(ids, base_url)))
    if kind is USERS and selection.wants("groups"):
        found.append(("groups", _groups(rows, base_url)))
    if kind is USERS:
        found.append((ENTERPRISE, _texts_of(managers.resolved(rows, connection, selection))))
    if kind is USERS and selection.is_explicit:
        found.append((ACCESS, _texts_of(granted.shown(ids, selection))))
    added: _Added = defaultdict(dict)
    for name, values in found:
        for pk, value in values.items():
            added[pk][name] = value
    return added


def _groups(users: Sequence[Shown], base_url: str) -> dict[str, str]:
    """Return the attribute `groups` of each of these users that is in some."""
    known: dict[str, str] = {}
    entries: dict[str, list[str]] = defaultdict(list)
    for user, group, name in _memberships(users):
        if group not in known:
            pk = id_text(group)
            reference = f'"value": "{pk}", "$ref": "{base_url}/Groups/{pk}"'
            known[group] = f'{{{reference}, "display": {text_of(name)}, "type": "direct"}}'
        entries[user].append(known[group])
    return _lists(entries)


def _memberships(users: Sequence[Shown]) -> Iterator[tuple[str, str, str]]:
    """Give the stored ids of users and of their groups, and the names of the groups."""
    yield from memberships.of_users(unread) if (unread := [user[0] for user in users if user[-1] is None]) else ()
    for user in users:
        if user[-1] and user[-1] != "[]":
            yield from ((user[0], group, name) for _, group, name in sorted(json.loads(user[-1])))


def _members(groups: list[str], base_url: str) -> dict[str, str]:
    """Return the attribute `members` of each of these groups that has some."""
    entries: dict[str, list[str]] = defaultdict(list)
    for group, user in memberships.of_groups(groups):
        pk = id_text(user)
        entries[group].append(f'{{"value": "{pk}", "$ref": "{base_url}/Users/{pk}", "type": "User"}}')
    return _lists(entries)


def _lists(entries: dict[str, list[str]]) -> dict[str, str]:
    return {pk: f"[{', '.join(each)}]" for pk, each in entries.items()}


def _texts_of(values: Mapping[str, object]) -> dict[str, str]:
    return {pk: text_of(value) for pk, value in values.items()}
