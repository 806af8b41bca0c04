"""What its connection, and nobody else, has granted a user: environments and end-user groups.

The way to both leads from the user's record to the connection. `whose` says which records: `end_user__provisioned`.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from django.db.models import F, Q, QuerySet

from provisioning.payload.resources import ACCESS, Document
from provisioning.payload.selection import Selection
from provisioning.search.json_lookups import UuidOf, UuidText
from provisioning.search.kinds import AnyRow
from workspace.models import EnvironmentAccess, GroupMembership, SourceKind

_URN = ACCESS.lower()
# With the id of the user's record, as it is written.
_Entries = Iterator[tuple[str, Document]]
_USER = UuidText(F("end_user__provisioned"))


def accesses(whose: Q) -> QuerySet[EnvironmentAccess]:
    """What lets these users into environments."""
    connection = UuidText(F("end_user__provisioned__connection"))
    granted = EnvironmentAccess.objects.filter(whose, source_kind=SourceKind.SCIM, source_id=connection)
    return granted.order_by("environment_id")


def memberships(whose: Q) -> QuerySet[GroupMembership]:
    """What makes these users members of end-user groups: each was granted by a group that the connection pushed."""
    pushed = Q(end_user__provisioned__connection__groups=UuidOf(F("source_id")))
    return GroupMembership.objects.filter(whose & pushed, source_kind=SourceKind.SCIM).order_by("group_id")


def shown(rows: Sequence[AnyRow], selection: Selection) -> dict[str, Document]:
    """The access extension of these rows, by their ids: what is asked for of it, by one query each for all."""
    whose = Q(end_user__provisioned__in=[row.pk for row in rows])
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
    """Several groups that were pushed may fill one end-user group."""
    columns = (_USER, UuidText(F("group_id")), "group__name", "group__environment__slug")
    for user, pk, name, slug in memberships(whose).values_list(*columns).distinct():
        yield user, {"value": pk, "display": name, "environment": slug}


_ENTRIES = {"environments": _environments, "groups": _groups}
