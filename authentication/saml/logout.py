"""Single logout: makes our requests and responses, and reads those of an IdP, which have to be signed (S14).

What is read is what was verified: of a posted message the bytes under its signature, of a redirected one the whole,
as the signature beside it covers all octets.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from saml2 import VERSION, saml, samlp

from authentication.saml import bindings
from authentication.saml.bindings import Arrived
from authentication.saml.checks import (
    MAX_AGE,
    SKEW,
    WHITE,
    check_issuer,
    check_version,
    failure,
    instant_of,
    is_usable_name_id,
)
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_logout
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts
from authentication.saml.verifying import verify_detached, verify_enveloped
from authentication.saml.xml import parse, tag

REQUEST_LIFETIME = timedelta(minutes=10)
_ROOTS = {bindings.REQUEST: "samlp:LogoutRequest", bindings.RESPONSE: "samlp:LogoutResponse"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where an IdP takes logout messages, by which binding ("redirect" or "post"), and our key that signs them."""

    url: str
    binding: str
    signing_key: str


@dataclass(frozen=True, slots=True)
class Sent:
    """How a browser takes a message to the IdP: to a URL, or with fields to post there."""

    id: str
    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What an IdP asks for; all sessions of the NameID are meant where it names no index.

    not_on_or_after is when this request is refused for its age, whatever the skew: its id has to be remembered.
    """

    id: str
    name_id: NameId
    session_indexes: tuple[str, ...]
    not_on_or_after: datetime


# Ours. ----------------------------------------------------------------------------------------------------------------


def send_request(to: Target, *, entity_id: str, name_id: NameId, session_index: str, now: datetime) -> Sent:
    """Return a signed request to end the IdP's session of somebody, with an id that nobody can guess."""
    message = samlp.LogoutRequest(
        **_head(to, entity_id, now),
        not_on_or_after=_text(now + REQUEST_LIFETIME),
        name_id=name_id.element(),
        session_index=[samlp.SessionIndex(text=session_index)] if session_index else [],
    )
    return _send(to, bindings.REQUEST, message, relay_state=message.id)


def send_response(to: Target, *, entity_id: str, in_response_to: str, relay_state: str, now: datetime) -> Sent:
    """Return a signed response that says that all is done, with the RelayState of the request."""
    status = samlp.Status(status_code=samlp.StatusCode(value=samlp.STATUS_SUCCESS))
    message = samlp.LogoutResponse(**_head(to, entity_id, now), in_response_to=in_response_to, status=status)
    return _send(to, bindings.RESPONSE, message, relay_state=relay_state)


def _head(to: Target, entity_id: str, now: datetime) -> dict[str, Any]:
    return {
        "id": f"_{secrets.token_hex(20)}",
        "version": VERSION,
        "issue_instant": _text(now),
        "destination": to.url,
        "issuer": saml.Issuer(text=entity_id),
    }


def _send(to: Target, field: str, message: Any, *, relay_state: str) -> Sent:
    how = {"relay_state": relay_state, "signing_key": to.signing_key}
    if to.binding == "post":
        return Sent(message.id, to.url, bindings.post(field, message, **how))
    return Sent(message.id, bindings.redirect(to.url, field, message, **how), {})


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Theirs. --------------------------------------------------------------------------------------------------------------


def read_request(arrived: Arrived, *, provider: ProviderFacts, slo_url: str, now: datetime) -> LogoutRequest:
    """Return what an IdP asks for at our single logout URL; raise SamlRefused."""
    xml = _verified(arrived, provider)
    message: Any = samlp.logout_request_from_string(xml)
    _check_head(message, provider, slo_url, now)
    if message.not_on_or_after is not None and instant_of(message.not_on_or_after) <= now - SKEW:
        raise SamlRefused(SamlReason.LOGOUT_EXPIRED, "NotOnOrAfter")
    name_id = NameId.of(message.name_id)
    if not is_usable_name_id(name_id.text):
        raise SamlRefused(SamlReason.NAME_ID, "characters")
    indexes = tuple(element.text or "" for element in parse(xml).iter(tag("samlp:SessionIndex")))
    return LogoutRequest(message.id, name_id, indexes, instant_of(message.issue_instant) + MAX_AGE)


def read_response(arrived: Arrived, *, provider: ProviderFacts, slo_url: str, now: datetime) -> str:
    """Return the id of the request that an IdP has carried out; whether we made it is not known here.

    Raises SamlRefused, also where the IdP says that it failed.
    """
    message: Any = samlp.logout_response_from_string(_verified(arrived, provider))
    _check_head(message, provider, slo_url, now)
    if not message.in_response_to:
        raise SamlRefused(SamlReason.LOGOUT_UNASKED, "InResponseTo")
    if words := failure(message):
        raise SamlRefused(SamlReason.LOGOUT_FAILED, words)
    return str(message.in_response_to)


def _verified(arrived: Arrived, provider: ProviderFacts) -> bytes:
    """Return the bytes of a message that a pinned key signed; raise SamlRefused."""
    xml = check_logout(arrived.raw, _ROOTS[arrived.field], is_deflated=arrived.is_redirected)
    trust: dict[str, Any] = {"certificates": provider.certificates, "allow_sha1": provider.allow_sha1}
    if not arrived.is_redirected:
        return verify_enveloped(xml, **trust)
    if parse(xml).find(tag("ds:Signature")) is not None:
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "inside a redirected message")
    if arrived.detached is None:
        raise SamlRefused(SamlReason.LOGOUT_NOT_SIGNED)
    signature = arrived.detached
    verify_detached(signature.octets, signature.signature, signature.method, **trust)
    return xml


def _check_head(message: Any, provider: ProviderFacts, slo_url: str, now: datetime) -> None:
    """Refuse a message that is from, for or of something else; both bindings want a signed one to say for which URL."""
    check_version(message)
    check_issuer(message.issuer, provider.entity_id)
    if (message.destination or "").strip(WHITE) != slo_url:
        raise SamlRefused(SamlReason.LOGOUT_DESTINATION)
    issued = instant_of(message.issue_instant)
    if issued > now + SKEW:
        raise SamlRefused(SamlReason.NOT_YET_VALID, "IssueInstant")
    if issued <= now - MAX_AGE:
        raise SamlRefused(SamlReason.LOGOUT_EXPIRED, "IssueInstant")
