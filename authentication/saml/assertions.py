"""Checks a verified assertion by the Web Browser SSO profile, and reads its claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from saml2 import saml

from authentication.saml.checks import (
    MAX_AGE,
    SKEW,
    WHITE,
    check_in_response_to,
    check_issue_instant,
    check_issuer,
    check_version,
    instant_of,
    is_usable_name_id,
    text_of,
)
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.xml import parse, tag


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified assertion says; times are UTC.

    assertion_not_on_or_after is when this assertion is refused for its times, whatever the skew: its id has to be
    remembered until then. An identity is (provider, name_id, name_id_format); subject is the same as it came.
    """

    response_id: str
    assertion_id: str
    in_response_to: str
    issuer: str
    name_id: str
    name_id_format: str
    attributes: Mapping[str, tuple[str, ...]]
    session_index: str
    session_not_on_or_after: datetime | None
    assertion_not_on_or_after: datetime
    authn_instant: datetime
    subject: NameId


def check_assertion(assertion: Any, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime) -> None:
    """Refuse an assertion that is not of this provider, for us, about this request, and valid now."""
    check_version(assertion)
    check_issuer(assertion.issuer, provider.entity_id)
    check_issue_instant(assertion, now)
    _check_name_id(assertion.subject.name_id)
    _check_confirmation(assertion.subject.subject_confirmation, sp, in_response_to, now)
    _check_conditions(assertion.conditions, sp, now)
    _check_authn_statements(assertion.authn_statement, now)


def _check_name_id(name_id: Any) -> None:
    """Refuse a NameID that names nobody for good, or that could pass for another one by its white space."""
    if name_id is None or not name_id.text:
        raise SamlRefused(SamlReason.NAME_ID, "missing")
    if name_id.format == saml.NAMEID_FORMAT_TRANSIENT:
        raise SamlRefused(SamlReason.NAME_ID_TRANSIENT)
    if not is_usable_name_id(name_id.text):
        raise SamlRefused(SamlReason.NAME_ID, "characters")


def _check_confirmation(confirmations: list[Any], sp: SpFacts, in_response_to: str, now: datetime) -> None:
    """Refuse all but one bearer confirmation, at this ACS URL, for this request, until a time still to come."""
    if [confirmation.method for confirmation in confirmations] != [saml.SCM_BEARER]:
        raise SamlRefused(SamlReason.NOT_BEARER)
    data = confirmations[0].subject_confirmation_data
    if data is None or data.not_on_or_after is None or data.not_before is not None:
        raise SamlRefused(SamlReason.NOT_BEARER, "data")
    if (data.recipient or "").strip(WHITE) != sp.acs_url:
        raise SamlRefused(SamlReason.WRONG_RECIPIENT)
    check_in_response_to(data.in_response_to, in_response_to)
    _check_end(data.not_on_or_after, now, "SubjectConfirmationData")


def _check_conditions(conditions: Any, sp: SpFacts, now: datetime) -> None:
    """Refuse conditions that are missing, not met now, or do not name us in each of their audiences."""
    if conditions is None:
        raise SamlRefused(SamlReason.CONDITIONS)
    if conditions.not_before is not None and instant_of(conditions.not_before) > now + SKEW:
        raise SamlRefused(SamlReason.NOT_YET_VALID, "Conditions")
    if conditions.not_on_or_after is not None:
        _check_end(conditions.not_on_or_after, now, "Conditions")
    _check_window(conditions)
    audiences = [{text_of(audience) for audience in each.audience} for each in conditions.audience_restriction]
    if not audiences or not all(sp.entity_id in each for each in audiences):
        raise SamlRefused(SamlReason.WRONG_AUDIENCE)


def _check_window(conditions: Any) -> None:
    """Refuse conditions that end before they begin."""
    if conditions.not_before is None or conditions.not_on_or_after is None:
        return
    if instant_of(conditions.not_before) >= instant_of(conditions.not_on_or_after):
        raise SamlRefused(SamlReason.CONDITIONS, "window")


def _check_authn_statements(statements: list[Any], now: datetime) -> None:
    if len(statements) != 1:
        raise SamlRefused(SamlReason.AUTHN_STATEMENT)
    end = statements[0].session_not_on_or_after
    if end is not None and instant_of(end) <= now:
        raise SamlRefused(SamlReason.SESSION_ENDED)


def _check_end(not_on_or_after: str, now: datetime, where: str) -> None:
    if instant_of(not_on_or_after) <= now - SKEW:
        raise SamlRefused(SamlReason.RESPONSE_EXPIRED, where)


def attributes_of(assertion: bytes) -> dict[str, tuple[str, ...]]:
    """Return the texts of attribute values by Name; pysaml2 would rewrite typed ones, such as 007 into 7."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in parse(assertion).iter(tag("saml:Attribute")):
        texts = tuple(value.text for value in attribute if value.text)
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + texts
    return found


def claims_of(response_id: str, assertion: Any, attributes: Mapping[str, tuple[str, ...]], now: datetime) -> Claims:
    statement = assertion.authn_statement[0]
    session_end = statement.session_not_on_or_after
    data = assertion.subject.subject_confirmation[0].subject_confirmation_data
    return Claims(
        response_id=response_id,
        assertion_id=assertion.id,
        in_response_to=data.in_response_to,
        issuer=text_of(assertion.issuer),
        name_id=assertion.subject.name_id.text,
        name_id_format=assertion.subject.name_id.format or saml.NAMEID_FORMAT_UNSPECIFIED,
        attributes=attributes,
        session_index=statement.session_index or "",
        session_not_on_or_after=instant_of(session_end) if session_end is not None else None,
        assertion_not_on_or_after=min(instant_of(data.not_on_or_after), now + MAX_AGE) + SKEW,
        authn_instant=instant_of(statement.authn_instant),
        subject=NameId.of(assertion.subject.name_id),
    )
