"""What an identity provider says of people: its records (SCIM Users), and through `effects` what follows from them."""

from collections.abc import Callable
from datetime import datetime
from typing import TypeAlias

from django.utils import timezone

from provisioning.actions.effects.groups import follow_members, read_group
from provisioning.actions.effects.people import as_new_person, bring_in, switch_access
from provisioning.actions.effects.profiles import follow_profile, noted
from provisioning.actions.locks import lock_for_effects, lock_shared, unchanged
from provisioning.actions.uniqueness import conflict, save_unique
from provisioning.models import ProvisionedEmail, ProvisionedGroup, ProvisionedUser, ProvisioningConnection
from provisioning.payload.documents import folded
from provisioning.payload.resources import Document, User
from workspace.action_names import Action
from workspace.actions.access import end_access
from workspace.db.keys import canonical, kept_key, name_key
from workspace.db.prepared import copied
from workspace.db.statement import update_of
from workspace.db.together import Write, write_together
from workspace.db.transactions import apart, atomic, naming_conflicts, whole, write_last
from workspace.events import Actor, Called, Sentence, changed, record
from workspace.refusals import restored_if_refused
from workspace.words import listed

# Returns the row of the request log, for a user who is just being stored and the notes of the request.
LogRow: TypeAlias = Callable[[ProvisionedUser, list[str]], list[Write]]


def create_user_record(
    *,
    connection: ProvisioningConnection,
    document: Document,
    by: Actor,
    notes: list[str],
    log: LogRow = lambda user, notes: [],
) -> ProvisionedUser:
    """Record a SCIM User, and make its person or link the one who is in the workspace already.

    `notes` get what the request log says of the address. `log` may be called twice: first for the user as it would be
    with a new person.
    """
    user = new_user(connection, document, timezone.now())
    if rows := rows_of_new_user(user, by):
        told = noted(user, notes)
        if insert_new_user(user, [*rows, *log(user, told)]):
            notes[:] = told
            return user
    # Other requests may have the same object, and the lock reads its settings anew.
    user.connection = copied(connection)
    with whole():
        lock_shared(user.connection)
        user.end_user = bring_in(user, by)
        save_unique(user)
        _save_emails(user)
        notes[:] = noted(user, notes)
        if row := log(user, notes):
            write_together(row)
    return user


def new_user(connection: ProvisioningConnection, document: Document, now: datetime) -> ProvisionedUser:
    """Return the record of a document. It is not stored and has no person yet."""
    user = ProvisionedUser(connection=connection, created_at=now, updated_at=now)
    fill(user, {"active": True, **document})
    return user


def rows_of_new_user(user: ProvisionedUser, by: Actor) -> list[Write]:
    """Return all rows of a new record whose person is new too, and give it that person. Nothing is read or stored.

    Empty where only `bring_in` can tell who the person is.
    """
    new = as_new_person(user, by, user.created_at)
    if new is None:
        return []
    user.end_user = new.end_user
    return [new.end_user, *new.others, user, *_emails(user)]


def insert_new_user(user: ProvisionedUser, rows: list[Write]) -> bool:
    """Store the rows, and say whether it was done: not if the person is there already, or the connection has changed.

    Raises ConflictError where the userName is taken.
    """
    with naming_conflicts(ProvisionedUser, conflict), apart():
        return write_together(rows, only_if=unchanged(user.connection)) is not None


@atomic
def update_user_record(*, user: ProvisionedUser, document: Document, by: Actor, notes: list[str]) -> bool:
    """Let the record, the person's profile and access follow a changed document; say whether anything changed.

    `notes` get what the request log says of the address.
    """
    before, was_active = user.document, user.is_active
    if document == before:
        return follow_profile(user, before, by, notes)
    with restored_if_refused(user):
        key = user.user_name_key
        fill(user, document)
        user.version += 1
        _save_document(user, is_renamed=user.user_name_key != key)
    if document.get("emails") != before.get("emails"):
        user.emails.all().delete()
        _save_emails(user)
    if user.is_active != was_active:
        # Before the person's row: who gives access by a mapping locks that row last.
        lock_for_effects(user.connection)
    is_told = follow_profile(user, before, by, notes)
    if user.is_active != was_active:
        switch_access(user, by)
    elif not is_told:
        _record_updated(user, before, by)
    return True


@atomic
def delete_user_record(*, user: ProvisionedUser, by: Actor) -> None:
    """Forget the record: access and memberships through this connection end, the person stays in the history."""
    connection = user.connection
    _lock_groups(user)
    # Whoever just adds the user to a group commits first, or finds that there is no such user any more.
    list(connection.users.select_for_update().filter(pk=user.pk).values("pk"))
    lock_for_effects(connection)
    _leave_groups(user, by)
    if user.is_active:
        end_access(end_user=user.end_user, source=connection.source, environment=connection.environment, by=by)
    record(
        by=by,
        action=Action.PROVISIONED_USER_DELETED,
        subject=user,
        environment=connection.environment,
        sentence=Sentence("{by} deleted {record}, its record of {person}.", by=by, record=user, person=user.end_user),
        concerns=[user.end_user, connection],
        before=user.document | {"end_user": str(user.end_user_id)},
    )
    user.delete()


def fill(user: ProvisionedUser, document: Document) -> None:
    """Set what follows from a document."""
    user.user_name = document["userName"]
    user.user_name_key = kept_key(user.user_name, user.user_name_key)
    user.external_id = document.get("externalId", "")
    user.display_name_key = name_key(document.get("displayName", ""))
    # Taken away, `active` says nothing: access stays as it is.
    user.is_active = document.get("active", user.is_active)
    user.document, user.folded = document, folded(document, User)


def stored(user: ProvisionedUser, *, is_switched: bool = False) -> Write:
    """Return the UPDATE of what follows from a document, or from its `active` alone.

    SQLite writes the indexes of all columns that an UPDATE names, also where they stay as they are.
    """
    names, statement = (_FOLLOWING_ACTIVE, _switched) if is_switched else (_FOLLOWING, _stored)
    return statement, [*(getattr(user, name) for name in names), user.pk]


def _save_document(user: ProvisionedUser, *, is_renamed: bool) -> None:
    """Store what follows from a document. Raises ConflictError where a new userName is taken."""
    user.updated_at = timezone.now()
    if not is_renamed:
        write_last(stored(user))
        return
    with naming_conflicts(ProvisionedUser, conflict):
        write_together([stored(user)])


def _save_emails(user: ProvisionedUser) -> None:
    ProvisionedEmail.objects.bulk_create(_emails(user))


def _emails(user: ProvisionedUser) -> list[ProvisionedEmail]:
    return [
        ProvisionedEmail(user=user, connection=user.connection, value_key=canonical(email["value"]))
        for email in user.document.get("emails", [])
        if email.get("value")
    ]


def _record_updated(user: ProvisionedUser, before: Document, by: Actor) -> None:
    """Write the event of attributes that feed neither name nor address."""
    old, new = changed(before, user.document), changed(user.document, before)
    record(
        by=by,
        action=Action.PROVISIONED_USER_UPDATED,
        subject=user,
        environment=user.connection.environment,
        sentence=Sentence(
            "{by} changed {what} of {person}.",
            by=by,
            what=listed(sorted({*old, *new})),
            person=Called(user, str(user.end_user)),
        ),
        concerns=[user.end_user],
        before=old,
        after=new,
    )


def _leave_groups(user: ProvisionedUser, by: Actor) -> None:
    """End the memberships that this connection's groups gave, and let those groups count as changed."""
    left = _lock_groups(user)
    user.memberships.all().delete()
    for group in left:
        group.connection = user.connection
        read_group(group)
        follow_members(group, {}, {user.end_user_id: user.end_user.full_name}, by)
        group.version += 1
        group.save(update_fields=["version", "updated_at"])


def _lock_groups(user: ProvisionedUser) -> list[ProvisionedGroup]:
    """Return the groups that the user is in, locked in one order."""
    groups = user.connection.groups.select_for_update(of=("self",), no_key=True).filter(memberships__user=user)
    return list(groups.select_related("group__environment").order_by("pk"))


# The columns that follow from `active`, and from a document.
_FOLLOWING_ACTIVE = "document", "folded", "version", "updated_at", "is_active"
_FOLLOWING = *_FOLLOWING_ACTIVE, "external_id", "user_name", "user_name_key", "display_name_key"
_switched = update_of(ProvisionedUser, *_FOLLOWING_ACTIVE)
_stored = update_of(ProvisionedUser, *_FOLLOWING)
