"""Requests to identity providers, and their responses until they are decided upon."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from authentication.actions.service_provider import decryption_keys, signing_key
from authentication.actions.sign_in import record_attempt
from authentication.models import (
    AuthnRequest,
    ConsumedAssertion,
    EnvironmentProvider,
)
from authentication.reasons import Reason, Refused
from authentication.saml.assertions import Claims
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.raw_bytes import MAX_BASE64
from authentication.saml.requests import new_request, post_fields, redirect_url
from authentication.saml.responses import peek_in_response_to, read_response
from workspace.models import EndUser
from workspace.tokens import digest_of
from workspace.visits import Visit

REQUEST_AGE = timedelta(minutes=10)

_REQUEST_ID = re.compile(r"_[0-9a-f]{40}")


@dataclass(frozen=True)
class Departure:
    """How a browser goes to the IdP: to a URL, or with fields to post there."""

    url: str
    fields: dict[str, str]


def begin(
    *, environment_provider: EnvironmentProvider, nonce: str, now: datetime, next_path: str = "", tester_id: str = ""
) -> Departure:
    """Keep a request for the browser with that nonce, and say how to send it; with a tester nobody will be signed in.

    RelayState is the request's ID and nothing else (S10): it tells whose a response is that cannot be read.
    """
    provider = environment_provider.identity_provider
    key = signing_key(environment_provider.environment.workspace).private_pem if provider.must_sign_requests else ""
    request = new_request(entity_id=provider.sp_entity_id, acs_url=provider.acs_url, sso_url=provider.sso_url, now=now)
    with transaction.atomic():
        AuthnRequest.objects.sweep(now)
        ConsumedAssertion.objects.sweep(now)
        AuthnRequest.objects.create(
            id=request.id,
            environment_provider=environment_provider,
            nonce_digest=digest_of(nonce),
            next_path=next_path if len(next_path) <= 500 and next_path.isprintable() else "",
            tester_id=tester_id,
            expires_at=now + REQUEST_AGE,
        )
    if provider.sso_binding == "post":
        return Departure(provider.sso_url, post_fields(request, relay_state=request.id, signing_key=key))
    return Departure(redirect_url(request, relay_state=request.id, signing_key=key), {})


def store_response(*, provider: UUID, raw: str, relay_state: str, visit: Visit, now: datetime) -> AuthnRequest:
    """Keep the response to an open request until its browser comes along; nothing of it is believed. Raise Refused."""
    raw = raw[: MAX_BASE64 + 1].replace("\0", " ") or " "  # too long is still too long, and no base64 still none
    request = None
    try:
        request = AuthnRequest.objects.claimed(provider, _claimed_request(raw, relay_state))
        if request is None or not AuthnRequest.objects.keep_response(request.pk, raw, now):
            raise Refused(Reason.REQUEST_GONE)
    except (SamlRefused, Refused) as refusal:
        raise recorded(refusal, provider, request, visit, now) from None
    return request


def read_claims(request: AuthnRequest, nonce: str, now: datetime) -> Claims:
    """What the response says, if it came back to the browser that was sent; raise SamlRefused or Refused."""
    if not secrets.compare_digest(request.nonce_digest, digest_of(nonce)):
        raise Refused(Reason.OTHER_BROWSER)
    provider = request.environment_provider.identity_provider
    workspace = request.environment_provider.environment.workspace
    return read_response(
        request.response,
        provider=ProviderFacts(provider.entity_id, provider.pinned_pems, allow_sha1=provider.allows_sha1),
        sp=SpFacts(provider.sp_entity_id, provider.acs_url, partial(decryption_keys, workspace)),
        in_response_to=request.id,
        now=now,
    )


def recorded(
    refusal: SamlRefused | Refused, provider: UUID, request: AuthnRequest | None, visit: Visit, now: datetime
) -> Refused:
    """The refusal, kept as an attempt: outside the transaction that it rolled back.

    What answers no request is kept where the provider was set up first.
    """
    found = refusal if isinstance(refusal, Refused) else Refused(refusal.reason, detail=refusal.detail)
    environment_provider = request.environment_provider if request else first_environment_provider(provider)
    if environment_provider:
        record_attempt(
            environment=environment_provider.environment,
            visit=visit,
            now=now,
            email=found.email,
            end_user=_as_kept(found.end_user),
            identity_provider=environment_provider.identity_provider,
            reason=found.reason,
        )
    found.environment = request.environment_provider.environment if request else None
    return found


def first_environment_provider(provider: UUID) -> EnvironmentProvider | None:
    """Where a provider was set up first: what is known of no environment is kept there."""
    rows = EnvironmentProvider.objects.select_related("environment__workspace", "identity_provider")
    return rows.filter(identity_provider=provider).order_by("created_at").first()


def _as_kept(end_user: EndUser | None) -> EndUser | None:
    """The person, unless they were made by what the refusal rolled back."""
    return EndUser.objects.filter(pk=end_user.pk).first() if end_user else None


def _claimed_request(raw: str, relay_state: str) -> str:
    """The ID of the request that a response says to answer; where it cannot, the one that the IdP gave back beside it.

    In this order: with two tabs open, some IdPs give back the RelayState of the other one.
    """
    is_ours = bool(_REQUEST_ID.fullmatch(relay_state))
    try:
        claimed = peek_in_response_to(raw)
    except SamlRefused:
        if not is_ours:
            raise
        claimed = None
    if claimed is None and not is_ours:
        raise SamlRefused(SamlReason.UNSOLICITED)
    return claimed or relay_state
