"""The record of every sign-in attempt. Refused ones are folded, so that nobody can fill the table (security.md S16)."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F

from authentication.models import IdentityProvider, SignInAttempt
from authentication.saml.difference import TIMES, Difference
from workspace.db.keys import canonical, first_id_at, new_id
from workspace.db.together import Write, write_together
from workspace.metrics import count_sign_in
from workspace.models import EndUser, Environment
from workspace.tokens import digest_of
from workspace.visits import Visit

Outcome = SignInAttempt.Outcome

# Equal refused attempts within the same hour are one row.
FOLDED_WITHIN = timedelta(hours=1)
# So many different refusals get a row of their own within an hour. Further ones are told apart by their reason alone.
ROWS_OF_A_NETWORK = 50
ROWS_OF_AN_ENVIRONMENT = 500


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
    notes: Sequence[str] = (),
    differences: Sequence[Difference] = (),
    is_proved: bool = False,
    later: list[Write] | None = None,
) -> SignInAttempt:
    """Record an attempt, and return its row, whose id is the reference. Without a reason it succeeded.

    The id is the request's, unless a refused attempt was added to a row that was there. What an IdP has proved is not
    anonymous, so it always has a row of its own.
    Call it outside a transaction that the refusal rolls back. With `later`, a success is not written but put there; who
    writes it counts it.
    """
    attempt = SignInAttempt(
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
        notes=list(notes),
        differences=list(differences),
        **visit.fields(),
    )
    if later is None:
        count_when_kept(attempt)
    if reason and not is_proved:
        return _folded(attempt, visit, now)
    attempt.set_keys()
    if later is None:
        write_together([attempt])
    else:
        later.append(attempt)
    return attempt


def count_when_kept(attempt: SignInAttempt) -> None:
    """Count an attempt for Prometheus, once no rollback can undo it any more."""
    transaction.on_commit(partial(count_sign_in, attempt.outcome, attempt.reason))


def _folded(attempt: SignInAttempt, visit: Visit, now: datetime) -> SignInAttempt:
    """Add a refused attempt to the row of its like, or save it as the first of them."""
    attempt.network = visit.network
    if known := _counted(attempt, now):
        return known
    recent = SignInAttempt.objects.refused_in(attempt.environment, first_id_at(now - FOLDED_WITHIN))
    if recent.from_network(visit.network)[:ROWS_OF_A_NETWORK].count() == ROWS_OF_A_NETWORK:
        attempt.email, attempt.end_user, attempt.differences = "", None, []
    if recent[:ROWS_OF_AN_ENVIRONMENT].count() == ROWS_OF_AN_ENVIRONMENT:
        attempt.email, attempt.end_user, attempt.differences = "", None, []
        attempt.network, attempt.address, attempt.user_agent = "", None, ""
    if known := _counted(attempt, now):
        return known
    try:
        with transaction.atomic():
            attempt.save(force_insert=True)
    except IntegrityError:  # another request has just started the row
        if known := _counted(attempt, now):
            return known
        raise
    return attempt


def _counted(attempt: SignInAttempt, now: datetime) -> SignInAttempt | None:
    """Count the attempt in the row of its like, and return that; None if there is none yet."""
    attempt.fold_key = _fold_key(attempt, now)
    like = SignInAttempt.objects.filter(fold_key=attempt.fold_key)
    return like.get() if like.update(count=F("count") + 1, last_at=now) else None


def _fold_key(attempt: SignInAttempt, now: datetime) -> str:
    """Return what is equal for refused attempts that are one row."""
    hour = now.timestamp() // FOLDED_WITHIN.total_seconds()
    where = (attempt.environment_id, attempt.identity_provider_id, attempt.provider_name, attempt.network)
    what = (attempt.outcome, attempt.reason, canonical(attempt.email), attempt.end_user_id, _sent(attempt))
    return digest_of("\n".join(map(str, (hour, *where, *what))))


def _sent(attempt: SignInAttempt) -> list[list[str]]:
    """Return the values that differ, but no times, which differ at every attempt."""
    return [each["sent"] for each in attempt.differences if each["kind"] not in TIMES]
