"""Lines of an import, judged by what the database holds now."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from django.utils.translation import gettext as _

from workspace.actions.read_only import group_read_only_reason
from workspace.db.keys import canonical, name_key
from workspace.imports.columns import Cells
from workspace.imports.judging import Known, KnownGroup, KnownPerson, Place, Verdict
from workspace.isolation import isolated
from workspace.models import (
    EndUser,
    EndUserGroup,
    EnvironmentAccess,
    GroupMembership,
    ImportedLine,
    PeopleImport,
    SourceKind,
)

# Of an address, so much is stored and compared. Longer ones are refused.
_MOST_OF_A_KEY = 500
# More of a name or an address is not stored: it is refused for its length.
_MOST_OF_A_CELL = 600
# So many people one statement reads or writes.
BATCH = 1000
Item = TypeVar("Item")


def known_of(job: PeopleImport) -> Known:
    """Return what is known of the workspace but its people."""
    environments = list(job.workspace.environments.all())
    places = {environment.pk: Place(environment.pk, environment.name) for environment in environments}
    names = {name_key(each.slug): places[each.pk] for each in environments}
    names |= {name_key(each.name): places[each.pk] for each in environments}
    groups = {}
    for group in EndUserGroup.objects.filter(environment__workspace=job.workspace_id, is_everyone=False):
        known = KnownGroup(places[group.environment_id], group.name, group.pk, group_read_only_reason(group))
        groups[group.environment_id, group.name_key] = known
    default = [places[UUID(pk)] for pk in job.default_access if UUID(pk) in places]
    return Known(places[job.environment_id], names, default, groups, job.creates_groups)


def add_people(
    known: Known, job: PeopleImport, keys: Collection[str], *, to_change: bool = False
) -> dict[UUID, EndUser]:
    """Add the people who have these addresses to what is known, and return them; to change them, locked."""
    rows: dict[UUID, EndUser] = {}
    for part in batches(sorted(keys)):
        people = job.workspace.end_users.filter(email_key__in=part).order_by("pk")
        found = {person.pk: person for person in (people.select_for_update(no_key=True) if to_change else people)}
        known.people |= _known_people(found)
        rows |= found
    return rows


def _known_people(people: dict[UUID, EndUser]) -> dict[str, KnownPerson]:
    access, groups, managers = defaultdict[UUID, set[UUID]](set), defaultdict[UUID, set[UUID]](set), dict[UUID, str]()
    accesses = EnvironmentAccess.objects.filter(end_user__in=people).order_by()
    for pk, environment, kind, name in accesses.values_list("end_user", "environment", "source_kind", "source_name"):
        access[pk].add(environment)
        if kind == SourceKind.SCIM:
            managers[pk] = _("%(name)s manages the name of this person. Change it there.") % {"name": isolated(name)}
    for pk, group in GroupMembership.objects.filter(end_user__in=people).order_by().values_list("end_user", "group"):
        groups[pk].add(group)
    return {
        person.email_key or "": KnownPerson(
            pk, person.full_name, person.is_active, managers.get(pk, ""), frozenset(access[pk]), frozenset(groups[pk])
        )
        for pk, person in people.items()
    }


def key_of(email: str) -> str:
    """Return the comparison key of an address as lines hold it."""
    return canonical(email)[:_MOST_OF_A_KEY]


def line_of(job: PeopleImport, cells: Cells, verdict: Verdict) -> ImportedLine:
    """Return a line with its outcome, to be stored."""
    return ImportedLine(
        people_import=job,
        number=cells.number,
        full_name=" ".join(cells.full_name.split())[:_MOST_OF_A_CELL],
        email=cells.email[:_MOST_OF_A_CELL],
        email_key=key_of(cells.email),
        access=cells.access,
        groups=cells.groups,
        has_more=cells.has_more,
        outcome=ImportedLine.Outcome(verdict.outcome),
        note=verdict.note,
    )


def cells_of_row(row: ImportedLine) -> Cells:
    """Return what a stored line says."""
    return Cells(row.number, row.full_name, row.email, row.access, row.groups, row.has_more)


def batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))
