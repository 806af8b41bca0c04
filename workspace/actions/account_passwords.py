"""A forgotten password of the console: a mailed link sets a new one."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import mail_password_link
from workspace.actions.accounts import locked, record_own, set_account_password
from workspace.db.keys import canonical
from workspace.db.transactions import atomic
from workspace.events import Actor, Kind
from workspace.models import AccountLink, SignInThrottle, User
from workspace.refusals import ActionError
from workspace.tokens import digest_of, new_token
from workspace.visits import Visit

LIFETIME = timedelta(hours=1)
DEAD_LINK = gettext_lazy("This link was used already, or it is too old. Ask for a new one.")


@transaction.atomic
def request_account_password(*, email: str, visit: Visit, now: datetime) -> None:
    """Mail a link to the account with this address, if there is one. The caller does not learn whether.

    Everything is done for every address, so that neither takes longer. What is for nobody is then rolled back.
    """
    # Counted for all client addresses together, because this protects a mailbox.
    wait = SignInThrottle.objects.attempt(f"forgotten {canonical(email)}", "", now)
    user = User.objects.filter(email_key=canonical(email)).first()
    is_for_somebody = not wait and user is not None and user.is_active and user.has_usable_password()
    with transaction.atomic():
        _mail_link(user or User(email=email), visit, now)
        if not is_for_somebody:
            transaction.set_rollback(True)


@atomic
def set_password_by_link(*, token: str, password: str, visit: Visit, now: datetime) -> User:
    """Set the password of the account that got the link. The link works once, and ends all sessions."""
    link = AccountLink.objects.usable(now).opened_by(token).filter(kind=AccountLink.Kind.PASSWORD).first()
    # The row's own condition decides between two requests at once.
    if link is None or not AccountLink.objects.filter(pk=link.pk, used_at=None).update(used_at=now, updated_at=now):
        raise ActionError("dead_link", DEAD_LINK)
    user = locked(link.user)
    if not user.is_active or user.email_key != canonical(link.email):
        raise ActionError("dead_link", DEAD_LINK)
    by = Actor.account(user, visit)
    set_account_password(
        user, password, Action.USER_PASSWORD_RESET, gettext_noop("{by} set a new password by a mailed link."), by
    )
    return user


def new_link(user: User, now: datetime, lifetime: timedelta = LIFETIME) -> str:
    """Store a link that sets the account's password once, and return its token."""
    token = new_token()
    AccountLink.objects.filter(expires_at__lt=now).delete()
    AccountLink.objects.create(
        kind=AccountLink.Kind.PASSWORD,
        user=user,
        email=user.email,
        digest=digest_of(token),
        expires_at=now + lifetime,
    )
    return token


def _mail_link(user: User, visit: Visit, now: datetime) -> None:
    token = new_link(user, now)
    by = Actor(Kind.SYSTEM, "", "Sign-in page", visit.request_id)
    template = gettext_noop("A new password for {email} was asked for on the sign-in page.")
    record_own(user, Action.USER_PASSWORD_RESET_REQUESTED, template, by, email=user.email)
    mail_password_link(user, token)
