"""Two-step verification of a console account: turned on and off, and its codes taken."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import tell_account
from workspace.actions.accounts import locked, record_own
from workspace.actions.second_factors import refuse_without_second_factor
from workspace.db.transactions import atomic
from workspace.events import Actor
from workspace.models import AuthenticatorApp, RecoveryCode, SignInThrottle, User
from workspace.models.throttling import too_many_attempts
from workspace.one_time_codes import step_of
from workspace.refusals import ActionError, ConflictError
from workspace.tokens import digest_of, new_recovery_code
from workspace.visits import Visit
from workspace.words import count, filled

CODES = 10
_LENGTH = 16  # of a recovery code
WRONG_CODE = gettext_lazy("This code is not right, or it was used already. Wait for the next one, then enter that.")
WRONG_RECOVERY_CODE = gettext_lazy("This is no unused recovery code of your account. Check it and try again.")
NOT_ON = gettext_lazy("Two-step verification is off.")


@atomic
def enable_two_step(*, user: User, key: str, code: str, by: Actor, now: datetime) -> list[str]:
    """Ask for the codes of this key from now on, and return the recovery codes. All sessions end."""
    found = locked(user)
    if AuthenticatorApp.objects.filter(user=found).exists():
        raise ConflictError("is_on", _("Two-step verification is on already."))
    if (step := step_of(key, code, now)) is None:
        message = _("This code is not right. Check that your phone shows the right time, then enter the newest code.")
        raise ActionError("wrong_code", message, field="code")
    app = AuthenticatorApp(user=found, last_step=step)
    app.key = key
    app.save()
    found.end_sessions()
    record_own(found, Action.USER_TWO_STEP_ENABLED, gettext_noop("{by} turned on two-step verification."), by)
    tell_account(
        found,
        gettext_lazy("Two-step verification is on"),
        gettext_lazy("Two-step verification for Workspace admin was turned on."),
    )
    return _new_codes(found)


@atomic
def disable_two_step(*, user: User, by: Actor) -> None:
    """Ask for no code any more. Recovery codes go too."""
    found = locked(user)
    if not AuthenticatorApp.objects.filter(user=found).delete()[0]:
        raise ActionError("is_off", NOT_ON)
    refuse_without_second_factor(found, by)
    found.recovery_codes.all().delete()
    template = gettext_noop("{by} turned off two-step verification of {account}.")
    record_own(found, Action.USER_TWO_STEP_DISABLED, template, by, account=found.email)
    tell_account(
        found,
        gettext_lazy("Two-step verification is off"),
        gettext_lazy("Two-step verification for Workspace admin was turned off."),
    )


@atomic
def renew_recovery_codes(*, user: User, by: Actor) -> list[str]:
    """Replace the recovery codes, and return the new ones. The old ones no longer work."""
    found = locked(user)
    if not AuthenticatorApp.objects.filter(user=found).exists():
        raise ActionError("is_off", NOT_ON)
    record_own(found, Action.USER_RECOVERY_CODES_RENEWED, gettext_noop("{by} made new recovery codes."), by)
    tell_account(
        found,
        gettext_lazy("You have new recovery codes"),
        gettext_lazy("New recovery codes for Workspace admin were made."),
    )
    return _new_codes(found)


def take_any_code(*, user: User, code: str, visit: Visit, now: datetime) -> None:
    """Take a code of the app, or a recovery code, which is longer or has letters: one of digits alone is possible."""
    bare = _bare(code)
    if len(bare) == _LENGTH or any(map(str.isalpha, bare)):
        take_recovery_code(user=user, code=code, visit=visit, now=now)
    else:
        take_code(user=user, code=code, now=now)


def take_code(*, user: User, code: str, now: datetime) -> None:
    """Take a code of the account's app. Raises ActionError if it is wrong, used or too early after wrong ones."""
    _throttle(user, now)
    app = AuthenticatorApp.objects.filter(user=user).first()
    step = step_of(app.key, code, now) if app else None
    # The row's own condition decides between two requests at once.
    later = AuthenticatorApp.objects.filter(user=user, last_step__lt=step or 0)
    if step is None or not later.update(last_step=step, updated_at=now):
        raise ActionError("wrong_code", WRONG_CODE, field="code")
    _forget(user)


def take_recovery_code(*, user: User, code: str, visit: Visit, now: datetime) -> None:
    """Use a recovery code up. Raises ActionError if it is wrong, used or too early after wrong ones."""
    _throttle(user, now)
    _use_up(user, code, visit, now)
    _forget(user)


@atomic
def _use_up(user: User, code: str, visit: Visit, now: datetime) -> None:
    unused = user.recovery_codes.filter(used_at=None)
    # The row's own condition decides between two requests at once.
    if not unused.filter(digest=_digest(code)).update(used_at=now):
        raise ActionError("wrong_code", WRONG_RECOVERY_CODE, field="code")
    left = count(unused.count(), "recovery code", "recovery codes")
    by = Actor.account(user, visit)
    record_own(
        user, Action.USER_RECOVERY_CODE_USED, gettext_noop("{by} used a recovery code. {left} left."), by, left=left
    )
    tell_account(
        user,
        gettext_lazy("A recovery code was used"),
        filled(gettext_lazy("One of your recovery codes was used. You have %(left)s left."), {"left": left}),
    )


def _new_codes(user: User) -> list[str]:
    codes = [new_recovery_code() for _ in range(CODES)]
    user.recovery_codes.all().delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=_digest(code)) for code in codes])
    return codes


def _digest(code: str) -> str:
    """Return the digest of a recovery code, however it is grouped and written."""
    return digest_of(_bare(code))


def _bare(code: str) -> str:
    return "".join(filter(str.isalnum, code)).lower()


def _throttle(user: User, now: datetime) -> None:
    # Counted for all client addresses together: of a million codes, three are right.
    if wait := SignInThrottle.objects.attempt(f"second step {user.pk}", "", now):
        raise ActionError("too_many_attempts", too_many_attempts(wait), field="code")


def _forget(user: User) -> None:
    SignInThrottle.objects.forget(f"second step {user.pk}", "")
