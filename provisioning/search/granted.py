"""The environments and end-user groups that a connection itself has granted its users.

Both queries start at the user's row and lead to its connection. Their parameter `whose` is a condition on
`end_user__provisioned`: it says which users.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import F, Q, QuerySet

from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.selection import Selection
from provisioning.search.json_lookups import StoredText, UuidOf, UuidText
from workspace.models import EnvironmentAccess, GroupMembership, SourceKind

_URN = ACCESS.lower()
# Entries of an attribute, each with the id of the user's row as it is stored.
_Entries = Iterator[tuple[str, Document]]
_USER = StoredText(F("end_user__provisioned"))


def accesses(whose: Q) -> QuerySet[EnvironmentAccess]:
    """Return the accesses that the connection of these users granted them."""
    connection = UuidText(F("end_user__provisioned__connection"))
    granted = EnvironmentAccess.objects.filter(whose, source_kind=SourceKind.SCIM, source_id=connection)
    return granted.order_by("environment_id")


def memberships(whose: Q) -> QuerySet[GroupMembership]:
    """Return the memberships that groups pushed by the connection of these users granted them."""
    pushed = Q(end_user__provisioned__connection__groups=UuidOf(F("source_id")))
    return GroupMembership.objects.filter(whose & pushed, source_kind=SourceKind.SCIM).order_by("group_id")


def shown(users: Sequence[str], selection: Selection) -> dict[str, Document]:
    """Return the access extension of these users by stored id. Each attribute that is asked for takes one query."""
    whose = Q(end_user__provisioned__in=users)
    found: dict[str, dict[str, list[Document]]] = defaultdict(lambda: defaultdict(list))
    for name, entries in _ENTRIES.items():
        if selection.asks(_URN, name):
            for user, entry in entries(whose):
                found[user][name].append(entry)
    return dict(found)


def _environments(whose: Q) -> _Entries:
    columns = (_USER, "environment__slug", "environment__name")
    for user, slug, name in accesses(whose).values_list(*columns):
        yield user, {"value": slug, "display": name}


def _groups(whose: Q) -> _Entries:
    """Groups are distinct, as several pushed groups may fill one."""
    columns = (_USER, UuidText(F("group_id")), "group__name", "group__environment__slug")
    for user, pk, name, slug in memberships(whose).values_list(*columns).distinct():
        yield user, {"value": pk, "display": name, "environment": slug}


_ENTRIES = {"environments": _environments, "groups": _groups}
