"""What follows for people from what an identity provider says of them: who they are, their profile, their access."""

from django.db import transaction

from authentication.policy import SignInPolicy
from provisioning.actions.grants import environments_of, lets_in_everybody
from provisioning.actions.locks import lock_for_effects
from provisioning.models import ProvisionedUser, ProvisioningConnection
from provisioning.payload.profile import profile
from provisioning.payload.resources import Document
from workspace.action_names import Action
from workspace.actions.access import end_access, restore_access
from workspace.actions.end_users import create_end_user, link_end_user
from workspace.events import Actor, Sentence, record
from workspace.isolation import isolated
from workspace.models import EndUser
from workspace.profile import Profile
from workspace.refusals import ActionError, ConflictError


def profile_of(connection: ProvisioningConnection, document: Document) -> Profile:
    """Return the name and address that a document means, by the attributes that administrators chose."""
    return Profile(*profile(document, connection.name_from, connection.email_from), connection.source)


def bring_in(user: ProvisionedUser, said: Profile, by: Actor) -> EndUser:
    """Return the person of the workspace with this address, linked to the new record; else a new one."""
    connection, workspace = user.connection, user.connection.environment.workspace
    known = EndUser.with_email(workspace, said.email)
    if known is None:
        try:
            with transaction.atomic():
                return _create(user, said, by)
        except ConflictError:
            # Somebody else made the same person a moment ago: then this is a link.
            known = EndUser.with_email(workspace, said.email)
            if known is None:
                raise
    _refuse_foreign(connection, known)
    _link(user, known, said, by)
    return known


def switch_access(user: ProvisionedUser, by: Actor) -> None:
    """Let access follow whether the record is active."""
    connection = user.connection
    lock_for_effects(connection)
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


def _refuse_foreign(connection: ProvisioningConnection, known: EndUser) -> None:
    """Refuse to link an existing person whose address the provider may not assert, as at a sign-in."""
    environment, name = connection.environment, isolated(connection.name)
    if not SignInPolicy.of(environment).may_assert(connection.environment_provider, known.email):
        raise ActionError(
            "foreign_domain",
            f"{isolated(known.email)} is an end user of this workspace already, and {name} does not speak for that "
            f"domain in {environment}: it is enforced for other domains, or that one was given to another provider. "
            "Correct the domains under Edit of the provider, then send this again.",
        )


def _create(user: ProvisionedUser, said: Profile, by: Actor) -> EndUser:
    connection, environment = user.connection, user.connection.environment
    return create_end_user(
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
