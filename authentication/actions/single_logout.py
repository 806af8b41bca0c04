"""Single logout: who signs out here is signed out at the IdP too, and the other way round; signed both ways (S14)."""

import logging
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from authentication.actions.saml_requests import first_environment_provider
from authentication.actions.service_provider import signing_key
from authentication.actions.sessions import end_named_sessions, name_id_digest
from authentication.actions.sign_in import record_attempt
from authentication.models import (
    ConsumedLogout,
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
from authentication.saml.parties import ProviderFacts
from workspace.crypto import UnsealError, unseal
from workspace.events import Actor, Kind
from workspace.models import Environment
from workspace.refusals import ActionError
from workspace.visits import Visit

logger = logging.getLogger(__name__)


def ask_provider(*, session: EndUserSession, now: datetime) -> logout.Sent | None:
    """How a browser goes on to sign out at the IdP too, after its session here has ended; nothing if it cannot."""
    provider = session.identity_provider
    if provider is None or not provider.has_single_logout:
        return None
    name_id = _name_id(session, provider)
    try:
        to = _target(provider, provider.slo_url)
    except ActionError as error:
        logger.warning("no single logout at provider %s: %s", provider.pk, error)
        return None
    if name_id is None:
        return None
    sent = logout.send_request(
        to, entity_id=provider.sp_entity_id, name_id=name_id, session_index=session.session_index, now=now
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


def receive(
    *, provider: UUID, read: Callable[[], Arrived], visit: Visit, now: datetime
) -> tuple[IdentityProvider, logout.Sent | Environment]:
    """Carry out what an IdP asks for, and say how the browser takes the answer back; or take an answer to a request
    of ours, and say in which environment somebody has signed out. Raise Refused, with nothing changed.
    """
    found = IdentityProvider.objects.select_related("workspace").filter(pk=provider).first()
    try:
        if found is None or not found.has_single_logout:
            raise SamlRefused(SamlReason.LOGOUT_OFF)
        arrived = read()
        if arrived.field == bindings.RESPONSE:
            return found, _answered(found, arrived, now)
        return found, _carried_out(found, arrived, visit, now)
    except SamlRefused as refusal:
        _keep(refusal, provider, visit, now)
        raise Refused(refusal.reason, detail=refusal.detail) from None


def _carried_out(provider: IdentityProvider, arrived: Arrived, visit: Visit, now: datetime) -> logout.Sent:
    """End the sessions that are meant, and answer that it is done: also where there was none any more."""
    asked = logout.read_request(arrived, provider=_facts(provider), slo_url=provider.sp_slo_url, now=now)
    with transaction.atomic():
        _use_up(provider, asked, now)
        end_named_sessions(
            identity_provider=provider,
            name_id=asked.name_id,
            session_indexes=asked.session_indexes,
            by=Actor(Kind.CONNECTION, str(provider.pk), provider.name, visit.request_id),
            now=now,
        )
    to = _target(provider, provider.slo_response_url or provider.slo_url)
    answer = {"in_response_to": asked.id, "relay_state": arrived.relay_state}
    return logout.send_response(to, entity_id=provider.sp_entity_id, now=now, **answer)


def _answered(provider: IdentityProvider, arrived: Arrived, now: datetime) -> Environment:
    """Take the answer to an open request of ours to this provider, once."""
    answered = logout.read_response(arrived, provider=_facts(provider), slo_url=provider.sp_slo_url, now=now)
    open_ones = LogoutRequest.objects.alive(now).filter(pk=answered, identity_provider=provider)
    request = open_ones.select_related("environment__workspace").first()
    if request is None or not LogoutRequest.objects.filter(pk=request.pk).delete()[0]:
        raise SamlRefused(SamlReason.LOGOUT_UNASKED)
    return request.environment


def _use_up(provider: IdentityProvider, asked: logout.LogoutRequest, now: datetime) -> None:
    """A request counts once; of several at once, the database lets one through."""
    ConsumedLogout.objects.sweep(now)
    try:
        with transaction.atomic():
            ConsumedLogout.objects.create(
                identity_provider=provider, request_id=asked.id, expires_at=asked.not_on_or_after
            )
    except IntegrityError:
        raise SamlRefused(SamlReason.LOGOUT_REPLAYED) from None


def _name_id(session: EndUserSession, provider: IdentityProvider) -> NameId | None:
    """How the IdP calls the person; nothing if that was another IdP than the one the provider leads to now."""
    try:
        name_id = NameId.from_json(unseal(session.sealed_name_id)) if session.sealed_name_id else None
    except UnsealError:
        logger.warning("the NameID of session %s cannot be opened by any key of SECRETS_KEYS", session.pk)
        return None
    is_of_now = name_id is not None and name_id_digest(provider, name_id) == session.name_id_digest
    return name_id if is_of_now else None


def _target(provider: IdentityProvider, url: str) -> logout.Target:
    return logout.Target(url, provider.slo_binding, signing_key(provider.workspace).private_pem)


def _facts(provider: IdentityProvider) -> ProviderFacts:
    pems = provider.pinned_pems
    return ProviderFacts(provider.entity_id, pems, allow_sha1=provider.allows_sha1)


def _keep(refusal: SamlRefused, provider: UUID, visit: Visit, now: datetime) -> None:
    """Keep the reason among the attempts of the environment where the provider was set up first."""
    if environment_provider := first_environment_provider(provider):
        record_attempt(
            environment=environment_provider.environment,
            visit=visit,
            now=now,
            identity_provider=environment_provider.identity_provider,
            reason=refusal.reason,
            refusal=SignInAttempt.Outcome.LOGOUT_REFUSED,
        )
