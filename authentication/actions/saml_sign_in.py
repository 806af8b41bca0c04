"""What the response of an identity provider leads to: a session, a refusal, or the report of a test."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from authentication.actions.arrivals import Arrival, arrive
from authentication.actions.group_sync import GroupChanges, sync_groups
from authentication.actions.identities import find_person, remember
from authentication.actions.jit import Welcomed, welcome
from authentication.actions.notes import note_on_no_email, notes_on
from authentication.actions.saml_requests import read_claims, record_refusal
from authentication.actions.unchanged import sign_in_unchanged
from authentication.models import AuthnRequest, ConsumedMessage, EnvironmentProvider, IdentityProvider
from authentication.policy import SignInPolicy
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.attributes import AssertedProfile, pick_profile
from authentication.saml.errors import SamlRefused
from workspace.db.foreseen import foreseen
from workspace.models import EndUser
from workspace.visits import Visit


@dataclass(frozen=True)
class Entry:
    """How somebody gets in, and what follows for their groups."""

    welcomed: Welcomed
    groups: GroupChanges
    notes: list[str]

    @property
    def end_user(self) -> EndUser:
        return self.welcomed.end_user


@dataclass(frozen=True)
class Rehearsal:
    """What a response would have led to. The claims are there once they are verified."""

    claims: Claims | None = None
    profile: AssertedProfile | None = None
    entry: Entry | None = None
    refusal: Refused | None = None

    @property
    def notes(self) -> list[str]:
        """Return what an administrator should know of it, in sentences."""
        if self.entry:
            return self.entry.notes
        return self.refusal.notes if self.refusal else []


def finish_sign_in(*, provider: UUID, request: AuthnRequest | None, nonce: str, visit: Visit, now: datetime) -> Arrival:
    """Sign in by the response to a request. Raises Refused, and then leaves nothing but the record of an attempt.

    The response is verified before the transaction, which on SQLite makes all other writers wait.
    """
    claims = None
    try:
        if request is None or not request.is_open(now) or not request.is_answered or request.tester_id:
            raise Refused(Reason.REQUEST_GONE)
        claims = read_claims(request, nonce, now)
        return sign_in_unchanged(request, claims, visit, now) or _signed_in(request, claims, visit, now)
    except (SamlRefused, Refused) as refusal:
        refused = Refused.of(refusal)
        # The right browser may still come for the response.
        if request and refused.reason != Reason.OTHER_BROWSER:
            AuthnRequest.objects.forget_answer(request.pk)
        is_proved = claims is not None
        record_refusal(refused, provider=provider, request=request, visit=visit, now=now, is_proved=is_proved)
        raise refused from None


def rehearse_sign_in(*, request: AuthnRequest, nonce: str, visit: Visit, now: datetime) -> Rehearsal:
    """Consume the response to a test, and return what it would lead to: everything is done and rolled back.

    An enforcement that waits for the test counts as if it were in force.
    """
    environment_provider = request.environment_provider.as_wished()
    policy = SignInPolicy.of(environment_provider.environment)
    AuthnRequest.objects.filter(pk=request.pk).delete()
    claims = profile = None
    try:
        claims = read_claims(request, nonce, now)
        profile = _profile(environment_provider.identity_provider, claims)
        entry = foreseen(lambda: _enter(environment_provider, policy, claims, profile, visit))
    except (SamlRefused, Refused) as refusal:
        return Rehearsal(claims, profile, refusal=Refused.of(refusal))
    return Rehearsal(claims, profile, entry)


def _signed_in(request: AuthnRequest, claims: Claims, visit: Visit, now: datetime) -> Arrival:
    try:
        return _sign_in(request, claims, visit, now)
    except IntegrityError:  # somebody has just removed what it refers to, as a merge removes a person
        return _sign_in(request, claims, visit, now)


@transaction.atomic
def _sign_in(request: AuthnRequest, claims: Claims, visit: Visit, now: datetime) -> Arrival:
    """Consume request and assertion, let the person in with all that follows, and start the session."""
    _consume(request, claims, now)
    policy = SignInPolicy.of(request.environment_provider.environment)
    environment_provider = _still_usable(policy, request.environment_provider)
    provider = environment_provider.identity_provider
    entry = _enter(environment_provider, policy, claims, _profile(provider, claims), visit)
    return arrive(request, environment_provider, entry.end_user, entry.notes, claims, visit, now)


def _consume(request: AuthnRequest, claims: Claims, now: datetime) -> None:
    """Let request and assertion count once (S6, S7); of several at once, the database lets one through.

    A replay leaves the transaction that the database has broken off, so it needs no savepoint.
    """
    if not AuthnRequest.objects.use_up(request.pk, now):
        raise Refused(Reason.REQUEST_GONE)
    is_first = ConsumedMessage.objects.consume(
        identity_provider=request.environment_provider.identity_provider_id,
        kind=ConsumedMessage.Kind.ASSERTION,
        message_id=claims.assertion_id,
        expires_at=claims.assertion_not_on_or_after,
    )
    if not is_first:
        raise Refused(Reason.REPLAYED)


def _still_usable(policy: SignInPolicy, asked: EnvironmentProvider) -> EnvironmentProvider:
    """Return the provider as it is now: what was switched off since the request counts (S9)."""
    found = policy.provider(asked.identity_provider_id)
    if found is None:
        raise Refused(Reason.PROVIDER_OFF)
    found.environment = asked.environment
    return found


def _enter(
    environment_provider: EnvironmentProvider,
    policy: SignInPolicy,
    claims: Claims,
    profile: AssertedProfile,
    visit: Visit,
) -> Entry:
    """Let the person of the claims in by the provisioning method, with the groups that the assertion names."""
    try:
        with translation.override(settings.LANGUAGE_CODE):  # the notes are stored
            return _entered(environment_provider, policy, claims, profile, visit)
    except Refused as refusal:
        refusal.email = refusal.email or profile.email
        if refusal.reason == Reason.NO_EMAIL:
            refusal.notes += note_on_no_email(environment_provider, claims)
        raise


def _entered(
    environment_provider: EnvironmentProvider,
    policy: SignInPolicy,
    claims: Claims,
    profile: AssertedProfile,
    visit: Visit,
) -> Entry:
    known = find_person(environment_provider, policy, claims, profile)
    welcomed = welcome(environment_provider, known, profile, visit)
    remember(environment_provider, claims, welcomed.end_user)
    groups = sync_groups(environment_provider, welcomed.end_user, profile.groups, visit)
    return Entry(welcomed, groups, notes_on(environment_provider, claims, profile, welcomed, groups))


def _profile(provider: IdentityProvider, claims: Claims) -> AssertedProfile:
    return pick_profile(claims, provider.attribute_names)
