"""Names and email addresses of many people at once."""

from collections.abc import Iterator, Mapping
from itertools import islice
from uuid import UUID

from django.utils import timezone

from workspace.actions.end_users import checked_email, checked_name
from workspace.db.keys import canonical
from workspace.db.sets import people
from workspace.db.transactions import atomic
from workspace.events import ActionError, Actor, record
from workspace.models import EndUser, Environment

_COLUMNS = ["full_name", "name_key", "email", "email_key", "updated_at"]
# So many people are read and written by one statement.
_BATCH = 1000
# What a person is called, for the event: id, full name, email address.
Profile = list[str]


@atomic
def update_profiles(
    *, wanted: Mapping[UUID, tuple[str, str]], environment: Environment, by: Actor
) -> tuple[list[Profile], list[str]]:
    """Set full name and email address of people of the workspace, given by id; `environment` is where it came from.

    An address that is wrong or that somebody else has is left out: that person keeps the old one. Returns how many
    people changed, and those addresses.
    """
    before: list[Profile] = []
    after: list[Profile] = []
    refused: list[str] = []
    for ids in _batches(wanted):
        rows = {row.pk: row for row in environment.workspace.end_users.select_for_update().filter(pk__in=ids)}
        old = {pk: _profile(row) for pk, row in rows.items()}
        refused += _set(environment, rows, {pk: wanted[pk] for pk in rows})
        changed = [row for pk, row in rows.items() if _profile(row) != old[pk]]
        EndUser.objects.bulk_update(changed, _COLUMNS)
        before += [old[row.pk] for row in changed]
        after += [_profile(row) for row in changed]
    if after:
        record(
            by=by,
            action="environment.profiles_updated",
            subject=environment,
            environment=environment,
            sentence=f"{by.name} changed the name or email address of {people(len(after))}.",
            before={"profiles": before},
            after={"profiles": after},
        )
    return after, refused


def _batches(wanted: Mapping[UUID, tuple[str, str]]) -> Iterator[list[UUID]]:
    rest = iter(wanted)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _set(environment: Environment, rows: dict[UUID, EndUser], wanted: Mapping[UUID, tuple[str, str]]) -> list[str]:
    """Fill in what is wanted; returns the addresses that could not be."""
    keys = {canonical(email) for _, email in wanted.values()}
    holders = dict(environment.workspace.end_users.filter(email_key__in=keys).values_list("email_key", "pk"))
    refused, now = [], timezone.now()
    for pk, (full_name, email) in wanted.items():
        row = rows[pk]
        row.full_name, row.updated_at = checked_name(full_name), now
        try:
            address = checked_email(email)
        except ActionError:
            address = ""
        if address and holders.setdefault(canonical(address), pk) == pk:
            row.email = address
        else:
            refused.append(email)
        row.name_key, row.email_key = canonical(row.full_name), canonical(row.email)
    return refused


def _profile(row: EndUser) -> Profile:
    return [str(row.pk), row.full_name, row.email]
