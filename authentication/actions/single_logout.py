"""Single logout: who signs out here is signed out at the IdP too, and the other way round; signed both ways (S14)."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from authentication.actions.attempts import record_attempt
from authentication.actions.saml_requests import first_environment_provider
from authentication.actions.service_provider import ensure_signing_key
from authentication.actions.sessions import end_named_sessions, name_id_digest
from authentication.models import (
    ConsumedMessage,
    EndUserSession,
    IdentityProvider,
    LogoutRequest,
    SignInAttempt,
)
from authentication.reasons import Refused
from authentication.saml import bindings, logout
from authentication.saml.bindings import Arrived
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.name_ids import NameId
from workspace.crypto import UnsealError, unseal
from workspace.events import Actor, Kind
from workspace.models import Environment
from workspace.refusals import ActionError
from workspace.visits import Visit

logger = logging.getLogger(__name__)


def start_logout_at_provider(*, session: EndUserSession, now: datetime) -> logout.Sent | None:
    """Return how a browser signs out at the IdP too, after its session here has ended; None if it cannot."""
    provider = session.identity_provider
    if provider is None or not provider.has_single_logout:
        return None
    name_id = _name_id(session, provider)
    target = _target_if_signing(provider, now)
    if name_id is None or target is None:
        return None
    sent = logout.send_request(
        target, entity_id=provider.sp_entity_id, name_id=name_id, session_index=session.session_index, now=now
    )
    with transaction.atomic():
        LogoutRequest.objects.sweep(now)
        LogoutRequest.objects.create(
            id=sent.id,
            identity_provider=provider,
            environment=session.environment,
            expires_at=now + logout.REQUEST_LIFETIME,
        )
    return sent


def receive_logout_message(
    *, provider: UUID, read: Callable[[], Arrived], visit: Visit, now: datetime
) -> tuple[IdentityProvider, logout.Sent | Environment]:
    """Carry out a logout request of an IdP, or take its answer to ours.

    Returns how the browser carries our answer back, or the environment in which somebody has signed out.
    Raises Refused, whose attempt is recorded. A refused message changes nothing.
    If only our signing key cannot be opened, the sessions have ended, but the IdP gets no answer.
    """
    found = IdentityProvider.objects.select_related("workspace").filter(pk=provider).first()
    try:
        if found is None or not found.has_single_logout:
            raise SamlRefused(SamlReason.LOGOUT_OFF)
        arrived = read()
        if arrived.field == bindings.RESPONSE:
            return found, _take_answer(found, arrived, now)
        return found, _carry_out(found, arrived, visit, now)
    except SamlRefused as refusal:
        refused = Refused.of(refusal)
    except ActionError as error:  # the sessions have ended, but the answer cannot be signed
        refused = Refused(error.code)
    _record_refusal(refused, provider, visit, now)
    raise refused


def _carry_out(provider: IdentityProvider, arrived: Arrived, visit: Visit, now: datetime) -> logout.Sent:
    """End the sessions that a request means, and answer whether there was one."""
    asked = logout.read_request(arrived, provider=provider.facts, slo_url=provider.sp_slo_url, now=now)
    with transaction.atomic():
        _consume(provider, asked, now)
        has_ended = end_named_sessions(
            identity_provider=provider,
            name_id=asked.name_id,
            session_indexes=asked.session_indexes,
            by=Actor.of(Kind.CONNECTION, str(provider.pk), provider.name, visit),
            now=now,
        )
    return logout.send_response(
        _target(provider, provider.slo_response_url or provider.slo_url, now),
        entity_id=provider.sp_entity_id,
        in_response_to=asked.id,
        relay_state=arrived.relay_state,
        is_done=has_ended,
        now=now,
    )


def _take_answer(provider: IdentityProvider, arrived: Arrived, now: datetime) -> Environment:
    """Take the answer to an open request of ours to this provider, once."""
    answered = logout.read_response(arrived, provider=provider.facts, slo_url=provider.sp_slo_url, now=now)
    open_requests = LogoutRequest.objects.alive(now).filter(pk=answered, identity_provider=provider)
    request = open_requests.select_related("environment__workspace").first()
    if request is None or not LogoutRequest.objects.filter(pk=request.pk).delete()[0]:
        raise SamlRefused(SamlReason.LOGOUT_UNASKED)
    return request.environment


def _consume(provider: IdentityProvider, asked: logout.LogoutRequest, now: datetime) -> None:
    """Let a request count once; of several at once, the database lets one through."""
    ConsumedMessage.objects.sweep(now)
    is_first = ConsumedMessage.objects.consume(
        identity_provider=provider.pk,
        kind=ConsumedMessage.Kind.LOGOUT_REQUEST,
        message_id=asked.id,
        expires_at=asked.not_on_or_after,
    )
    if not is_first:
        raise SamlRefused(SamlReason.LOGOUT_REPLAYED)


def _name_id(session: EndUserSession, provider: IdentityProvider) -> NameId | None:
    """Return how the IdP calls the person; None if that was another IdP than the provider leads to now."""
    try:
        name_id = NameId.from_json(unseal(session.sealed_name_id)) if session.sealed_name_id else None
    except UnsealError:
        logger.warning("the NameID of session %s cannot be opened by any key of SECRETS_KEYS", session.pk)
        return None
    is_current = name_id is not None and name_id_digest(provider, name_id) == session.name_id_digest
    return name_id if is_current else None


def _target(provider: IdentityProvider, url: str, now: datetime) -> logout.Target:
    key = ensure_signing_key(provider.workspace, now=now)
    return logout.Target(url, provider.slo_binding, key.private_pem)


def _target_if_signing(provider: IdentityProvider, now: datetime) -> logout.Target | None:
    """Return where a signed request goes; None if nothing can be signed, which must not keep anybody signed in."""
    try:
        return _target(provider, provider.slo_url, now)
    except ActionError as error:
        logger.warning("no single logout at provider %s: %s", provider.pk, error)
        return None


def _record_refusal(refusal: Refused, provider: UUID, visit: Visit, now: datetime) -> None:
    """Record the reason as an attempt in the environment where the provider was set up first."""
    if place := first_environment_provider(provider):
        attempt = record_attempt(
            environment=place.environment,
            visit=visit,
            now=now,
            identity_provider=place.identity_provider,
            reason=refusal.reason,
            notes=refusal.notes,
            differences=refusal.differences,
            refusal=SignInAttempt.Outcome.LOGOUT_REFUSED,
        )
        refusal.reference = str(attempt.pk)
