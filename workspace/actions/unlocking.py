"""The operator's way back for an account that cannot sign in to the console."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from workspace.action_names import Action
from workspace.actions.account_mail import password_link, tell_account
from workspace.actions.account_passwords import new_link
from workspace.actions.accounts import locked
from workspace.actions.administrators import TOLD
from workspace.db.transactions import atomic
from workspace.events import Actor, Sentence, record
from workspace.mail import tell_owners
from workspace.models import AuthenticatorApp, SignInThrottle, User
from workspace.refusals import ActionError

SWITCHED_OFF = "The account of {email} is switched off. Another operator switches it on under Users."


@dataclass(frozen=True)
class Unlocked:
    """What was done for an account. `link` sets a new password; the present one works until then."""

    link: str
    waits: int
    factors: int


@atomic
def unlock_account(*, user: User, without_second_factor: bool, by: Actor, now: datetime) -> Unlocked:
    """End waiting times, make a link for a new password, and remove the second factors if that is asked for.

    Waits are stored without their accounts, so those of everybody who waits now end. Owners of the account's
    workspaces are told.
    """
    found = locked(user)
    if not found.is_active:
        raise ActionError("switched_off", SWITCHED_OFF.format(email=found))
    waits, _rows = SignInThrottle.objects.filter(open_at__gt=now).delete()
    factors = _remove_factors(found) if without_second_factor else 0
    unlocked = Unlocked(password_link(new_link(found, now)), waits, factors)
    roles = list(found.roles.select_related("workspace"))
    template = gettext_noop("{by} unlocked the account {user}.")
    if factors:
        template = gettext_noop("{by} unlocked the account {user} and removed its second factors.")
    event = record(
        by=by,
        action=Action.USER_UNLOCKED,
        subject=found,
        sentence=Sentence(template, by=by, user=found),
        concerns=roles,
        before={"second_factors": factors} if factors else {},
        after={"second_factors": 0} if factors else {},
    )
    tell_account(found, _("Your account was unlocked"), _("An operator unlocked your account for Workspace admin."))
    for role in roles:
        tell_owners(event, role.workspace, **TOLD)
    return unlocked


def _remove_factors(user: User) -> int:
    """Remove the authenticator app with its recovery codes, and all passkeys; return how many there were."""
    user.recovery_codes.all().delete()
    apps, _rows = AuthenticatorApp.objects.filter(user=user).delete()
    return apps + user.passkeys.all().delete()[0]
