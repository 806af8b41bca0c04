"""Names and email addresses of many people at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.utils import timezone

from workspace.action_names import Action
from workspace.actions.end_users import profile_state, set_profile
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import EndUser, Environment
from workspace.profile import Profile, clean_email
from workspace.refusals import ActionError
from workspace.words import people

_COLUMNS = [
    *("full_name", "name_source", "name_key", "email", "email_source", "email_key", "user_name", "user_name_key"),
    "search_key",
]
# How many people one statement reads and writes.
_BATCH = 1000
# A person as the event keeps it: id, name, address, source of the name, source of the address, userName.
State = list[object]


@dataclass
class ProfileChanges:
    """The result of a bulk change: the changed people before and after, and the addresses that were refused."""

    before: list[State] = field(default_factory=list)
    after: list[State] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def save(self, rows: dict[UUID, EndUser], old: dict[UUID, State]) -> None:
        """Write the rows that differ from their old states, and note them."""
        changed = [row for pk, row in rows.items() if _state(row) != old[pk]]
        EndUser.objects.bulk_update(changed, [*_COLUMNS, "updated_at"])
        self.before += [old[row.pk] for row in changed]
        self.after += [_state(row) for row in changed]


@atomic
def update_profiles(*, wanted: Mapping[UUID, Profile], environment: Environment, by: Actor) -> ProfileChanges:
    """Set the profiles of people of the workspace, given by id. `environment` is where the change came from.

    An address that is malformed or belongs to somebody else is refused: that person keeps the old one. So does a
    person whose profile has none.
    """
    changes = ProfileChanges()
    ids = list(wanted)
    for start in range(0, len(ids), _BATCH):
        batch = environment.workspace.end_users.select_for_update().filter(pk__in=ids[start : start + _BATCH])
        rows = {row.pk: row for row in batch}
        old = {pk: _state(row) for pk, row in rows.items()}
        changes.refused += _fill(environment, rows, {pk: wanted[pk] for pk in rows})
        changes.save(rows, old)
    if changes.after:
        count = people(len(changes.after))
        record(
            by=by,
            action=Action.ENVIRONMENT_PROFILES_UPDATED,
            subject=environment,
            environment=environment,
            sentence=Sentence("{by} changed the name or email address of {people}.", by=by, people=count),
            people=[str(state[0]) for state in changes.after],
            before={"profiles": changes.before},
            after={"profiles": changes.after},
        )
    return changes


def _fill(environment: Environment, rows: dict[UUID, EndUser], wanted: Mapping[UUID, Profile]) -> list[str]:
    """Set the wanted profiles on the rows, and return the addresses that were refused."""
    keys = {canonical(profile.email) for profile in wanted.values()}
    holders = dict(environment.workspace.end_users.filter(email_key__in=keys).values_list("email_key", "pk"))
    refused, now = [], timezone.now()
    for pk, profile in wanted.items():
        row = rows[pk]
        try:
            address = clean_email(profile.email)
        except ActionError:
            address = ""
        row.updated_at = now
        if not address or holders.setdefault(canonical(address), pk) != pk:
            refused += [profile.email] if profile.email else []
            address = row.email
        set_profile(row, replace(profile, email=address))
        row.set_keys()
    return refused


def _state(row: EndUser) -> State:
    state = profile_state(row)
    return [str(row.pk), *(state[name] for name in ("name", "email", "name_source", "email_source", "user_name"))]
