"""What follows for people from what an identity provider says of them: who they are, and their access."""

from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from authentication.policy import SignInPolicy
from provisioning.actions.effects.profiles import is_user_of, profile_of
from provisioning.actions.grants import environments_of, lets_in_everybody
from provisioning.models import ProvisionedUser, ProvisioningConnection
from provisioning.payload.profile import addresses
from workspace.action_names import Action
from workspace.actions.access import end_access, restore_access
from workspace.actions.end_users import NewEndUser, insert_end_user, link_end_user, new_end_user
from workspace.db.keys import name_key
from workspace.events import Actor, Sentence, record
from workspace.isolation import isolated
from workspace.models import EndUser
from workspace.profile import Profile
from workspace.refusals import ActionError, ConflictError


def bring_in(user: ProvisionedUser, by: Actor) -> EndUser:
    """Return the person of the workspace with the address of the new record, linked to it; else a new one.

    An address of another user of the connection gives way to userName, and that to none.
    """
    connection = user.connection
    said = profile_of(connection, user.document)
    choices = [replace(said, email=email) for email in [*addresses(user.document, connection.email_from), ""]]
    people = (_brought_in(user, each, by, is_meant=each == said) for each in choices)
    return next(filter(None, people))


def as_new_person(user: ProvisionedUser, by: Actor, now: datetime) -> NewEndUser | None:
    """Return the rows of a new person with the address of the new record. None where there is none that may be stored.

    Nothing is read, so the person may be in the workspace already.
    """
    said = profile_of(user.connection, user.document)
    try:
        return _new(user, said, by, now) if said.email else None
    except ActionError:
        return None


def switch_access(user: ProvisionedUser, by: Actor) -> None:
    """Let access follow whether the record is active; the connection is locked for effects."""
    connection = user.connection
    if user.is_active:
        restore_access(
            end_user=user.end_user,
            source=connection.source,
            environment=connection.environment,
            environments=environments_of(user),
            by=by,
        )
    else:
        end_access(end_user=user.end_user, source=connection.source, environment=connection.environment, by=by)


def _brought_in(user: ProvisionedUser, said: Profile, by: Actor, *, is_meant: bool) -> EndUser | None:
    """Create or link the person of this profile. None if it is another user's, or may not be linked by userName."""
    connection = user.connection
    known = _known(connection, said)
    if known is None:
        try:
            with transaction.atomic():
                new = _new(user, said, by, timezone.now())
                insert_end_user(new)
                return new.end_user
        except ConflictError:
            # Somebody else made the same person a moment ago: then this is a link.
            known = _known(connection, said)
            if known is None:
                raise
    if is_user_of(connection, known):
        return None
    if not _may_link(connection, known):
        if is_meant:
            raise _foreign(connection, known)
        return None
    _link(user, known, said, by)
    return known


def _known(connection: ProvisioningConnection, said: Profile) -> EndUser | None:
    """Return the person with the address, locked. Without an address: whom the connection knew by this userName."""
    workspace = connection.environment.workspace
    if said.email:
        return EndUser.with_email(workspace, said.email, to_change=True)
    left = workspace.end_users.filter(
        user_name_key=name_key(said.user_name), email_key=None, email_source__startswith=f"scim {connection.pk} "
    )
    free = left.exclude(provisioned__connection=connection).select_for_update(of=("self",), no_key=True)
    return free.order_by("pk").first()


def _may_link(connection: ProvisioningConnection, known: EndUser) -> bool:
    """Say whether the provider may assert the person's address, as at a sign-in."""
    policy = SignInPolicy.of(connection.environment)
    return not known.email or policy.may_assert(connection.environment_provider, known.email)


def _foreign(connection: ProvisioningConnection, known: EndUser) -> ActionError:
    environment, name = connection.environment, isolated(connection.name)
    return ActionError(
        "foreign_domain",
        f"{isolated(known.email)} is an end user of this workspace already, and {name} does not speak for that "
        f"domain in {environment}: it is enforced for other domains, or that one was given to another provider. "
        "Correct the domains under Edit of the provider, then send this again.",
    )


def _new(user: ProvisionedUser, said: Profile, by: Actor, now: datetime) -> NewEndUser:
    connection, environment = user.connection, user.connection.environment
    return new_end_user(
        now,
        workspace=environment.workspace,
        profile=said,
        # A new user is in no group yet.
        environments=[environment] if user.is_active and lets_in_everybody(connection, environment) else [],
        is_active=user.is_active,
        source=connection.source,
        concerns=[user],
        by=by,
    )


def _link(user: ProvisionedUser, known: EndUser, said: Profile, by: Actor) -> None:
    connection, environment = user.connection, user.connection.environment
    if user.is_active:
        link_end_user(
            end_user=known,
            profile=said,
            environment=environment,
            has_access=lets_in_everybody(connection, environment),
            source=connection.source,
            concerns=[user],
            by=by,
        )
        return
    record(
        by=by,
        action=Action.END_USER_LINKED,
        subject=known,
        environment=environment,
        sentence=Sentence(
            "{by} linked {person}, who was here already, as inactive: without access through it.", by=by, person=known
        ),
        concerns=[user],
    )
