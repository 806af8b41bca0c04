"""Beginning and end of end users' sessions."""

from collections.abc import Sequence
from datetime import datetime

from authentication.models import EndUserSession, IdentityProvider
from authentication.models.sessions import GREATEST_AGE
from authentication.saml.name_ids import NameId
from workspace.action_names import Action
from workspace.crypto import seal
from workspace.db.transactions import atomic
from workspace.events import Actor, Kind, Sentence, record
from workspace.models import EndUser, Environment
from workspace.tokens import digest_of, new_token
from workspace.visits import Visit
from workspace.words import count

EndReason = EndUserSession.EndReason
MAX_SESSION_INDEX = 500


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
    name_id: NameId | None = None,
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
        **(_named(identity_provider, name_id, session_index) if identity_provider and name_id else {}),
        **visit.fields(),
    )
    return token


def name_id_digest(provider: IdentityProvider, name_id: NameId) -> str:
    """What sessions of a NameID are found by: after the provider was led to another IdP, it means somebody else."""
    return digest_of(name_id.key(issuer=provider.entity_id, sp_entity_id=provider.sp_entity_id))


@atomic
def end_session(*, session: EndUserSession, reason: str, by: Actor, now: datetime) -> bool:
    """End one session; tells whether it was still open."""
    ended = EndUserSession.objects.filter(pk=session.pk).end(reason, now)
    _record(session.end_user, session.environment, ended, by)
    return bool(ended)


@atomic
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


@atomic
def end_named_sessions(
    *, identity_provider: IdentityProvider, name_id: NameId, session_indexes: Sequence[str], by: Actor, now: datetime
) -> None:
    """End the sessions that an IdP means by a NameID, and by indexes where it names any, in every environment."""
    sessions = EndUserSession.objects.filter(identity_provider=identity_provider, ended_at=None)
    sessions = sessions.named(name_id_digest(identity_provider, name_id), session_indexes)
    found = sessions.select_related("end_user__workspace", "environment")
    for end_user, environment in {(each.end_user, each.environment) for each in found}:
        ended = sessions.filter(end_user=end_user, environment=environment).end(EndReason.SIGNED_OUT_AT_PROVIDER, now)
        _record(end_user, environment, ended, by)


def _named(provider: IdentityProvider, name_id: NameId, session_index: str) -> dict[str, str]:
    """How the IdP calls a session, as model fields; an index too long to be kept is as good as none."""
    return {
        "sealed_name_id": seal(name_id.to_json()),
        "name_id_digest": name_id_digest(provider, name_id),
        "session_index": session_index if len(session_index) <= MAX_SESSION_INDEX else "",
    }


def _record(end_user: EndUser, environment: Environment | None, ended: int, by: Actor) -> None:
    """A person's own coming and going is told by the sessions themselves; what others end is a change."""
    if not ended or by.kind == Kind.END_USER:
        return
    record(
        by=by,
        action=Action.END_USER_SESSIONS_ENDED,
        subject=end_user,
        workspace=end_user.workspace,
        environment=environment,
        sentence=Sentence(
            "{by} ended {sessions} of {person}" + (" in {environment}." if environment else "."),
            by=by,
            sessions=count(ended, "session"),
            person=end_user,
            environment=environment or "",
        ),
        before={"sessions": ended},
        after={"sessions": 0},
    )
