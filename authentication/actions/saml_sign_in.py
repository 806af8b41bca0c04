"""Signing in through an identity provider: the request to it, and what its response leads to."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction

from authentication.actions.jit import Refused, sync_groups, welcome
from authentication.actions.service_provider import decryption_keys, signing_key
from authentication.actions.sessions import start_session
from authentication.actions.sign_in import record_attempt, why_not
from authentication.models import (
    AuthnRequest,
    ConsumedAssertion,
    EnvironmentProvider,
    IdentityProvider,
    SamlIdentity,
    StoredResponse,
    Visit,
)
from authentication.models.sessions import digest_of
from authentication.policy import SignInPolicy, domain_key
from authentication.reasons import Reason
from authentication.saml.attributes import AttributeNames, Profile, pick_profile
from authentication.saml.errors import SamlRefused
from authentication.saml.requests import new_request, post_fields, redirect_url
from authentication.saml.responses import Claims, ProviderFacts, SpFacts, peek_in_response_to, read_response
from workspace.keys import canonical
from workspace.models import EndUser, Environment

REQUEST_AGE = timedelta(minutes=10)
RESPONSE_AGE = timedelta(minutes=5)


@dataclass(frozen=True)
class Departure:
    """How a browser goes to the IdP: to a URL, or with fields to post there; and the nonce that it must keep."""

    url: str
    fields: dict[str, str]
    nonce: str


@dataclass(frozen=True)
class Arrival:
    """Who came back: the token of the new session, its environment, and the page that was asked for."""

    token: str
    environment: Environment
    next_path: str


def begin(*, use: EnvironmentProvider, next_path: str, nonce: str, now: datetime) -> Departure:
    """Keep a request and say how to send the browser with it; a browser with a nonce keeps it for several tabs."""
    provider, nonce = use.identity_provider, nonce or secrets.token_urlsafe(32)
    request = new_request(entity_id=provider.sp_entity_id, acs_url=provider.acs_url, sso_url=provider.sso_url, now=now)
    AuthnRequest.objects.sweep(now)
    AuthnRequest.objects.create(
        id=request.id, use=use, nonce_digest=digest_of(nonce), next_path=next_path, expires_at=now + REQUEST_AGE
    )
    key = signing_key(use.environment.workspace).private_pem if provider.must_sign_requests else ""
    # RelayState says nothing: the request's id in the response finds everything again (S10).
    if provider.sso_binding == "post":
        return Departure(provider.sso_url, post_fields(request, relay_state="", signing_key=key), nonce)
    return Departure(redirect_url(request, relay_state="", signing_key=key), {}, nonce)


def store_response(*, provider: IdentityProvider, raw: str, visit: Visit, now: datetime) -> UUID:
    """Keep a response to one of our open requests until the browser's cookie comes along; others are refused here."""
    try:
        request_id = peek_in_response_to(raw)
        _open_request(provider, request_id, now)
    except (SamlRefused, Refused) as refusal:
        raise _recorded(refusal, provider, visit, now) from None
    StoredResponse.objects.sweep(now)
    stored = StoredResponse.objects.create(identity_provider=provider, raw=raw, expires_at=now + RESPONSE_AGE)
    return stored.pk


def finish(*, provider: IdentityProvider, stored: UUID, nonce: str, visit: Visit, now: datetime) -> Arrival:
    """Everything that a response may bring about, or nothing but the record of an attempt: one transaction.

    Request and assertion are used up, the person is found or made, groups follow, the session begins.
    """
    try:
        with transaction.atomic():
            return _finish(provider, stored, nonce, visit, now)
    except (SamlRefused, Refused) as refusal:
        StoredResponse.objects.filter(pk=stored).delete()
        raise _recorded(refusal, provider, visit, now) from None


def _finish(provider: IdentityProvider, stored: UUID, nonce: str, visit: Visit, now: datetime) -> Arrival:
    raw = _take_response(provider, stored, now)
    request = _open_request(provider, peek_in_response_to(raw), now)
    use = request.use
    try:
        _consume_request(request, nonce, now)
        _refuse_switched_off(use)
        claims = _claims(use, raw, request.id, now)
        _consume_assertion(provider, claims)
        end_user = _enter(use, claims, visit)
    except SamlRefused as refusal:
        raise Refused(refusal.reason, use) from None
    except Refused as refusal:
        refusal.use = use
        raise
    record_attempt(
        environment=use.environment,
        visit=visit,
        now=now,
        email=end_user.email,
        end_user=end_user,
        identity_provider=provider,
    )
    token = start_session(
        end_user=end_user,
        environment=use.environment,
        visit=visit,
        now=now,
        identity_provider=provider,
        not_after=claims.session_not_on_or_after,
        name_id=claims.name_id,
        session_index=claims.session_index[:500],
    )
    return Arrival(token, use.environment, request.next_path)


def _take_response(provider: IdentityProvider, stored: UUID, now: datetime) -> str:
    rows = StoredResponse.objects.alive(now).select_for_update()
    row = rows.filter(identity_provider=provider, pk=stored).first()
    if row is None:
        raise Refused(Reason.REQUEST_GONE)
    row.delete()
    return row.raw


def _open_request(provider: IdentityProvider, request_id: str | None, now: datetime) -> AuthnRequest:
    """The request of this very provider that a response answers, if it is still to be answered."""
    if request_id is None:
        raise Refused(Reason.NOT_ASKED_FOR)
    requests = AuthnRequest.objects.alive(now).select_related("use__environment__workspace", "use__identity_provider")
    request = requests.filter(pk=request_id, use__identity_provider=provider).first()
    if request is None or request.consumed_at:
        raise Refused(Reason.REQUEST_GONE, request.use if request else None)
    return request


def _consume_request(request: AuthnRequest, nonce: str, now: datetime) -> None:
    """Use the request up, for the browser that it was made for; of several at once, the database lets one through."""
    if not nonce or not secrets.compare_digest(request.nonce_digest, digest_of(nonce)):
        raise Refused(Reason.OTHER_BROWSER)
    if not AuthnRequest.objects.filter(pk=request.pk, consumed_at=None).update(consumed_at=now):
        raise Refused(Reason.REQUEST_GONE)


def _refuse_switched_off(use: EnvironmentProvider) -> None:
    """What was switched off between request and response counts (S9)."""
    if use.pk not in {each.pk for each in SignInPolicy.of(use.environment).uses}:
        raise Refused(Reason.PROVIDER_OFF)


def _claims(use: EnvironmentProvider, raw: str, request_id: str, now: datetime) -> Claims:
    provider = use.identity_provider
    pems = tuple(provider.certificates.values_list("pem", flat=True))
    return read_response(
        raw,
        provider=ProviderFacts(provider.entity_id, pems, allow_sha1=provider.allows_sha1),
        sp=SpFacts(provider.sp_entity_id, provider.acs_url, decryption_keys(use.environment.workspace)),
        in_response_to=request_id,
        now=now,
    )


def _consume_assertion(provider: IdentityProvider, claims: Claims) -> None:
    ConsumedAssertion.objects.sweep(claims.assertion_not_on_or_after - timedelta(days=1))
    try:
        with transaction.atomic():
            ConsumedAssertion.objects.create(
                identity_provider=provider,
                assertion_id=claims.assertion_id,
                expires_at=claims.assertion_not_on_or_after,
            )
    except IntegrityError:
        raise Refused(Reason.REPLAYED) from None


def _enter(use: EnvironmentProvider, claims: Claims, visit: Visit) -> EndUser:
    """The person of the claims, let in by the provisioning method, with the groups that the assertion names."""
    provider = use.identity_provider
    names = AttributeNames(provider.name_attribute, provider.email_attribute, provider.groups_attribute)
    profile = pick_profile(claims, names)
    try:
        end_user = welcome(use, _known(use, claims, profile), profile, visit)
        if refusal := why_not(end_user, use.environment):
            raise _about(Refused(refusal), end_user)
        _remember(use.identity_provider, claims, end_user)
    except Refused as refusal:
        refusal.email = refusal.email or profile.email
        raise
    sync_groups(use, end_user, profile.groups, visit)
    return end_user


def _known(use: EnvironmentProvider, claims: Claims, profile: Profile) -> EndUser | None:
    """The person whom the IdP means: by the NameID of earlier times, else by an address that it may speak for."""
    identities = SamlIdentity.objects.select_related("end_user__workspace")
    identity = identities.filter(
        identity_provider=use.identity_provider, name_id=claims.name_id, name_id_format=claims.name_id_format
    ).first()
    if identity:
        return identity.end_user
    if not profile.email:
        raise Refused(Reason.NO_EMAIL)
    if not _may_assert(use, profile.email):
        raise Refused(Reason.FOREIGN_DOMAIN)
    return use.environment.workspace.end_users.select_related("workspace").by_email(profile.email)


def _may_assert(use: EnvironmentProvider, email: str) -> bool:
    """Whether the provider may speak for the address: one of selected domains only for those."""
    if use.enforcement != EnvironmentProvider.Enforcement.SELECTED_DOMAINS:
        return True
    return domain_key(canonical(email).rpartition("@")[2]) in map(domain_key, use.domain_names)


def _remember(provider: IdentityProvider, claims: Claims, end_user: EndUser) -> None:
    """Keep whom the NameID means. Another NameID for the same person is somebody else with a recycled address.

    Unless the NameID is the address itself: that changes with it.
    """
    mine = SamlIdentity.objects.filter(
        identity_provider=provider, name_id_format=claims.name_id_format, end_user=end_user
    )
    identity = mine.first() or SamlIdentity(
        identity_provider=provider, name_id_format=claims.name_id_format, end_user=end_user, name_id=claims.name_id
    )
    if identity.name_id != claims.name_id and canonical(claims.name_id) != end_user.email_key:
        raise _about(Refused(Reason.IDENTITY_TAKEN), end_user)
    identity.name_id = claims.name_id
    identity.save()


def _about(refusal: Refused, end_user: EndUser) -> Refused:
    refusal.end_user, refusal.email = end_user, end_user.email
    return refusal


def _recorded(refusal: SamlRefused | Refused, provider: IdentityProvider, visit: Visit, now: datetime) -> "Refused":
    """The refusal, kept as an attempt; one that answers no request counts at the provider's first environment."""
    found = refusal if isinstance(refusal, Refused) else Refused(refusal.reason)
    found.use = found.use or provider.uses.select_related("environment__workspace").order_by("created_at").first()
    if found.use:
        record_attempt(
            environment=found.use.environment,
            visit=visit,
            now=now,
            email=found.email,
            end_user=found.end_user,
            identity_provider=provider,
            reason=found.reason,
        )
    return found
