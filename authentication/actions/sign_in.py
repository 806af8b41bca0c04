"""Sign-in with a password."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from authentication.actions.attempts import record_attempt
from authentication.actions.sessions import start_session
from authentication.policy import Ways, ways_to_sign_in
from authentication.reasons import Reason
from workspace.db.prepared import Prepared
from workspace.models import EndUser, Environment, EnvironmentAccess, SignInThrottle
from workspace.visits import Visit


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
    reason = Reason.TOO_MANY_ATTEMPTS if wait else _refusal(environment, email, end_user, password)
    with transaction.atomic():
        attempt = record_attempt(
            environment=environment, visit=visit, now=now, email=email, end_user=end_user, reason=reason
        )
        if end_user is None or reason:
            return PasswordSignIn(str(attempt.pk), wait=wait)
        SignInThrottle.objects.forget(account, visit.address or "")
        token = start_session(end_user=end_user, environment=environment, visit=visit, now=now)
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
        EnvironmentAccess.objects.filter(environment=environment, end_user=end_user).only("id").order_by()
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


def _refusal(environment: Environment, email: str, end_user: EndUser | None, password: str) -> str:
    """Return why this does not sign in; empty if it does. What rules out every password comes first."""
    ways = ways_to_sign_in(environment, email)
    is_right = (end_user or EndUser()).check_password(password)
    if end_user is None:
        return Reason.UNKNOWN_PERSON
    in_the_way = why_not(end_user, environment) or why_no_password(end_user, ways)
    return in_the_way or ("" if is_right else Reason.WRONG_PASSWORD)
