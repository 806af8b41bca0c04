"""Passkeys of a console account: added, removed, and signed in with."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import tell_account
from workspace.actions.accounts import locked, record_own
from workspace.actions.second_factors import refuse_without_second_factor
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import Passkey, SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.names import clean_name
from workspace.passkeys import Challenge, PasskeyError, created, credential_of, proved
from workspace.refusals import ActionError, ConflictError
from workspace.visits import Visit
from workspace.words import filled

MOST = 20
NOT_ADDED = gettext_lazy("The passkey was not added, because the answer of the browser was not right. Try again.")
NOT_SIGNED_IN = gettext_lazy(
    "This passkey opens no account here, or the page was open too long. Try again, or use your password."
)


@atomic
def add_passkey(*, user: User, name: str, answer: str, sealed_challenge: str, by: Actor) -> Passkey:
    """Add the passkey that an authenticator has made."""
    found = locked(user)
    clean = clean_name(name, what=_("name"), missing=_("Enter a name for the passkey."), most=100)
    try:
        challenge = Challenge.opened(sealed_challenge)
        key = created(answer, challenge)
    except PasskeyError as error:
        raise ActionError("not_added", NOT_ADDED) from error
    if Passkey.objects.filter(credential_id=key.credential_id).exists():
        raise ConflictError("is_known", _("This passkey is added already."))
    if found.passkeys.count() >= MOST:
        raise ActionError("too_many", _("You have %(most)s passkeys. Remove one first.") % {"most": MOST})
    passkey = Passkey.objects.create(
        user=found,
        name=clean,
        credential_id=key.credential_id,
        public_key=key.public_key,
        sign_count=key.sign_count,
        challenged_at=challenge.at,
    )
    record_own(found, Action.USER_PASSKEY_ADDED, gettext_noop("{by} added the passkey {passkey}."), by, passkey=clean)
    tell_account(
        found,
        gettext_lazy("A passkey was added"),
        filled(gettext_lazy("The passkey “%(name)s” was added to your account of Workspace admin."), {"name": clean}),
    )
    return passkey


@atomic
def remove_passkey(*, user: User, passkey: UUID, by: Actor) -> None:
    """Remove a passkey: it opens the account no more."""
    account = locked(user)
    found = account.passkeys.filter(pk=passkey).first()
    if found is None or not found.delete()[0]:
        raise ActionError("no_passkey", _("This passkey is removed already."))
    refuse_without_second_factor(account, by)
    record_own(
        user, Action.USER_PASSKEY_REMOVED, gettext_noop("{by} removed the passkey {passkey}."), by, passkey=found.name
    )
    tell_account(
        user,
        gettext_lazy("A passkey was removed"),
        filled(gettext_lazy("The passkey “%(name)s” of your account was removed."), {"name": found.name}),
    )


def take_passkey(*, answer: str, sealed_challenge: str, visit: Visit, now: datetime) -> User:
    """Return the account whose passkey signed the challenge. Raises ActionError; each answer counts once."""
    if wait := SignInThrottle.objects.attempt("passkey", visit.address or "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait))
    passkey = Passkey.objects.select_related("user").filter(credential_id=credential_of(answer)).first()
    try:
        if passkey is None or not passkey.user.is_active:
            raise PasskeyError
        challenge = Challenge.opened(sealed_challenge)
        count = proved(answer, challenge, public_key=passkey.public_key, sign_count=passkey.sign_count)
    except PasskeyError as error:
        raise ActionError("not_signed_in", NOT_SIGNED_IN) from error
    # The row's own condition decides between two requests at once.
    unanswered = Passkey.objects.filter(pk=passkey.pk, challenged_at__lt=challenge.at)
    if not unanswered.update(challenged_at=challenge.at, sign_count=count, last_used_at=now, updated_at=now):
        raise ActionError("not_signed_in", NOT_SIGNED_IN)
    SignInThrottle.objects.forget("passkey", visit.address or "")
    return passkey.user
