"""Single logout: write our requests and responses, and read those of an IdP, which must be signed (S14).

Only verified content is read: of a posted message the bytes that its signature covers, of a redirected message all of
it, because the signature beside it covers the whole query.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from saml2 import VERSION, SamlBase, saml, samlp

from authentication.saml import bindings
from authentication.saml.bindings import Arrived
from authentication.saml.checks import (
    MAX_AGE,
    Clock,
    check_issue_instant,
    check_issuer,
    check_version,
    instant_of,
    is_usable_name_id,
)
from authentication.saml.comparing import logout_differences
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import check_logout
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts
from authentication.saml.statuses import refuse_failure
from authentication.saml.verifying import verify_detached, verify_enveloped
from authentication.saml.xml import parse, strip_blanks, tag

REQUEST_LIFETIME = timedelta(minutes=10)
_ROOTS = {bindings.REQUEST: "samlp:LogoutRequest", bindings.RESPONSE: "samlp:LogoutResponse"}


@dataclass(frozen=True, slots=True)
class Target:
    """Where an IdP takes logout messages, by which binding ("redirect" or "post"), and our key (PEM) to sign them."""

    url: str
    binding: str
    signing_key: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message on its way: the browser opens the URL, or posts the fields there if there are any."""

    id: str
    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What an IdP asks for: to end the sessions of these indexes, or all sessions of the NameID if there are none.

    From not_on_or_after on, this request is refused for its age; until then its id must be remembered.
    """

    id: str
    name_id: NameId
    session_indexes: tuple[str, ...]
    not_on_or_after: datetime


# Our messages. --------------------------------------------------------------------------------------------------------


def send_request(to: Target, *, entity_id: str, name_id: NameId, session_index: str, now: datetime) -> Sent:
    """Return a signed request, with a random id, to end a person's session at the IdP."""
    message = samlp.LogoutRequest(
        **_head(to, entity_id, now),
        not_on_or_after=_text(now + REQUEST_LIFETIME),
        name_id=name_id.element(),
        session_index=[samlp.SessionIndex(text=session_index)] if session_index else [],
    )
    return _send(to, bindings.REQUEST, message, relay_state=message.id)


def send_response(
    to: Target, *, entity_id: str, in_response_to: str, relay_state: str, is_done: bool, now: datetime
) -> Sent:
    """Return a signed response with the RelayState of the request. If it was not done, we know no such person here."""
    unknown = samlp.StatusCode(value=samlp.STATUS_UNKNOWN_PRINCIPAL)
    refused = samlp.StatusCode(value=samlp.STATUS_REQUESTER, status_code=unknown)
    status = samlp.Status(status_code=samlp.StatusCode(value=samlp.STATUS_SUCCESS) if is_done else refused)
    message = samlp.LogoutResponse(**_head(to, entity_id, now), in_response_to=in_response_to, status=status)
    return _send(to, bindings.RESPONSE, message, relay_state=relay_state)


def _head(to: Target, entity_id: str, now: datetime) -> dict[str, object]:
    return {
        "id": f"_{secrets.token_hex(20)}",
        "version": VERSION,
        "issue_instant": _text(now),
        "destination": to.url,
        "issuer": saml.Issuer(text=entity_id),
    }


def _send(to: Target, field: str, message: SamlBase, *, relay_state: str) -> Sent:
    how = {"relay_state": relay_state, "signing_key": to.signing_key}
    if to.binding == "post":
        return Sent(message.id, to.url, bindings.post(field, message, **how))
    return Sent(message.id, bindings.redirect(to.url, field, message, **how), {})


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


# Messages of IdPs. ----------------------------------------------------------------------------------------------------


def read_request(arrived: Arrived, *, provider: ProviderFacts, slo_url: str, now: datetime) -> LogoutRequest:
    """Return what an IdP asks for at our single logout URL. Raises SamlRefused."""
    xml, clock = _verified(arrived, provider), Clock(now, provider.skew)
    message = samlp.logout_request_from_string(xml)
    _check_head(message, provider, slo_url, clock, message.not_on_or_after)
    name_id = NameId.of(message.name_id)
    if not is_usable_name_id(name_id.text):
        raise SamlRefused(SamlReason.NAME_ID, "characters")
    indexes = tuple(strip_blanks(element.text) for element in parse(xml).findall(tag("samlp:SessionIndex")))
    return LogoutRequest(message.id, name_id, indexes, instant_of(message.issue_instant) + MAX_AGE)


def read_response(arrived: Arrived, *, provider: ProviderFacts, slo_url: str, now: datetime) -> str:
    """Return the id of the request that an IdP carried out; the caller checks that we sent it.

    Raises SamlRefused, also if the IdP reports a failure.
    """
    message = samlp.logout_response_from_string(_verified(arrived, provider))
    _check_head(message, provider, slo_url, Clock(now, provider.skew))
    if not message.in_response_to:
        raise SamlRefused(SamlReason.LOGOUT_UNASKED, "InResponseTo")
    refuse_failure(message, SamlReason.LOGOUT_FAILED)
    return str(message.in_response_to)


def _verified(arrived: Arrived, provider: ProviderFacts) -> bytes:
    """Return the bytes of a message that a pinned key signed. Raises SamlRefused."""
    xml = check_logout(arrived.raw, _ROOTS[arrived.field], is_deflated=arrived.is_redirected)
    certificates, allow_sha1 = provider.certificates, provider.allow_sha1
    if not arrived.is_redirected:
        return verify_enveloped(xml, certificates=certificates, allow_sha1=allow_sha1)
    if parse(xml).find(tag("ds:Signature")) is not None:
        raise SamlRefused(SamlReason.UNSUPPORTED_SIGNATURE, "inside a redirected message")
    if arrived.detached is None:
        raise SamlRefused(SamlReason.LOGOUT_NOT_SIGNED)
    octets, method, signature = arrived.detached.octets, arrived.detached.method, arrived.detached.signature
    verify_detached(octets, signature, method, certificates=certificates, allow_sha1=allow_sha1)
    return xml


def _check_head(
    message: SamlBase, provider: ProviderFacts, slo_url: str, clock: Clock, not_on_or_after: str | None = None
) -> None:
    """Raise SamlRefused unless the message is from this provider, for our URL, and recent.

    Both bindings require a signed message to name its URL.
    """
    try:
        check_version(message)
        check_issuer(message.issuer, provider.entity_id)
        if strip_blanks(message.destination) != slo_url:
            raise SamlRefused(SamlReason.LOGOUT_DESTINATION)
        check_issue_instant(message, clock, expired=SamlReason.LOGOUT_EXPIRED)
        if not_on_or_after is not None and clock.is_over(instant_of(not_on_or_after)):
            raise SamlRefused(SamlReason.LOGOUT_EXPIRED, "NotOnOrAfter")
    except SamlRefused as refusal:
        refusal.differences = logout_differences(message, provider, slo_url, not_on_or_after, clock)
        raise
