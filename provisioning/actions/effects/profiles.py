"""Names and addresses that follow records. Of several users with one address, the first has it (scim.md)."""

from dataclasses import replace

from django.db import transaction
from django.db.models import Q

from provisioning.models import ProvisionedEmail, ProvisionedUser, ProvisioningConnection
from provisioning.payload.profile import addresses, note_on_address, profile
from provisioning.payload.resources import Document
from workspace.actions.end_users import update_profile
from workspace.db.keys import canonical
from workspace.events import Actor
from workspace.models import EndUser
from workspace.profile import Profile
from workspace.refusals import ConflictError


def profile_of(connection: ProvisioningConnection, document: Document) -> Profile:
    """Return the name and address that a document means, by the attributes that administrators chose."""
    full_name, email = profile(document, connection.name_from, connection.email_from)
    return Profile(full_name, email, connection.source, document["userName"])


def follow_profile(user: ProvisionedUser, before: Document, by: Actor, notes: list[str]) -> bool:
    """Let name and address of the person follow the record, and say whether they changed.

    An address that another user had is taken as soon as it is free.
    """
    connection, person = user.connection, user.end_user
    said, had = profile_of(connection, user.document), person.email_key
    # `active` alone says nothing of name and address.
    is_same = before == user.document | {"active": before.get("active")}
    said_before = said if is_same else profile_of(connection, before)
    is_changed = said != said_before
    if not (is_changed or waits_for_address(user, said)):
        return False
    is_told = _follow(user, said, by, is_changed=is_changed)
    if (said.email, said.user_name) != (said_before.email, said_before.user_name):
        notes[:] = noted(user, notes)
    if had and person.email_key != had:
        _offer(user, had, by)
    return is_told


def waits_for_address(user: ProvisionedUser, said: Profile) -> bool:
    """Say whether the person has another address than the record says, and the connection may change it."""
    return _vouches(user.connection, user.end_user) and user.end_user.email_key != (canonical(said.email) or None)


def is_user_of(connection: ProvisioningConnection, person: EndUser) -> bool:
    """Say whether the connection has a record of the person."""
    return connection.users.filter(end_user=person).exists()


def noted(user: ProvisionedUser, notes: list[str]) -> list[str]:
    """Return the notes of the request, and why the person has another address than was sent."""
    text = note_on_address(user.document, user.connection.email_from, user.end_user.email)
    return [*notes, text] if text and text not in notes else notes


def _vouches(connection: ProvisioningConnection, person: EndUser) -> bool:
    """Say whether the connection said the person's address, or that there is none."""
    source = connection.source
    return (person.email_source.kind, person.email_source.id) == (source.kind, source.id)


def _follow(user: ProvisionedUser, said: Profile, by: Actor, *, is_changed: bool) -> bool:
    """Set name and address, and say whether anything changed."""

    def update() -> bool:
        wanted = replace(said, email=_free_address(user, is_changed=is_changed))
        return update_profile(end_user=user.end_user, profile=wanted, environment=user.connection.environment, by=by)

    try:
        with transaction.atomic():
            return update()
    except ConflictError:
        # Somebody else took the address a moment ago, or it is refused once more.
        return update()


def _free_address(user: ProvisionedUser, *, is_changed: bool) -> str:
    """Return the first address of the record that no other user of the connection has; empty if there is none.

    One that somebody else of the workspace has is returned where the IdP has just sent it: that is a conflict.
    """
    connection, person = user.connection, user.end_user
    found = addresses(user.document, connection.email_from)
    for email in found:
        is_own = canonical(email) == person.email_key
        holder = None if is_own else EndUser.with_email(connection.environment.workspace, email)
        if holder is None:
            return email
        is_sent = is_changed and user.is_active and email == found[0]
        if is_sent and not is_user_of(connection, holder):
            return email
    # What others said stays. No address stands in the way of a deactivation.
    return "" if user.is_active and _vouches(connection, person) else person.email


def _offer(user: ProvisionedUser, key: str, by: Actor) -> None:
    """Give an address that the person had to the first user of the connection who waits for it."""
    connection = user.connection
    with_address = ProvisionedEmail.objects.filter(connection=connection, value_key=key).values("user")
    waiting = connection.users.filter(Q(pk__in=with_address) | Q(user_name_key=key)).exclude(pk=user.pk)
    # Whoever is just being changed takes it with the next change.
    free = waiting.select_for_update(of=("self",), no_key=True, skip_locked=True).select_related("end_user__workspace")
    for each in free.order_by("pk"):
        each.connection = connection
        if follow_profile(each, each.document, by, []):
            return
