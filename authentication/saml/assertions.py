"""Check a verified assertion by the rules of the Web Browser SSO profile, and read its claims."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from saml2 import saml, samlp

from authentication.saml.checks import (
    MAX_AGE,
    Clock,
    check_in_response_to,
    check_issue_instant,
    check_issuer,
    check_version,
    instant_of,
    is_usable_name_id,
    time_of,
)
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.name_ids import NameId
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.xml import Element, strip_blanks, tag


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified assertion says. Times are UTC.

    An identity is (provider, name_id, name_id_format); subject is the NameID with everything that the IdP sent.
    session_index is "" if there is none, or not one alone. Before holds_until no time of the response is over.
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
    issued_at: datetime
    authn_instant: datetime
    subject: NameId
    holds_until: datetime

    @property
    def assertion_not_on_or_after(self) -> datetime:
        """Return when the assertion is refused for its age. Until then its id must be remembered."""
        return self.issued_at + MAX_AGE


def check_assertion(
    assertion: saml.Assertion, provider: ProviderFacts, sp: SpFacts, in_response_to: str, clock: Clock
) -> None:
    """Raise SamlRefused unless the assertion is from this provider, for us, for this request, and valid now."""
    check_version(assertion)
    check_issuer(assertion.issuer, provider.entity_id)
    check_issue_instant(assertion, clock)
    _check_name_id(assertion.subject.name_id)
    _check_confirmations(assertion.subject.subject_confirmation, sp, in_response_to, clock)
    _check_conditions(assertion.conditions, clock)
    _check_audiences(assertion.conditions.audience_restriction, sp)
    _check_authn_statements(assertion.authn_statement, clock)


def _check_name_id(name_id: saml.NameID | None) -> None:
    """Raise SamlRefused for a NameID that is missing, changes at every sign-in, or cannot be told from another."""
    if name_id is None or not NameId.of(name_id).text:
        raise SamlRefused(SamlReason.NAME_ID, "missing")
    if name_id.format == saml.NAMEID_FORMAT_TRANSIENT:
        raise SamlRefused(SamlReason.NAME_ID_TRANSIENT)
    if not is_usable_name_id(NameId.of(name_id).text):
        raise SamlRefused(SamlReason.NAME_ID, "characters")


def _check_confirmations(
    confirmations: list[saml.SubjectConfirmation], sp: SpFacts, in_response_to: str, clock: Clock
) -> None:
    """Raise SamlRefused unless one bearer confirmation holds; what the others say does not matter.

    Of several refusals, one for us tells more than one for another recipient.
    """
    refusals = [SamlRefused(SamlReason.NOT_BEARER)]
    for confirmation in confirmations:
        if confirmation.method != saml.SCM_BEARER:
            continue
        try:
            return _check_bearer(confirmation.subject_confirmation_data, sp, in_response_to, clock)
        except SamlRefused as refusal:
            refusals.append(refusal)
    for_us = [each for each in refusals if each.reason not in (SamlReason.NOT_BEARER, SamlReason.WRONG_RECIPIENT)]
    raise (for_us or refusals)[-1]


def _check_bearer(data: saml.SubjectConfirmationData | None, sp: SpFacts, in_response_to: str, clock: Clock) -> None:
    """Raise SamlRefused unless a bearer confirmation is for our ACS URL and this request, and still valid."""
    if data is None or data.not_on_or_after is None or data.not_before is not None:
        raise SamlRefused(SamlReason.NOT_BEARER, "data")
    if strip_blanks(data.recipient) != sp.acs_url:
        raise SamlRefused(SamlReason.WRONG_RECIPIENT)
    check_in_response_to(data.in_response_to, in_response_to)
    _check_end(data.not_on_or_after, clock, "SubjectConfirmationData")


def _check_conditions(conditions: saml.Conditions | None, clock: Clock) -> None:
    """Raise SamlRefused if the conditions are missing or their times do not hold now."""
    if conditions is None:
        raise SamlRefused(SamlReason.CONDITIONS)
    begin, end = conditions.not_before, conditions.not_on_or_after
    if begin is not None and clock.is_to_come(instant_of(begin)):
        raise SamlRefused(SamlReason.NOT_YET_VALID, "Conditions")
    if end is not None:
        _check_end(end, clock, "Conditions")
    if begin is not None and end is not None and instant_of(begin) >= instant_of(end):
        raise SamlRefused(SamlReason.CONDITIONS, "window")


def _check_audiences(restrictions: list[saml.AudienceRestriction], sp: SpFacts) -> None:
    """Raise SamlRefused unless there are restrictions and every one of them names us."""
    audiences = [{strip_blanks(audience.text) for audience in restriction.audience} for restriction in restrictions]
    if not audiences or not all(sp.entity_id in names for names in audiences):
        raise SamlRefused(SamlReason.WRONG_AUDIENCE)


def _check_authn_statements(statements: list[saml.AuthnStatement], clock: Clock) -> None:
    """Raise SamlRefused unless there is a statement and the IdP's session has not ended."""
    if not statements:
        raise SamlRefused(SamlReason.AUTHN_STATEMENT)
    end = _session_end(statements)
    if end is not None and end <= clock.now:
        raise SamlRefused(SamlReason.SESSION_ENDED)


def _session_end(statements: list[saml.AuthnStatement]) -> datetime | None:
    """Return the earliest end of the IdP's session; None if none is said. Raises SamlRefused."""
    ends = [each.session_not_on_or_after for each in statements]
    return min((instant_of(end) for end in ends if end is not None), default=None)


def _check_end(not_on_or_after: str, clock: Clock, where: str) -> None:
    if clock.is_over(instant_of(not_on_or_after)):
        raise SamlRefused(SamlReason.RESPONSE_EXPIRED, where)


def attributes_of(assertion: Element) -> dict[str, tuple[str, ...]]:
    """Return the texts of attribute values by Name. A value that holds elements counts as absent.

    They are not read by pysaml2, which would turn 007 into 7.
    """
    found: dict[str, tuple[str, ...]] = {}
    for attribute in assertion.iterfind(f"{tag('saml:AttributeStatement')}/{tag('saml:Attribute')}"):
        texts = tuple(value.text for value in attribute if value.text and not len(value))
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + texts
    return found


def first_end(response: samlp.Response, assertion: saml.Assertion) -> datetime:
    """Return the earliest end of what `check_assertion` and the response around it say."""
    said = [each.subject_confirmation_data for each in assertion.subject.subject_confirmation]
    ends = [each.not_on_or_after for each in (assertion.conditions, *said) if each is not None]
    ends += [each.session_not_on_or_after for each in assertion.authn_statement]
    too_old = [instant_of(each.issue_instant) + MAX_AGE for each in (response, assertion)]
    return min([*too_old, *(time for end in ends if (time := time_of(end)))])


def claims_of(
    response_id: str,
    in_response_to: str,
    assertion: saml.Assertion,
    attributes: Mapping[str, tuple[str, ...]],
    holds_until: datetime,
) -> Claims:
    """Return the claims of an assertion that passed `check_assertion` for the request in_response_to."""
    statements, subject = assertion.authn_statement, NameId.of(assertion.subject.name_id)
    indexes = {each.session_index for each in statements if each.session_index}
    return Claims(
        response_id=response_id,
        assertion_id=assertion.id,
        in_response_to=in_response_to,
        issuer=strip_blanks(assertion.issuer.text),
        name_id=subject.text,
        name_id_format=subject.format or saml.NAMEID_FORMAT_UNSPECIFIED,
        attributes=attributes,
        session_index=indexes.pop() if len(indexes) == 1 else "",
        session_not_on_or_after=_session_end(statements),
        issued_at=instant_of(assertion.issue_instant),
        authn_instant=max(instant_of(each.authn_instant) for each in statements),
        subject=subject,
        holds_until=holds_until,
    )
