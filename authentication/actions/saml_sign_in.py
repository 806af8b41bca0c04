"""What the response of an identity provider leads to: a session, a refusal, or the report of a test."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from authentication.actions.identities import find_person, remember
from authentication.actions.jit import GroupChanges, Welcomed, sync_groups, welcome
from authentication.actions.saml_requests import read_claims, recorded
from authentication.actions.sessions import start_session
from authentication.actions.sign_in import record_attempt
from authentication.models import AuthnRequest, ConsumedAssertion, EnvironmentProvider, IdentityProvider
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile, AttributeNames, pick_profile
from authentication.saml.errors import SamlRefused
from workspace.db.foreseen import foreseen
from workspace.models import EndUser, Environment
from workspace.visits import Visit


@dataclass(frozen=True)
class Arrival:
    """Who came back: the token of the new session, its environment, and the page that was asked for, if any."""

    token: str
    environment: Environment
    next_path: str


@dataclass(frozen=True)
class Entry:
    """How somebody gets in, and what follows for their groups."""

    welcomed: Welcomed
    groups: GroupChanges

    @property
    def end_user(self) -> EndUser:
        return self.welcomed.end_user


@dataclass(frozen=True)
class Rehearsal:
    """What a response would have led to; claims are there once they are verified."""

    claims: Claims | None = None
    profile: AssertedProfile | None = None
    entry: Entry | None = None
    refusal: Refused | None = None


def finish(*, provider: UUID, request_id: str, nonce: str, visit: Visit, now: datetime) -> Arrival:
    """Sign in by the response to a request, or raise Refused and leave nothing but the record of an attempt.

    The response is verified before the transaction, which on SQLite keeps all other writers waiting.
    """
    request = AuthnRequest.objects.asked(provider, request_id)
    try:
        if request is None or not request.is_open(now) or not request.response or request.tester_id:
            raise Refused(Reason.REQUEST_GONE)
        claims = read_claims(request, nonce, now)
        with transaction.atomic():
            return _sign_in(request, claims, visit, now)
    except (SamlRefused, Refused) as refusal:
        if request and refusal.reason != Reason.OTHER_BROWSER:  # the right one may still come
            AuthnRequest.objects.filter(pk=request.pk).update(response="")
        raise recorded(refusal, provider, request, visit, now) from None


def rehearse(*, request: AuthnRequest, nonce: str, visit: Visit, now: datetime) -> Rehearsal:
    """Use up the response to a test, and say what would have come of it: it is done in earnest, and rolled back."""
    environment_provider = request.environment_provider
    AuthnRequest.objects.filter(pk=request.pk).delete()
    try:
        claims = read_claims(request, nonce, now)
    except SamlRefused as refusal:
        return Rehearsal(refusal=Refused(refusal.reason, detail=refusal.detail))
    except Refused as refusal:
        return Rehearsal(refusal=refusal)
    profile = _profile(environment_provider.identity_provider, claims)
    try:
        policy = SignInPolicy.of(environment_provider.environment)
        entry = foreseen(lambda: _enter(environment_provider, policy, claims, visit))
    except Refused as refusal:
        return Rehearsal(claims, profile, refusal=refusal)
    return Rehearsal(claims, profile, entry)


def _sign_in(request: AuthnRequest, claims: Claims, visit: Visit, now: datetime) -> Arrival:
    """Use up request and assertion, let the person in, with all that follows, and start the session."""
    _use_up(request, claims, now)
    environment = request.environment_provider.environment
    policy = SignInPolicy.of(environment)
    environment_provider = _still_usable(policy, request.environment_provider)
    entry = _enter(environment_provider, policy, claims, visit)
    who: dict[str, Any] = {"end_user": entry.end_user, "environment": environment, "visit": visit, "now": now}
    record_attempt(**who, email=entry.end_user.email, identity_provider=environment_provider.identity_provider)
    token = start_session(
        **who,
        identity_provider=environment_provider.identity_provider,
        not_after=claims.session_not_on_or_after,
        name_id=claims.subject,
        session_index=claims.session_index,
    )
    return Arrival(token, environment, request.next_path)


def _use_up(request: AuthnRequest, claims: Claims, now: datetime) -> None:
    """Request and assertion count once (S6, S7); of several at once, the database lets one through.

    The refusal of a replay leaves the transaction that the database has broken off, so no savepoint is needed for it.
    """
    if not AuthnRequest.objects.use_up(request.pk, now):
        raise Refused(Reason.REQUEST_GONE)
    try:
        ConsumedAssertion.objects.create(
            identity_provider_id=request.environment_provider.identity_provider_id,
            assertion_id=claims.assertion_id,
            expires_at=claims.assertion_not_on_or_after,
        )
    except IntegrityError:
        raise Refused(Reason.REPLAYED) from None


def _still_usable(policy: SignInPolicy, environment_provider: EnvironmentProvider) -> EnvironmentProvider:
    """The provider as it is now: what was switched off since the request counts (S9)."""
    for each in policy.providers:
        if each.pk == environment_provider.pk:
            each.environment = environment_provider.environment
            return each
    raise Refused(Reason.PROVIDER_OFF)


def _enter(environment_provider: EnvironmentProvider, policy: SignInPolicy, claims: Claims, visit: Visit) -> Entry:
    """Let the person of the claims in by the provisioning method, with the groups that the assertion names."""
    profile = _profile(environment_provider.identity_provider, claims)
    try:
        welcomed = welcome(
            environment_provider, find_person(environment_provider, policy, claims, profile), profile, visit
        )
        remember(environment_provider, claims, welcomed.end_user)
        return Entry(welcomed, sync_groups(environment_provider, welcomed.end_user, profile.groups, visit))
    except Refused as refusal:
        refusal.email = refusal.email or profile.email
        raise


def _profile(provider: IdentityProvider, claims: Claims) -> AssertedProfile:
    names = AttributeNames(provider.name_attribute, provider.email_attribute, provider.groups_attribute)
    return pick_profile(claims, names)
