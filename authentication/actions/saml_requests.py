"""Requests to identity providers, and the responses that are stored at them until their browser asks."""

import json
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from urllib.parse import urlencode
from uuid import UUID

from django.utils.translation import gettext_noop as _

from authentication.actions.attempts import record_attempt
from authentication.actions.service_provider import decryption_keys, ensure_signing_key
from authentication.models import AuthnRequest, ConsumedMessage, EnvironmentProvider, IdentityProvider
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.difference import Difference, Kind, differing
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import Carries, Message, check_response
from authentication.saml.keeping import keep, kept
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.raw_bytes import MAX_BASE64
from authentication.saml.requests import new_request, post_fields, redirect_url
from authentication.saml.responses import peek_in_response_to, read_response
from workspace.db.together import write_together
from workspace.models import EndUser
from workspace.tokens import digest_of
from workspace.visits import Visit

REQUEST_AGE = timedelta(minutes=10)
TYPED = _("The address was typed here. The response does not say whose it is.")
MAX_NEXT_PATH = 500

_REQUEST_ID = re.compile(r"_[0-9a-f]{40}")


@dataclass(frozen=True)
class Departure:
    """How a browser goes to the IdP: by a redirect to a URL, or by posting fields there."""

    url: str
    fields: dict[str, str]


class _Posted:
    """A response as it was posted. What passes the gate goes through it once."""

    def __init__(self, raw: str) -> None:
        self.raw = raw

    @cached_property
    def message(self) -> Message:
        """Return what the gate lets through. Raises SamlRefused."""
        return check_response(self.raw)


class BeganAtIdp(Exception):
    """A response to no request, from an IdP that may begin sign-ins. It counts for nothing else (security.md S6)."""


def start_sign_in(
    *,
    environment_provider: EnvironmentProvider,
    nonce: str,
    now: datetime,
    network: str = "",
    next_path: str = "",
    tester_id: str = "",
    tested: str = "",
    login_hint: str = "",
) -> Departure:
    """Store a request for the browser with that nonce, and return how to send it. With a tester it signs nobody in.

    `tested` is the configuration that a successful test proves.

    RelayState is the request's ID and nothing else (S10): it tells which request an unreadable response answers.
    IdPs that know `login_hint` fill in this address. It stands beside the signed part of the query.
    """
    provider = environment_provider.identity_provider
    signs = provider.must_sign_requests
    key = ensure_signing_key(environment_provider.environment.workspace, now=now).private_pem if signs else ""
    request = new_request(entity_id=provider.sp_entity_id, acs_url=provider.acs_url, sso_url=provider.sso_url, now=now)
    row = AuthnRequest(
        id=request.id,
        environment_provider=environment_provider,
        nonce_digest=digest_of(nonce),
        next_path=next_path if len(next_path) <= MAX_NEXT_PATH and next_path.isprintable() else "",
        network=network,
        typed_address=login_hint[:254],
        tester_id=tester_id,
        configuration=tested,
        expires_at=now + REQUEST_AGE,
    )
    room = [] if tester_id else AuthnRequest.objects.room_for(row)
    write_together([row, AuthnRequest.objects.swept(now), ConsumedMessage.objects.swept(now), *room])
    if provider.sso_binding == "post":
        return Departure(provider.sso_url, post_fields(request, relay_state=request.id, signing_key=key))
    url = redirect_url(request, relay_state=request.id, signing_key=key)
    return Departure(f"{url}&{urlencode({'login_hint': login_hint})}" if login_hint else url, {})


def store_response(*, provider: UUID, raw: str, relay_state: str, visit: Visit, now: datetime) -> AuthnRequest:
    """Store the response at its open request until the browser asks, which may be another one than was sent.

    Of a response that is refused only the reason is stored (S16), of one to a closed request nothing. Raises Refused,
    whose attempt is recorded, for one that answers no request, or BeganAtIdp.
    """
    raw = raw[: MAX_BASE64 + 1].replace("\0", " ") or " "  # too long is still too long, and no base64 still none
    request, posted = None, _Posted(raw)
    try:
        claimed = _claimed_request(posted, relay_state)
        request = AuthnRequest.objects.asked(provider, claimed)
        if request is None:
            raise Refused(Reason.REQUEST_GONE, differences=_came_to_another(provider, claimed))
        if request.is_open(now):
            AuthnRequest.objects.keep_answer(request.pk, **_answer(request, posted, now), now=now)
    except (SamlRefused, Refused) as refusal:
        refused = Refused.of(refusal)
        if refused.reason == SamlReason.UNSOLICITED and _may_begin_at_idp(provider):
            raise BeganAtIdp from None
        record_refusal(refused, provider=provider, request=request, visit=visit, now=now)
        raise refused from None
    return request


def read_claims(request: AuthnRequest, nonce: str, now: datetime) -> Claims:
    """Return what the response says, if it came back to the browser that was sent. Raises SamlRefused or Refused."""
    if not secrets.compare_digest(request.nonce_digest, digest_of(nonce)):
        raise Refused(Reason.OTHER_BROWSER)
    if request.refusal:
        raise Refused(**json.loads(request.refusal))
    provider, sp = _sides(request, now)
    is_kept = kept(request.claims, request.response, provider, sp, now)
    return is_kept or _read(request, _Posted(request.response), provider, sp, now)


def record_refusal(
    refusal: Refused,
    *,
    provider: UUID,
    request: AuthnRequest | None,
    visit: Visit,
    now: datetime,
    is_proved: bool = False,
) -> None:
    """Record a refused response as an attempt, outside the transaction that the refusal rolled back.

    A response to no request is recorded in the environment where the provider was set up first.
    """
    place = request.environment_provider if request else first_environment_provider(provider)
    refusal.environment = request.environment_provider.environment if request else None
    if place is None:
        return
    # A person whom the refused sign-in created is gone again.
    end_user = EndUser.objects.filter(pk=refusal.end_user.pk).first() if refusal.end_user else None
    typed = request.typed_address if request and not refusal.email else ""
    attempt = record_attempt(
        environment=place.environment,
        visit=visit,
        now=now,
        email=refusal.email or typed,
        end_user=end_user,
        identity_provider=place.identity_provider,
        reason=refusal.reason,
        notes=[*refusal.notes, *([TYPED] if typed else [])],
        differences=refusal.differences,
        is_proved=is_proved,
    )
    refusal.reference = str(attempt.pk)


def _came_to_another(provider: UUID, claimed: str) -> list[Difference]:
    """Return that a response came to this provider's ACS URL instead of another one's of the same workspace."""
    asked = AuthnRequest.objects.to_neighbours(provider).filter(pk=claimed).first()
    if asked is None:
        return []
    came_to, expected = IdentityProvider(pk=provider).acs_url, asked.environment_provider.identity_provider.acs_url
    return [differing(Kind.ARRIVAL, "ACS URL", [came_to], [expected])]


def _answer(request: AuthnRequest, posted: _Posted, now: datetime) -> dict[str, str]:
    """Return what is stored of a response: all of it with what it says, or why it is refused.

    What is encrypted on its way is not stored in clear.
    """
    provider, sp = _sides(request, now)
    try:
        claims = _read(request, posted, provider, sp, now)
    except SamlRefused as refusal:
        told = {
            "reason": refusal.reason,
            "detail": refusal.detail,
            "notes": refusal.notes,
            "differences": refusal.differences,
        }
        return {"response": "", "refusal": json.dumps(told)}
    is_encrypted = posted.message.carries is Carries.ENCRYPTED_ASSERTION
    return {"response": posted.raw, "claims": "" if is_encrypted else keep(claims, posted.raw, provider, sp)}


def _sides(request: AuthnRequest, now: datetime) -> tuple[ProviderFacts, SpFacts]:
    """Return what a response is read by."""
    provider = request.environment_provider.identity_provider
    keys = partial(decryption_keys, request.environment_provider.environment.workspace, now)
    return provider.facts_with(request.pems), SpFacts(provider.sp_entity_id, provider.acs_url, keys)


def _read(request: AuthnRequest, posted: _Posted, provider: ProviderFacts, sp: SpFacts, now: datetime) -> Claims:
    return read_response(posted.message, provider=provider, sp=sp, in_response_to=request.id, now=now)


def first_environment_provider(provider: UUID) -> EnvironmentProvider | None:
    """Return where a provider was set up first: attempts of no known environment are recorded there."""
    return EnvironmentProvider.objects.of_provider(provider).first()


def _may_begin_at_idp(provider: UUID) -> bool:
    return IdentityProvider.objects.filter(pk=provider, allows_idp_initiated=True).exists()


def _claimed_request(posted: _Posted, relay_state: str) -> str:
    """Return the ID of the request that a response claims to answer; if it is unreadable, the ID in RelayState.

    The response comes first: with two tabs open, some IdPs return the RelayState of the other tab.
    """
    is_ours = bool(_REQUEST_ID.fullmatch(relay_state))
    try:
        claimed = peek_in_response_to(posted.message)
    except SamlRefused:
        if not is_ours:
            raise
        claimed = None
    if claimed is None and not is_ours:
        raise SamlRefused(SamlReason.UNSOLICITED)
    return claimed or relay_state
