"""Changes of how the end users of an environment come to be, and of what a connection leaves behind."""

from typing import Any

from django.db import DEFAULT_DB_ALIAS, models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from authentication.mail import tell_owners
from authentication.models import EnvironmentProvider
from provisioning.actions.tokens import issue_token
from provisioning.models import ProvisionedEmail, ProvisionedMembership, ProvisioningConnection
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.models import MANUAL, EndUser, SourceKind
from workspace.refusals import ActionError

Method = EnvironmentProvider.Method
# What is left of a connection: the end of the event's sentence, and the lists of whom it is about.
_Left = tuple[str, dict[str, Any]]


class People(models.TextChoices):
    """What happens to those whom a connection provisioned when SCIM is given up."""

    KEEP = "keep", "Keep as manual"
    DEACTIVATE = "deactivate", "Deactivate"
    PENDING = "pending", "Leave pending"


class PeopleUndecided(ActionError):
    """SCIM is given up, and nobody said what happens to those whom it provisioned."""


@atomic
def prepare_scim(*, environment_provider: EnvironmentProvider, by: Actor) -> str:
    """Make sure of a connection with a token, still switched off; the token's clear text if it is new, else nothing.

    The event is that of the token: an empty connection that is off changes nothing.
    """
    connection = _connection(environment_provider)
    return "" if connection.tokens.live().exists() else issue_token(connection=connection, by=by)


@atomic
def choose_method(
    *,
    environment_provider: EnvironmentProvider,
    method: str,
    syncs_groups: bool = False,
    takes_over_groups: bool = True,
    people: str | None = None,
    by: Actor,
) -> bool:
    """Save the provisioning method; tells whether anything changed.

    SCIM switches the connection on, everything else off. Then `people` (see People) says what happens to those
    whom the connection has provisioned; it may be left out where there are none.
    """
    before = _chosen(environment_provider)
    environment_provider.method = method
    environment_provider.is_method_chosen = True
    environment_provider.syncs_groups = syncs_groups and method == Method.JIT
    environment_provider.save(update_fields=["method", "is_method_chosen", "syncs_groups", "updated_at"])
    if method == Method.SCIM:
        left: _Left = ("", {})
        _enable(_connection(environment_provider), takes_over_groups)
    else:
        left = _leave(environment_provider, people)
    after = _chosen(environment_provider)
    if before == after and not left[0]:
        return False
    _record(environment_provider, before, after, left, by)
    return True


@atomic
def set_strict(*, connection: ProvisioningConnection, is_strict: bool, by: Actor) -> bool:
    """Let the connection refuse what it would otherwise tolerate, or not; tells whether that changed."""
    locked = ProvisioningConnection.objects.select_for_update(of=("self",)).get(pk=connection.pk)
    if locked.is_strict == is_strict:
        return False
    connection.is_strict = locked.is_strict = is_strict
    locked.save(update_fields=["is_strict", "updated_at"])
    record(
        by=by,
        action=Action.PROVISIONING_STRICT_SET,
        subject=connection,
        environment=connection.environment,
        sentence=Sentence(
            "{by} switched strict SCIM {state} for {connection}.",
            by=by,
            state="on" if is_strict else "off",
            connection=connection,
        ),
        before={"is_strict": not is_strict},
        after={"is_strict": is_strict},
    )
    return True


def _connection(environment_provider: EnvironmentProvider) -> ProvisioningConnection:
    """The connection, made if there is none, and locked: two administrators may press the same button."""
    ProvisioningConnection.objects.get_or_create(environment_provider=environment_provider)
    connection = ProvisioningConnection.objects.select_for_update().get(environment_provider=environment_provider)
    connection.environment_provider = environment_provider
    return connection


def _enable(connection: ProvisioningConnection, takes_over_groups: bool) -> None:
    connection.is_enabled, connection.takes_over_groups = True, takes_over_groups
    connection.saved_at = connection.saved_at or timezone.now()
    connection.save()


def _leave(environment_provider: EnvironmentProvider, people: str | None) -> _Left:
    connection = _existing(environment_provider)
    if connection is None:
        return "", {}
    if people is None and connection.is_enabled and connection.has_people:
        raise PeopleUndecided(
            "people_undecided", f"Choose what happens to the end users of {connection.name}.", field="people"
        )
    connection.is_enabled = False
    connection.save()
    if not connection.has_people:
        return "", {}
    return _SETTLE[People(people)](connection) if people else ("", {})


def _existing(environment_provider: EnvironmentProvider) -> ProvisioningConnection | None:
    has_one = ProvisioningConnection.objects.filter(environment_provider=environment_provider).exists()
    return _connection(environment_provider) if has_one else None


def _keep(connection: ProvisioningConnection) -> _Left:
    """Access, memberships and groups become manual ones."""
    lists = {"access": connection.people.pairs(), "groups": _release_groups(connection)}
    _become_manual(connection.granted_accesses, "environment")
    _forget(connection)
    return f" and kept {_count(lists['access'])} as manual", lists


def _deactivate(connection: ProvisioningConnection) -> _Left:
    """Access through the connection ends; who has no other is deactivated. Memberships stay, by hand."""
    lists = {
        "access": connection.people.pairs(),
        "deactivated": connection.people_without_other_access.pairs(),
        "groups": _release_groups(connection),
    }
    connection.people_without_other_access.update(status=EndUser.Status.DEACTIVATED, updated_at=timezone.now())
    connection.granted_accesses.delete()
    _forget(connection)
    ended, deactivated = _count(lists["access"]), len(lists["deactivated"])
    return f" and ended the access of {ended} ({deactivated:,} deactivated)", lists


def _leave_pending(connection: ProvisioningConnection) -> _Left:
    people = connection.people.pairs()
    return f" and left {_count(people)} pending", {"pending": people}


_SETTLE = {People.KEEP: _keep, People.DEACTIVATE: _deactivate, People.PENDING: _leave_pending}


def _release_groups(connection: ProvisioningConnection) -> list[list[str]]:
    """Hand the connection's groups back with their members; returns them for the event."""
    groups = [[str(pk), name] for pk, name in connection.managed_groups.values_list("pk", "name")]
    _become_manual(connection.granted_memberships, "group")
    connection.managed_groups.update(**MANUAL.fields(), synced_at=None, updated_at=timezone.now())
    return groups


def _become_manual(rows: QuerySet[Any], place: str) -> None:
    """Turn rows of a source into rows by hand; where there is one by hand already, it stands for both."""
    by_hand = rows.model.objects.filter(
        **{place: OuterRef(place)}, end_user=OuterRef("end_user"), source_kind=SourceKind.MANUAL
    )
    rows.filter(Exists(by_hand)).delete()
    rows.update(**MANUAL.fields())


def _forget(connection: ProvisioningConnection) -> None:
    """Remove what the IdP said: switched on again, it starts anew and gets no old rights."""
    ProvisionedMembership.objects.filter(group__connection=connection).delete()
    ProvisionedEmail.objects.filter(connection=connection).delete()
    # What hangs on them is gone: delete() would read every row with its document to look for more.
    for rows in (connection.groups.all(), connection.users.all()):
        rows._raw_delete(using=DEFAULT_DB_ALIAS)


def _chosen(environment_provider: EnvironmentProvider) -> dict[str, Any]:
    connection = ProvisioningConnection.objects.filter(environment_provider=environment_provider).first()
    return {
        "method": str(environment_provider.method),
        "is_method_chosen": environment_provider.is_method_chosen,
        "syncs_groups": environment_provider.syncs_groups,
        "is_enabled": connection is not None and connection.is_enabled,
        "takes_over_groups": connection is None or connection.takes_over_groups,
    }


def _record(
    environment_provider: EnvironmentProvider, before: dict[str, Any], after: dict[str, Any], left: _Left, by: Actor
) -> None:
    ending, lists = left
    label = Method(environment_provider.method).label
    event = record(
        by=by,
        action=Action.PROVISIONING_METHOD_CHOSEN,
        subject=environment_provider.identity_provider,
        environment=environment_provider.environment,
        sentence=Sentence(
            "{by} saved the provisioning method {label} for {provider} in {environment}{ending}.",
            by=by,
            label=label,
            provider=environment_provider.identity_provider,
            environment=environment_provider.environment,
            ending=ending,
        ),
        before={key: value for key, value in before.items() if after[key] != value} | lists,
        after={key: value for key, value in after.items() if before[key] != value},
    )
    if lists or before | {"is_method_chosen": True} != after:  # that a choice was left as it is, is no news
        tell_owners(event, environment_provider.environment.workspace)


def _count(people: list[list[str]]) -> str:
    return "1 end user" if len(people) == 1 else f"{len(people):,} end users"
