"""Settings of a connection: how strict it is, who gets access, and which attributes feed name and email address."""

from collections.abc import Mapping

from django.utils.translation import gettext_noop

from provisioning.actions.effects.profiles import profile_of
from provisioning.actions.grants import make_own_access_exact
from provisioning.actions.locks import lock_exclusive
from provisioning.models import ProvisioningConnection
from provisioning.payload.profile import profile
from workspace.action_names import Action
from workspace.actions.exact import SetChange
from workspace.actions.profiles import ProfileChanges, update_profiles
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, changed, record
from workspace.mail import tell_owners
from workspace.models import ChangeEvent


@atomic
def set_strict(*, connection: ProvisioningConnection, is_strict: bool, by: Actor) -> bool:
    """Let the connection refuse what it would otherwise tolerate, or not; say whether that changed."""
    lock_exclusive(connection)
    if is_strict:
        told = gettext_noop("{by} switched strict SCIM on for {connection}.")
    else:
        told = gettext_noop("{by} switched strict SCIM off for {connection}.")
    sentence = Sentence(told, by=by, connection=connection)
    return bool(_set(connection, {"is_strict": is_strict}, Action.PROVISIONING_STRICT_SET, sentence, by))


@atomic
def set_only_mapped(*, connection: ProvisioningConnection, only_mapped: bool, by: Actor) -> list[SetChange]:
    """Let only members of mapped groups have access, or everybody who is provisioned."""
    lock_exclusive(connection)
    if only_mapped:
        told = gettext_noop("{by} let only members of mapped groups of {connection} have access.")
    else:
        told = gettext_noop("{by} let everybody of {connection} have access.")
    sentence = Sentence(told, by=by, connection=connection)
    event = _set(connection, {"only_mapped": only_mapped}, Action.PROVISIONING_ONLY_MAPPED_SET, sentence, by)
    if event is None:
        return []
    tell_owners(event, connection.environment.workspace)
    return [make_own_access_exact(connection, by)]


@atomic
def choose_attributes(
    *, connection: ProvisioningConnection, name_from: str, email_from: str, by: Actor
) -> ProfileChanges:
    """Choose which attributes feed name and email; everybody's profile follows at once. Return what came of it."""
    lock_exclusive(connection)
    before = {"name_from": connection.name_from, "email_from": connection.email_from}
    sentence = Sentence(
        "{by} chose which attributes feed the name and email address of the end users of {connection}.",
        by=by,
        connection=connection,
    )
    wanted = {"name_from": name_from, "email_from": email_from}
    event = _set(connection, wanted, Action.PROVISIONING_ATTRIBUTES_CHOSEN, sentence, by)
    if event is None:
        return ProfileChanges()
    tell_owners(event, connection.environment.workspace)
    return _refresh_profiles(connection, before, by)


def _set(
    connection: ProvisioningConnection, values: Mapping[str, object], action: Action, sentence: Sentence, by: Actor
) -> ChangeEvent | None:
    """Set columns of a locked connection, and return the event; nothing where they are so already."""
    before: dict[str, object] = {name: getattr(connection, name) for name in values}
    if before == values:
        return None
    for name, value in values.items():
        setattr(connection, name, value)
    connection.save(update_fields=[*values, "updated_at"])
    return record(
        by=by,
        action=action,
        subject=connection,
        environment=connection.environment,
        sentence=sentence,
        concerns=connection.concerns(),
        before=changed(before, values),
        after=changed(values, before),
    )


def _refresh_profiles(connection: ProvisioningConnection, before: dict[str, str], by: Actor) -> ProfileChanges:
    """Let profiles follow other attributes than `before`, where it makes a difference."""
    wanted = {}
    for end_user, document in connection.users.values_list("end_user", "document").iterator():
        new = profile_of(connection, document)
        if (new.full_name, new.email) != profile(document, **before):
            wanted[end_user] = new
    return update_profiles(wanted=wanted, environment=connection.environment, by=by)
