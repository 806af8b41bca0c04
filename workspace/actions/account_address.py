"""Another address of a console account: asked for, and confirmed by a link that is mailed to it."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import mail_address_link, tell_old_address
from workspace.actions.account_passwords import DEAD_LINK, LIFETIME
from workspace.actions.accounts import locked, record_own
from workspace.addresses import MAX_EMAIL, is_address
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import AccountLink, SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.refusals import ActionError
from workspace.tokens import digest_of, new_token

Kind = AccountLink.Kind
WRONG_ADDRESS = gettext_lazy("Enter an email address like ada@example.com.")


def request_address(*, user: User, email: str, by: Actor, now: datetime) -> None:
    """Mail a link to the new address. The account does not learn whether another one has that address."""
    email = email.strip()
    if not is_address(email) or len(email) > MAX_EMAIL:
        raise ActionError("wrong_address", WRONG_ADDRESS, field="email")
    if email == user.email:
        raise ActionError("same_address", _("This is your address already."), field="email")
    # Counted for all client addresses together, because this protects a mailbox.
    if wait := SignInThrottle.objects.attempt(f"new address {user.pk}", "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait), field="email")
    _request(user, email, by, now)


@atomic
def _request(user: User, email: str, by: Actor, now: datetime) -> None:
    found = locked(user)
    # Everything is done for every address, so that neither takes longer. What is for nobody is then rolled back.
    with transaction.atomic():
        token = new_token()
        found.links.filter(kind=Kind.ADDRESS, used_at=None).delete()
        AccountLink.objects.create(
            kind=Kind.ADDRESS, user=found, email=email, digest=digest_of(token), expires_at=now + LIFETIME
        )
        mail_address_link(found, email, token)
        if _is_taken(email, found):
            transaction.set_rollback(True)
    template = gettext_noop("{by} asked to change their address to {email}.")
    record_own(found, Action.USER_ADDRESS_REQUESTED, template, by, after={"email": email}, email=email)


@atomic
def confirm_address(*, user: User, token: str, by: Actor, now: datetime) -> User:
    """Give the account the address to which the link was mailed. Only its owner can, who must be signed in.

    Sessions go on: the owner knows the password, and the old address is told.
    """
    found = locked(user)
    links = AccountLink.objects.usable(now).opened_by(token).filter(kind=Kind.ADDRESS, user=found)
    link = links.first()
    # The row's own condition decides between two requests at once.
    if link is None or not AccountLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now, updated_at=now):
        raise ActionError("dead_link", DEAD_LINK)
    before, found.email = found.email, link.email
    try:
        with transaction.atomic():
            found.save(update_fields=["email", "email_key", "updated_at"])
    except IntegrityError:
        raise ActionError("dead_link", DEAD_LINK) from None
    record_own(
        found,
        Action.USER_ADDRESS_CHANGED,
        gettext_noop("{by} changed their address to {email}."),
        by,
        before={"email": before},
        after={"email": found.email},
        email=found.email,
    )
    tell_old_address(found, before)
    return found


def _is_taken(email: str, user: User) -> bool:
    return User.objects.filter(email_key=canonical(email)).exclude(pk=user.pk).exists()
