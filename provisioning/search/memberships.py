"""The groups of users and the members of groups, by one query each."""

from typing import Any

from django.db.models import F, QuerySet

from provisioning.models import ProvisionedMembership
from provisioning.search.json_lookups import StoredText
from workspace.db.prepared import Among, Ids, Prepared


def _memberships(column: str, ids: object, *shown: str | StoredText) -> "QuerySet[ProvisionedMembership, Any]":
    rows = ProvisionedMembership.objects.filter(Among(column, ids)).order_by("pk")
    return rows.values_list(StoredText(F(column)), *shown)


# The ids of a user and of each of its groups as they are stored, and the names of the groups.
of_users: Prepared[tuple[str, str, str]] = Prepared(
    lambda users: _memberships("user", users, StoredText(F("group")), "group__display_name"), Ids()
)
# The ids of a group and of each of its members as they are stored.
of_groups: Prepared[tuple[str, str]] = Prepared(
    lambda groups: _memberships("group", groups, StoredText(F("user"))), Ids()
)
