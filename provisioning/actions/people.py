"""What a SCIM connection changes of people: its own record, and through `workspace.actions` the person."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db import transaction

from authentication.actions.identities import may_assert
from authentication.policy import SignInPolicy
from provisioning.actions import grants
from provisioning.actions.uniqueness import save_unique
from provisioning.models import ProvisionedEmail, ProvisionedGroup, ProvisionedUser, ProvisioningConnection
from provisioning.payload.documents import folded
from provisioning.payload.profile import profile
from provisioning.payload.resources import Document, User
from workspace.action_names import Action
from workspace.actions import access, end_users, members
from workspace.actions.profiles import ProfileChanges, update_profiles
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Called, Sentence, record
from workspace.models import EndUser
from workspace.profile import Profile
from workspace.refusals import ActionError, ConflictError
from workspace.words import listed


@atomic
def create_person(*, connection: ProvisioningConnection, document: Document, by: Actor) -> ProvisionedUser:
    """Record a SCIM User, and make its person or link the one who is in the workspace already."""
    grants.share(connection)
    document = {"active": True, **document}
    said = _profile(connection, document)
    person = ProvisionedUser(connection=connection)
    _fill(person, document)
    person.end_user = _end_user(connection, said, person.is_active, by)
    save_unique(person)
    _save_emails(person)
    return person


@atomic
def update_person(*, person: ProvisionedUser, document: Document, by: Actor) -> bool:
    """Let the record, the person's profile and access follow a changed document; tells whether it changed."""
    before, was_active = person.document, person.is_active
    if document == before:
        return False
    wanted = _profile(person.connection, document)
    _fill(person, document)
    person.version += 1
    save_unique(person)
    if document.get("emails") != before.get("emails"):
        person.emails.all().delete()
        _save_emails(person)
    is_told = wanted != _profile(person.connection, before) and _update_profile(person, wanted, by)
    if person.is_active != was_active:
        _switch_access(person, by)
    elif not is_told:
        _record_updated(person, before, by)
    return True


@atomic
def delete_person(*, person: ProvisionedUser, by: Actor) -> None:
    """Forget the record: access and memberships through this connection end, the person stays in the history."""
    connection = person.connection
    _lock_groups(person)
    grants.hold(connection)
    # Whoever just adds the person to a group commits first, or finds that there is no such user any more.
    list(connection.users.select_for_update().filter(pk=person.pk).values("pk"))
    _leave_groups(person, by)
    if person.is_active:
        access.end_access(end_user=person.end_user, source=connection.source, environment=connection.environment, by=by)
    record(
        by=by,
        action=Action.PROVISIONED_USER_DELETED,
        subject=person,
        environment=connection.environment,
        sentence=Sentence(
            "{by} deleted {record}, its record of {person}.", by=by, record=person, person=person.end_user
        ),
        concerns=[person.end_user],
        before={"userName": person.user_name, "externalId": person.external_id},
    )
    person.delete()


def refresh_profiles(*, connection: ProvisioningConnection, before: Mapping[str, str], by: Actor) -> ProfileChanges:
    """Let profiles follow other attributes than `before` (name_from, email_from): where it makes a difference.

    Returns what came of it.
    """
    wanted = {}
    for end_user, document in connection.users.values_list("end_user", "document").iterator():
        new = _profile(connection, document)
        if (new.full_name, new.email) != profile(document, **before):
            wanted[end_user] = new
    return update_profiles(wanted=wanted, environment=connection.environment, by=by)


def _profile(connection: ProvisioningConnection, document: Document) -> Profile:
    return Profile(*profile(document, connection.name_from, connection.email_from), connection.source)


def _fill(person: ProvisionedUser, document: Document) -> None:
    person.user_name = document["userName"]
    person.user_name_key = canonical(person.user_name)
    person.external_id = document.get("externalId", "")
    person.display_name_key = canonical(document.get("displayName", ""))
    # Taken away, `active` says nothing: access stays as it is.
    person.is_active = document.get("active", person.is_active)
    person.document, person.folded = document, folded(document, User)


def _end_user(connection: ProvisioningConnection, said: Profile, is_active: bool, by: Actor) -> EndUser:
    """The person of the workspace with this address, linked; else a new one."""
    known = EndUser.with_email(connection.environment.workspace, said.email)
    if known is None:
        try:
            with transaction.atomic():
                return _new_end_user(connection, said, is_active, by)
        except ConflictError:
            # Somebody else made the same person a moment ago: then this is a link.
            known = EndUser.with_email(connection.environment.workspace, said.email)
            if known is None:
                raise
    _refuse_foreign(connection, known)
    _link(connection, known, said, is_active, by)
    return known


def _refuse_foreign(connection: ProvisioningConnection, known: EndUser) -> None:
    """Who is here already is linked only by a provider that may speak for the address, as at a sign-in."""
    environment = connection.environment
    if not may_assert(connection.environment_provider, SignInPolicy.of(environment), known.email):
        raise ActionError(
            "foreign_domain",
            f"{known.email} is an end user of this workspace already, and {connection.name} does not speak for that "
            f"domain in {environment}: it is enforced for other domains, or that one was given to another provider. "
            "Correct the domains under Edit of the provider, then send this again.",
        )


def _new_end_user(connection: ProvisioningConnection, said: Profile, is_active: bool, by: Actor) -> EndUser:
    environment = connection.environment
    return end_users.create_end_user(
        workspace=environment.workspace,
        profile=said,
        environments=[environment] if is_active and not connection.only_mapped else [],
        is_active=is_active,
        source=connection.source,
        by=by,
    )


def _link(connection: ProvisioningConnection, known: EndUser, said: Profile, is_active: bool, by: Actor) -> None:
    if is_active:
        end_users.link_end_user(
            end_user=known,
            profile=said,
            environment=connection.environment,
            has_access=not connection.only_mapped,
            source=connection.source,
            by=by,
        )
        return
    record(
        by=by,
        action=Action.END_USER_LINKED,
        subject=known,
        environment=connection.environment,
        sentence=Sentence(
            "{by} linked {person}, who was here already, as inactive: without access through it.", by=by, person=known
        ),
    )


def _save_emails(person: ProvisionedUser) -> None:
    ProvisionedEmail.objects.bulk_create(
        ProvisionedEmail(
            user=person,
            connection=person.connection,
            value_key=canonical(email["value"]),
            type_key=canonical(email.get("type", "")),
        )
        for email in person.document.get("emails", [])
        if email.get("value")
    )


def _update_profile(person: ProvisionedUser, wanted: Profile, by: Actor) -> bool:
    return end_users.update_profile(
        end_user=person.end_user,
        profile=wanted,
        environment=person.connection.environment,
        by=by,
    )


def _switch_access(person: ProvisionedUser, by: Actor) -> None:
    grants.hold(person.connection)
    change = access.end_access
    if person.is_active:
        change = partial(access.restore_access, environments=grants.environments_of(person))
    change(
        end_user=person.end_user,
        source=person.connection.source,
        environment=person.connection.environment,
        by=by,
    )


def _record_updated(person: ProvisionedUser, before: Document, by: Actor) -> None:
    """The event of attributes that feed neither name nor address."""
    names = sorted(name for name in {*before, *person.document} if before.get(name) != person.document.get(name))
    record(
        by=by,
        action=Action.PROVISIONED_USER_UPDATED,
        subject=person,
        environment=person.connection.environment,
        sentence=Sentence(
            "{by} changed {what} of {person}.", by=by, what=listed(names), person=Called(person, str(person.end_user))
        ),
        concerns=[person.end_user],
        before=_picked(before, names),
        after=_picked(person.document, names),
    )


def _picked(document: Document, names: list[str]) -> dict[str, Any]:
    return {name: document[name] for name in names if name in document}


def _leave_groups(person: ProvisionedUser, by: Actor) -> None:
    """End the memberships that this connection's groups gave, and let those groups count as changed."""
    left = _lock_groups(person)
    person.memberships.all().delete()
    for row in left:
        row.connection = person.connection
        grants.read_group(row)
        if row.group is None:
            grants.follow_members(row, [], [person.end_user_id], by)
        else:
            members.change_members(group=row.group, remove=[person.end_user_id], source=row.source, by=by)
        row.version += 1
        row.save(update_fields=["version", "updated_at"])


def _lock_groups(person: ProvisionedUser) -> list[ProvisionedGroup]:
    """The groups that the person is in, locked in one order."""
    rows = person.connection.groups.select_for_update(of=("self",), no_key=True).filter(memberships__user=person)
    return list(rows.select_related("group__environment").order_by("pk"))
