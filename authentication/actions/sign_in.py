"""Sign-in with a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_noop as _

from authentication.actions.attempts import record_attempt
from authentication.actions.bypasses import use_bypass
from authentication.actions.sessions import start_session
from authentication.models import SsoBypass
from authentication.policy import SignInPolicy, Ways
from authentication.reasons import Reason
from workspace.db.prepared import Prepared
from workspace.models import EndUser, Environment, EnvironmentAccess, SignInThrottle
from workspace.visits import Visit

BYPASSED = _("This person may bypass SSO: %(reason)s")


@dataclass(frozen=True)
class PasswordSignIn:
    """The result: a token for the cookie, or none and perhaps a time to wait, and the reference of the attempt."""

    reference: str
    token: str = ""
    wait: timedelta = timedelta(0)


def sign_in_with_password(
    *, environment: Environment, email: str, password: str, visit: Visit, now: datetime
) -> PasswordSignIn:
    """Start a session, or refuse; only the recorded attempt tells the reason.

    The password is hashed as often in any case, so that the time says nothing about the account.
    """
    account = f"{environment.workspace_id} {email}"
    end_user = EndUser.with_email(environment.workspace, email)
    wait = SignInThrottle.objects.attempt(account, visit.address or "", now)
    verdict = _Verdict(Reason.TOO_MANY_ATTEMPTS) if wait else _judge(environment, email, end_user, password, now)
    with transaction.atomic():
        reason, bypass = verdict.reason, verdict.bypass
        if bypass and not reason and not use_bypass(bypass, visit, now):
            reason, bypass = Reason.SSO_ENFORCED, None
        notes = [BYPASSED % {"reason": bypass.reason}] if bypass and not reason else []
        attempt = record_attempt(
            environment=environment, visit=visit, now=now, email=email, end_user=end_user, reason=reason, notes=notes
        )
        if end_user is None or reason:
            return PasswordSignIn(str(attempt.pk), wait=wait)
        SignInThrottle.objects.forget(account, visit.address or "")
        not_after = bypass.expires_at if bypass else None
        token = start_session(end_user=end_user, environment=environment, visit=visit, now=now, not_after=not_after)
        return PasswordSignIn(str(attempt.pk), token)


def why_not(end_user: EndUser, environment: Environment) -> Reason | None:
    """Return why the person may not enter the environment in any way; None if they may."""
    if not end_user.is_active:
        return Reason.DEACTIVATED
    if not _access(environment.pk, end_user.pk):
        return Reason.NO_ACCESS
    return None


_access = Prepared(
    lambda environment, end_user: (
        EnvironmentAccess.objects.filter(environment=environment, end_user=end_user).values_list("id").order_by()
    ),
    (Environment, "id"),
    (EndUser, "id"),
)


def why_no_password(end_user: EndUser, ways: Ways) -> Reason | None:
    """Return why no password opens the environment to a person who may enter it; None if one does."""
    if not ways.has_password:
        return Reason.SSO_ENFORCED if ways.enforced_by else Reason.PASSWORD_OFF
    if not end_user.email:
        return Reason.NO_ADDRESS
    return None if end_user.password else Reason.NO_PASSWORD


@dataclass(frozen=True)
class _Verdict:
    """Why an attempt does not sign in, empty if it does; and the bypass of enforcement that it needs."""

    reason: str = ""
    bypass: SsoBypass | None = None


def _judge(environment: Environment, email: str, end_user: EndUser | None, password: str, now: datetime) -> _Verdict:
    """Return the verdict on an attempt. What rules out every password comes before a wrong one."""
    person = end_user or EndUser(email=email)
    ways = SignInPolicy.of(environment).own_ways(person, environment, now)
    is_right = person.check_password(password)
    if end_user is None:
        return _Verdict(Reason.UNKNOWN_PERSON)
    in_the_way = why_not(end_user, environment) or why_no_password(end_user, ways)
    return _Verdict(in_the_way or ("" if is_right else Reason.WRONG_PASSWORD), ways.bypass)
