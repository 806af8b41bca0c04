"""Changes of the provisioning method: how the end users of an environment come to be."""

from uuid import UUID

from django.utils import timezone

from authentication.models import EnvironmentProvider
from provisioning.actions.connection_settings import set_strict
from provisioning.actions.leaving import Left, leave, refuse_undecided
from provisioning.actions.tokens import issue_token
from provisioning.models import ProvisioningConnection
from workspace.action_names import Action
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import EndUserGroup

Method = EnvironmentProvider.Method


@atomic
def prepare_scim(*, environment_provider: EnvironmentProvider, by: Actor) -> str:
    """Make a connection with a token, still switched off, and return the token's clear text; empty if one is live.

    The event is that of the token: an empty connection that is off changes nothing.
    """
    connection = _made(environment_provider)
    return "" if connection.tokens.live().exists() else issue_token(connection=connection, by=by)


@atomic
def choose_method(
    *,
    environment_provider: EnvironmentProvider,
    method: str,
    syncs_groups: bool = False,
    takes_over_groups: bool = True,
    is_strict: bool | None = None,
    people: str | None = None,
    by: Actor,
) -> bool:
    """Save the provisioning method with its settings; say whether anything changed.

    SCIM switches the connection on, every other method switches it off. Then `people` (see People) says what happens
    to those whom the connection has provisioned; it may be left out where there are none. Without `is_strict`,
    strictness stays as it is.
    """
    connection = _made(environment_provider) if method == Method.SCIM else _locked(environment_provider)
    if connection is not None and method != Method.SCIM:
        refuse_undecided(connection, people)
    before = _state(environment_provider, connection)
    environment_provider.method = method
    environment_provider.is_method_chosen = True
    environment_provider.syncs_groups = syncs_groups and method == Method.JIT
    environment_provider.save(update_fields=["method", "is_method_chosen", "syncs_groups", "updated_at"])
    left = _switch(connection, method, takes_over_groups, people) if connection is not None else Left()
    after = _state(environment_provider, connection)
    is_changed = before != after or bool(left.numbers)
    if is_changed:
        _record(environment_provider, connection, before, after, left, by)
    if connection is not None and connection.is_enabled and is_strict is not None:
        is_changed = set_strict(connection=connection, is_strict=is_strict, by=by) or is_changed
    return is_changed


def _switch(connection: ProvisioningConnection, method: str, takes_over_groups: bool, people: str | None) -> Left:
    """Switch the connection on or off; off, what it granted is kept, ended or left pending."""
    connection.is_enabled = method == Method.SCIM
    if connection.is_enabled:
        connection.takes_over_groups = takes_over_groups
        connection.saved_at = connection.saved_at or timezone.now()
    connection.save()
    return Left() if connection.is_enabled else leave(connection, people)


def _made(environment_provider: EnvironmentProvider) -> ProvisioningConnection:
    """Return the connection, made where there is none, and locked."""
    ProvisioningConnection.objects.get_or_create(environment_provider=environment_provider)
    if (connection := _locked(environment_provider)) is None:
        raise ProvisioningConnection.DoesNotExist
    return connection


def _locked(environment_provider: EnvironmentProvider) -> ProvisioningConnection | None:
    """Return the connection, locked: two administrators may press the same button."""
    locked = ProvisioningConnection.objects.select_for_update()
    connection = locked.filter(environment_provider=environment_provider).first()
    if connection is not None:
        connection.environment_provider = environment_provider
    return connection


def _state(environment_provider: EnvironmentProvider, connection: ProvisioningConnection | None) -> dict[str, object]:
    return {
        "method": str(environment_provider.method),
        "is_method_chosen": environment_provider.is_method_chosen,
        "syncs_groups": environment_provider.syncs_groups,
        "is_enabled": connection is not None and connection.is_enabled,
        "takes_over_groups": connection is None or connection.takes_over_groups,
    }


def _record(
    environment_provider: EnvironmentProvider,
    connection: ProvisioningConnection | None,
    before: dict[str, object],
    after: dict[str, object],
    left: Left,
    by: Actor,
) -> None:
    provider, environment = environment_provider.identity_provider, environment_provider.environment
    names = ("groups", "pending_groups")
    groups = [EndUserGroup(pk=UUID(state[0])) for name in names for state in left.change.before.get(name, [])]
    event = record(
        by=by,
        action=Action.PROVISIONING_METHOD_CHOSEN,
        subject=provider,
        environment=environment,
        sentence=Sentence(
            left.sentence,
            by=by,
            label=Method(environment_provider.method).label,
            provider=provider,
            environment=environment,
            **left.numbers,
        ),
        concerns=[environment, *(connection.concerns() if connection else []), *groups],
        people=left.change.people,
        before=changed(before, after) | left.change.before,
        after=changed(after, before) | left.change.after,
    )
    # A choice that was only confirmed is no news.
    if left.numbers or before | {"is_method_chosen": True} != after:
        tell_owners(event, environment.workspace)
