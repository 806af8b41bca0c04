"""The end of a sign-in through an identity provider: its attempt and its session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from authentication.actions.attempts import count_when_kept, record_attempt
from authentication.actions.sessions import start_session
from authentication.models import AuthnRequest, EnvironmentProvider
from authentication.saml.assertions import Claims
from workspace.db.together import Write
from workspace.models import EndUser, Environment
from workspace.visits import Visit


@dataclass(frozen=True)
class Arrival:
    """A finished sign-in: the token of the new session, its environment, and the page that was asked for, if any."""

    token: str
    environment: Environment
    next_path: str


def arrive(
    request: AuthnRequest,
    environment_provider: EnvironmentProvider,
    end_user: EndUser,
    notes: Sequence[str],
    claims: Claims,
    visit: Visit,
    now: datetime,
    *,
    before: Sequence[Write] = (),
) -> Arrival:
    """Write the attempt and the session of somebody who may enter.

    What is to be written `before` is written first. Without a token nothing was written: see `start_session`.
    """
    environment, provider = environment_provider.environment, environment_provider.identity_provider
    writes = list(before)
    attempt = record_attempt(
        environment=environment,
        visit=visit,
        now=now,
        email=end_user.identifier,
        end_user=end_user,
        identity_provider=provider,
        notes=notes,
        later=writes,
    )
    token = start_session(
        end_user=end_user,
        environment=environment,
        visit=visit,
        now=now,
        identity_provider=provider,
        not_after=claims.session_not_on_or_after,
        name_id=claims.subject,
        session_index=claims.session_index,
        beside=writes,
    )
    if token:
        count_when_kept(attempt)
    return Arrival(token, environment, request.next_path)
