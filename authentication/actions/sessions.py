"""Start and end of end users' sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_noop

from authentication.models import EndUserSession, IdentityProvider
from authentication.models.sessions import GREATEST_AGE, EndUserSessionQuerySet
from authentication.saml.name_ids import NameId
from workspace.action_names import Action
from workspace.crypto import seal
from workspace.db.together import Write, write_together
from workspace.db.transactions import atomic
from workspace.events import Actor, Kind, Sentence, record
from workspace.models import EndUser, Environment
from workspace.tokens import digest_of, new_token
from workspace.visits import Visit
from workspace.words import Spoken, count

EndReason = EndUserSession.EndReason
MAX_SESSION_INDEX = 500


@dataclass(frozen=True)
class EndedSessions:
    """Sessions that end with a change of how people sign in, for the event of that change."""

    ids: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)

    @property
    def words(self) -> Spoken:
        """Return how many they are, for the event's sentence."""
        return count(len(self.ids), "session", "sessions")

    @property
    def state(self) -> dict[str, object]:
        """Return what belongs in the event's `before`. Mails leave it out, because it is a dict."""
        return {"sessions": {"ended": self.ids}} if self.ids else {}


NONE_ENDED = EndedSessions()


def as_actor(end_user: EndUser, visit: Visit) -> Actor:
    """Return the person as the actor of a change of their own."""
    return Actor.of(Kind.END_USER, str(end_user.pk), end_user.identifier, visit)


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
    beside: Sequence[Write] = (),
) -> str:
    """Start a session of a person who has proved their identity. Return the token for the cookie; it is kept nowhere.

    Call it in the transaction that decides, after access was given. `not_after` is when the IdP's session ends.
    What is to be written `beside` it is written first. The token is empty, and nothing was written, where the first of
    that changes a row that is not there.
    """
    token, latest = new_token(), now + GREATEST_AGE
    created_at = timezone.now()  # a session counts if it is no older than the access
    session = EndUserSession(
        created_at=created_at,
        updated_at=created_at,
        end_user=end_user,
        environment=environment,
        identity_provider=identity_provider,
        digest=digest_of(token),
        last_seen_at=now,
        expires_at=min(not_after, latest) if not_after else latest,
        **(_named(identity_provider, name_id, session_index) if identity_provider and name_id else {}),
        **visit.fields(),
    )
    is_written = write_together([*beside, session, end_user.signed_in(now)]) is not None
    return token if is_written else ""


def name_id_digest(provider: IdentityProvider, name_id: NameId) -> str:
    """Return what sessions of a NameID are found by. After the provider is connected to another IdP it differs."""
    return digest_of(name_id.key(issuer=provider.entity_id, sp_entity_id=provider.sp_entity_id))


@atomic
def end_session(*, session: EndUserSession, reason: str, by: Actor, now: datetime) -> bool:
    """End one session. Say whether it was still open."""
    ended = _end(EndUserSession.objects.filter(pk=session.pk), reason, now)
    _record(session.end_user, session.environment, ended, reason, by)
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
    """End a person's sessions in one environment or in all, except one to keep. Return how many were still open."""
    sessions = end_user.sessions.all()
    if environment:
        sessions = sessions.filter(environment=environment)
    if keep:
        sessions = sessions.exclude(pk=keep.pk)
    ended = _end(sessions, reason, now)
    _record(end_user, environment, ended, reason, by)
    return len(ended)


def end_open_sessions(sessions: EndUserSessionQuerySet, now: datetime) -> EndedSessions:
    """End sessions that count. The caller records it, in its transaction."""
    found = sessions.usable(now).select_for_update(of=("self",)).values_list("pk", "end_user")
    people = {str(pk): str(end_user) for pk, end_user in found}
    EndUserSession.objects.filter(pk__in=people).end(EndReason.ENDED_BY_ADMINISTRATOR, now)
    return EndedSessions(list(people), list(people.values()))


def end_password_sessions(
    *, end_user: EndUser, environment: Environment, since: datetime, reason: str, now: datetime
) -> EndedSessions:
    """End the sessions that a password opened since then, for the event of the change that ends them."""
    sessions = end_user.sessions.of(environment).with_password().filter(created_at__gte=since)
    ended = _end(sessions, reason, now)
    return EndedSessions(ended, [str(end_user.pk)] if ended else [])


@atomic
def end_named_sessions(
    *, identity_provider: IdentityProvider, name_id: NameId, session_indexes: Sequence[str], by: Actor, now: datetime
) -> bool:
    """End the sessions that an IdP means by a NameID, and by session indexes if it names any, in every environment.

    Say whether there was one. A NameID without Format that may mean two of them ends none (S17).
    """
    digests = [name_id_digest(identity_provider, each) for each in name_id.meanings()]
    sessions = EndUserSession.objects.filter(identity_provider=identity_provider).usable(now)
    sessions = sessions.named(digests, session_indexes)
    found = sessions.select_related("end_user__workspace", "environment")
    if len({each.name_id_digest for each in found}) != 1:
        return False
    for end_user, environment in {(each.end_user, each.environment) for each in found}:
        theirs, reason = sessions.filter(end_user=end_user, environment=environment), EndReason.SIGNED_OUT_AT_PROVIDER
        _record(end_user, environment, _end(theirs, reason, now), reason, by)
    return True


def _named(provider: IdentityProvider, name_id: NameId, session_index: str) -> dict[str, str]:
    """Return how the IdP calls a session, as model fields. A session index too long to be kept is left out."""
    return {
        "sealed_name_id": seal(name_id.to_json()),
        "name_id_digest": name_id_digest(provider, name_id),
        "session_index": session_index if len(session_index) <= MAX_SESSION_INDEX else "",
    }


def _end(sessions: EndUserSessionQuerySet, reason: str, now: datetime) -> list[str]:
    """End the sessions that are still open, and return their ids."""
    ids = list(sessions.filter(ended_at=None).select_for_update().values_list("pk", flat=True))
    if ids:
        EndUserSession.objects.filter(pk__in=ids).end(reason, now)
    return [str(pk) for pk in ids]


def _record(end_user: EndUser, environment: Environment | None, ended: list[str], reason: str, by: Actor) -> None:
    """Record sessions that somebody else ended. A person's own sign-out is told by the session itself."""
    if not ended or by.kind == Kind.END_USER:
        return
    record(
        by=by,
        action=Action.END_USER_SESSIONS_ENDED,
        subject=end_user,
        workspace=end_user.workspace,
        environment=environment,
        sentence=Sentence(
            gettext_noop("{by} ended {sessions} of {person} in {environment}.")
            if environment
            else gettext_noop("{by} ended {sessions} of {person}."),
            by=by,
            sessions=count(len(ended), "session", "sessions"),
            person=end_user,
            environment=environment or "",
        ),
        concerns=[environment] if environment else [],
        before={"sessions": ended},
        after={"sessions": [], "reason": str(reason)},
    )
