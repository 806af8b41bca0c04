"""Check a verified assertion by the rules of the Web Browser SSO profile, and read its claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from saml2 import saml

from authentication.saml.checks import (
    MAX_AGE,
    SKEW,
    check_in_response_to,
    check_issue_instant,
    check_issuer,
    check_version,
    instant_of,
    is_usable_name_id,
    strip_uri,
)
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.xml import parse, tag


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified assertion says. Times are UTC.

    An identity is (provider, name_id, name_id_format); subject is the NameID with everything that the IdP sent.
    From assertion_not_on_or_after on, this assertion is too old under any skew; until then its id must be remembered.
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


def check_assertion(
    assertion: saml.Assertion, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime
) -> None:
    """Raise SamlRefused unless the assertion is from this provider, for us, for this request, and valid now."""
    check_version(assertion)
    check_issuer(assertion.issuer, provider.entity_id)
    check_issue_instant(assertion, now)
    _check_name_id(assertion.subject.name_id)
    _check_confirmation(assertion.subject.subject_confirmation, sp, in_response_to, now)
    _check_conditions(assertion.conditions, now)
    _check_audiences(assertion.conditions.audience_restriction, sp)
    _check_authn_statements(assertion.authn_statement, now)


def _check_name_id(name_id: saml.NameID | None) -> None:
    """Raise SamlRefused for a NameID that is missing, changes at every sign-in, or cannot be told from another."""
    if name_id is None or not name_id.text:
        raise SamlRefused(SamlReason.NAME_ID, "missing")
    if name_id.format == saml.NAMEID_FORMAT_TRANSIENT:
        raise SamlRefused(SamlReason.NAME_ID_TRANSIENT)
    if not is_usable_name_id(name_id.text):
        raise SamlRefused(SamlReason.NAME_ID, "characters")


def _check_confirmation(
    confirmations: list[saml.SubjectConfirmation], sp: SpFacts, in_response_to: str, now: datetime
) -> None:
    """Raise SamlRefused unless there is one confirmation: a bearer's, at our ACS URL, for this request, still valid."""
    if [confirmation.method for confirmation in confirmations] != [saml.SCM_BEARER]:
        raise SamlRefused(SamlReason.NOT_BEARER)
    data = confirmations[0].subject_confirmation_data
    if data is None or data.not_on_or_after is None or data.not_before is not None:
        raise SamlRefused(SamlReason.NOT_BEARER, "data")
    if strip_uri(data.recipient) != sp.acs_url:
        raise SamlRefused(SamlReason.WRONG_RECIPIENT)
    check_in_response_to(data.in_response_to, in_response_to)
    _check_end(data.not_on_or_after, now, "SubjectConfirmationData")


def _check_conditions(conditions: saml.Conditions | None, now: datetime) -> None:
    """Raise SamlRefused if the conditions are missing or their times do not hold now."""
    if conditions is None:
        raise SamlRefused(SamlReason.CONDITIONS)
    begin, end = conditions.not_before, conditions.not_on_or_after
    if begin is not None and instant_of(begin) > now + SKEW:
        raise SamlRefused(SamlReason.NOT_YET_VALID, "Conditions")
    if end is not None:
        _check_end(end, now, "Conditions")
    if begin is not None and end is not None and instant_of(begin) >= instant_of(end):
        raise SamlRefused(SamlReason.CONDITIONS, "window")


def _check_audiences(restrictions: list[saml.AudienceRestriction], sp: SpFacts) -> None:
    """Raise SamlRefused unless there are restrictions and every one of them names us."""
    audiences = [{strip_uri(audience.text) for audience in restriction.audience} for restriction in restrictions]
    if not audiences or not all(sp.entity_id in names for names in audiences):
        raise SamlRefused(SamlReason.WRONG_AUDIENCE)


def _check_authn_statements(statements: list[saml.AuthnStatement], now: datetime) -> None:
    """Raise SamlRefused unless there is one statement and the IdP's session has not ended."""
    if len(statements) != 1:
        raise SamlRefused(SamlReason.AUTHN_STATEMENT)
    end = statements[0].session_not_on_or_after
    if end is not None and instant_of(end) <= now:
        raise SamlRefused(SamlReason.SESSION_ENDED)


def _check_end(not_on_or_after: str, now: datetime, where: str) -> None:
    if instant_of(not_on_or_after) <= now - SKEW:
        raise SamlRefused(SamlReason.RESPONSE_EXPIRED, where)


def attributes_of(assertion: bytes) -> dict[str, tuple[str, ...]]:
    """Return the texts of attribute values by Name. They are not read by pysaml2, which would turn 007 into 7."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in parse(assertion).iter(tag("saml:Attribute")):
        texts = tuple(value.text for value in attribute if value.text)
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + texts
    return found


def claims_of(
    response_id: str, assertion: saml.Assertion, attributes: Mapping[str, tuple[str, ...]], now: datetime
) -> Claims:
    """Return the claims of an assertion that passed `check_assertion`."""
    statement = assertion.authn_statement[0]
    session_end = statement.session_not_on_or_after
    data = assertion.subject.subject_confirmation[0].subject_confirmation_data
    return Claims(
        response_id=response_id,
        assertion_id=assertion.id,
        in_response_to=data.in_response_to,
        issuer=strip_uri(assertion.issuer.text),
        name_id=assertion.subject.name_id.text,
        name_id_format=assertion.subject.name_id.format or saml.NAMEID_FORMAT_UNSPECIFIED,
        attributes=attributes,
        session_index=statement.session_index or "",
        session_not_on_or_after=instant_of(session_end) if session_end is not None else None,
        assertion_not_on_or_after=min(instant_of(data.not_on_or_after), now + MAX_AGE) + SKEW,
        authn_instant=instant_of(statement.authn_instant),
        subject=NameId.of(assertion.subject.name_id),
    )
