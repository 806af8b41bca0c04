"""What a connection leaves behind when SCIM is given up: its people, their groups, and what the IdP said."""

from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from provisioning.models import ProvisionedEmail, ProvisionedMembership, ProvisioningConnection
from workspace.actions import sources
from workspace.events import Word
from workspace.isolation import isolated
from workspace.refusals import ActionError
from workspace.words import count


class People(models.TextChoices):
    """What happens to those whom a connection provisioned when SCIM is given up."""

    KEEP = "keep", gettext_lazy("Keep as manual")
    DEACTIVATE = "deactivate", gettext_lazy("Deactivate")
    PENDING = "pending", gettext_lazy("Leave pending")


class PeopleUndecided(ActionError):
    """SCIM is given up, and nobody said what happens to those whom it provisioned."""


@dataclass
class Left:
    """What became of people and groups: the rows, and the event's sentence with its numbers."""

    sentence: str = gettext_noop("{by} chose {label} for {provider} in {environment}.")
    numbers: dict[str, Word] = field(default_factory=dict)
    change: sources.Change = field(default_factory=sources.Change)


def refuse_undecided(connection: ProvisioningConnection, people: str | None) -> None:
    """Refuse to give SCIM up while nobody said what happens to those who depend on the connection."""
    if people is None and connection.is_enabled and connection.has_people:
        name = isolated(connection.name)
        message = _("Choose what happens to the end users of %(provider)s.") % {"provider": name}
        raise PeopleUndecided("people_undecided", message, field="people")


def leave(connection: ProvisioningConnection, people: str | None) -> Left:
    """Keep, end or leave pending what the connection granted; the caller records it."""
    if not people or not connection.has_people:
        return Left()
    if people == People.PENDING:
        return _leave_pending(connection)
    number = count(connection.count_people(), "end user", "end users")
    act = sources.hand_over if people == People.KEEP else sources.end
    change = act(
        workspace=connection.environment.workspace,
        source=connection.source,
        memberships=connection.granted_memberships,
    )
    _forget(connection)
    if people == People.KEEP:
        kept = gettext_noop("{by} chose {label} for {provider} in {environment} and kept {people} as manual.")
        return Left(kept, {"people": number}, change)
    ended = gettext_noop(
        "{by} chose {label} for {provider} in {environment} and ended the access of {people} ({number} deactivated)."
    )
    return Left(ended, {"people": number, "number": f"{len(change.before['deactivated']):,}"}, change)


def _leave_pending(connection: ProvisioningConnection) -> Left:
    pending = connection.people.pairs()
    groups = [[str(pk), name] for pk, name in connection.managed_groups.values_list("pk", "name")]
    change = sources.Change({"pending": pending, "pending_groups": groups})
    sentence = gettext_noop("{by} chose {label} for {provider} in {environment} and left {people} pending.")
    return Left(sentence, {"people": count(len(pending), "end user", "end users")}, change)


def _forget(connection: ProvisioningConnection) -> None:
    """Remove what the IdP said: switched on again, it starts anew and gets no old rights."""
    ProvisionedMembership.objects.filter(group__connection=connection).delete()
    ProvisionedEmail.objects.filter(connection=connection).delete()
    # Nothing refers to these rows any more. delete() would read each with its document to look for more.
    for rows in (connection.groups.all(), connection.users.all()):
        rows._raw_delete(using=DEFAULT_DB_ALIAS)
