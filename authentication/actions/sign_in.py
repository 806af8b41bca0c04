"""Sign-in with a password, and the record of every attempt."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from authentication.actions.sessions import start_session
from authentication.models import IdentityProvider, SignInAttempt
from authentication.policy import Ways, ways_to_sign_in
from authentication.reasons import Reason
from workspace.db.keys import new_id
from workspace.db.prepared import Prepared
from workspace.models import EndUser, Environment, EnvironmentAccess, SignInThrottle
from workspace.visits import Visit

Outcome = SignInAttempt.Outcome


@dataclass(frozen=True)
class PasswordSignIn:
    """The result: a token for the cookie, or none and perhaps a time to wait before the next attempt."""

    token: str = ""
    wait: timedelta = timedelta(0)


def sign_in_with_password(
    *, environment: Environment, email: str, password: str, visit: Visit, now: datetime
) -> PasswordSignIn:
    """Start a session, or refuse; only the recorded attempt tells the reason.

    One password is hashed in either case, so that the time says nothing about the account.
    """
    account = f"{environment.workspace_id} {email}"
    end_user = EndUser.with_email(environment.workspace, email)
    wait = SignInThrottle.objects.attempt(account, visit.address or "", now)
    reason = Reason.TOO_MANY_ATTEMPTS if wait else _refusal(environment, email, end_user, password)
    with transaction.atomic():
        record_attempt(environment=environment, visit=visit, now=now, email=email, end_user=end_user, reason=reason)
        if end_user is None or reason:
            return PasswordSignIn(wait=wait)
        SignInThrottle.objects.forget(account, visit.address or "")
        return PasswordSignIn(start_session(end_user=end_user, environment=environment, visit=visit, now=now))


def record_attempt(
    *,
    environment: Environment,
    visit: Visit,
    now: datetime,
    email: str = "",
    end_user: EndUser | None = None,
    identity_provider: IdentityProvider | None = None,
    reason: str = "",
    refusal: str = Outcome.REFUSED,
) -> SignInAttempt:
    """Record an attempt under the request's id. Without a reason it succeeded, else it has that refusal.

    Call it outside a transaction that the refusal rolls back.
    """
    return SignInAttempt.objects.create(
        id=UUID(visit.request_id) if visit.request_id else new_id(),
        at=now,
        workspace_id=environment.workspace_id,
        environment=environment,
        identity_provider=identity_provider,
        provider_name=identity_provider.name if identity_provider else "",
        email=email,
        end_user=end_user,
        outcome=refusal if reason else Outcome.SUCCEEDED,
        reason=reason,
        **visit.fields(),
    )


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
    return None if end_user.password else Reason.NO_PASSWORD


def _refusal(environment: Environment, email: str, end_user: EndUser | None, password: str) -> str:
    """Return why this does not sign in; empty if it does. What rules out every password comes first."""
    ways = ways_to_sign_in(environment, email)
    is_right = _is_right(end_user, password)
    if end_user is None:
        return Reason.UNKNOWN_PERSON
    in_the_way = why_not(end_user, environment) or why_no_password(end_user, ways)
    return in_the_way or ("" if is_right else Reason.WRONG_PASSWORD)


def _is_right(end_user: EndUser | None, password: str) -> bool:
    if end_user is None or not end_user.password:
        make_password(password)
        return False
    return check_password(password, end_user.password)
