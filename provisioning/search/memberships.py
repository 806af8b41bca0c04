"""What answers show of memberships: the groups of users and the members of groups, by one query each."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import F, QuerySet

from provisioning.models import ProvisionedMembership
from provisioning.payload.resources import Document
from provisioning.search.json_lookups import UuidText
from provisioning.search.kinds import AnyRow
from workspace.db.prepared import Among, Ids, Prepared

# Entries of `groups` or `members` by the id of the user or group that they belong to, as text.
Entries = dict[str, list[Document]]


def groups_of(users: Sequence[AnyRow], base_url: str) -> Entries:
    """Return the attribute `groups` of each of these users."""
    entries: Entries = defaultdict(list)
    for user, group, name in _groups_of([row.pk for row in users]):
        entries[user].append({"value": group, "$ref": f"{base_url}/Groups/{group}", "display": name, "type": "direct"})
    return entries


def members_of(groups: Sequence[AnyRow], base_url: str) -> Entries:
    """Return the attribute `members` of each of these groups."""
    entries: Entries = defaultdict(list)
    for group, user in _members_of([row.pk for row in groups]):
        entries[group].append({"value": user, "$ref": f"{base_url}/Users/{user}", "type": "User"})
    return entries


def _memberships(
    column: str, ids: list[UUID], *shown: str | UuidText
) -> "QuerySet[ProvisionedMembership, tuple[str, ...]]":
    rows = ProvisionedMembership.objects.filter(Among(column, ids)).order_by("pk")
    return rows.values_list(UuidText(F(column)), *shown)


_groups_of: Prepared[tuple[str, ...]] = Prepared(
    lambda users: _memberships("user", users, UuidText(F("group")), "group__display_name"), Ids()
)
_members_of: Prepared[tuple[str, ...]] = Prepared(
    lambda groups: _memberships("group", groups, UuidText(F("user"))), Ids()
)
