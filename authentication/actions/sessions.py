"""Beginning and end of end users' sessions."""

from datetime import datetime

from django.db import transaction

from authentication.models import EndUserSession, IdentityProvider, Visit
from authentication.models.sessions import GREATEST_AGE, digest_of, new_token
from workspace.events import Actor, Kind, record
from workspace.models import EndUser, Environment

EndReason = EndUserSession.EndReason


def as_actor(end_user: EndUser, visit: Visit) -> Actor:
    """The person who changes something of their own."""
    return Actor(Kind.END_USER, str(end_user.pk), end_user.email, visit.request_id)


def start_session(
    *,
    end_user: EndUser,
    environment: Environment,
    visit: Visit,
    now: datetime,
    identity_provider: IdentityProvider | None = None,
    not_after: datetime | None = None,
    name_id: str = "",
    session_index: str = "",
) -> str:
    """Let a person in who has proved to be it; returns the token for the cookie, which is kept nowhere else.

    Call it in the transaction that decides, after any access was given. `not_after` is when the IdP's session ends.
    """
    token, latest = new_token(), now + GREATEST_AGE
    EndUserSession.objects.create(
        end_user=end_user,
        environment=environment,
        identity_provider=identity_provider,
        digest=digest_of(token),
        last_seen_at=now,
        expires_at=min(not_after, latest) if not_after else latest,
        name_id=name_id,
        session_index=session_index,
        **visit.fields(),
    )
    return token


@transaction.atomic
def end_session(*, session: EndUserSession, reason: str, by: Actor, now: datetime) -> bool:
    """End one session; tells whether it was still open."""
    ended = EndUserSession.objects.filter(pk=session.pk).end(reason, now)
    _record(session.end_user, session.environment, ended, by)
    return bool(ended)


@transaction.atomic
def end_sessions(
    *,
    end_user: EndUser,
    reason: str,
    by: Actor,
    now: datetime,
    environment: Environment | None = None,
    keep: EndUserSession | None = None,
) -> int:
    """End a person's sessions in one environment or in all, but for one to keep; tells how many were still open."""
    sessions = end_user.sessions.all()
    if environment:
        sessions = sessions.filter(environment=environment)
    if keep:
        sessions = sessions.exclude(pk=keep.pk)
    ended = sessions.end(reason, now)
    _record(end_user, environment, ended, by)
    return ended


def _record(end_user: EndUser, environment: Environment | None, ended: int, by: Actor) -> None:
    """A person's own coming and going is told by the sessions themselves; what others end is a change."""
    if not ended or by.kind == Kind.END_USER:
        return
    sessions = "1 session" if ended == 1 else f"{ended} sessions"
    record(
        by=by,
        action="end_user.sessions_ended",
        subject=end_user,
        workspace=end_user.workspace,
        environment=environment,
        sentence=f"{by.name} ended {sessions} of {end_user}{f' in {environment}' if environment else ''}.",
        before={"sessions": ended},
        after={"sessions": 0},
    )
