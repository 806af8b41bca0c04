"""Reads a SAML response: gate, signature, then every check of the Web Browser SSO profile, and only then claims.

Everything that says who somebody is comes from verified bytes. Of a response that is not signed itself, only its
assertion is; its outer element is then read to refuse, never to believe.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from lxml import etree
from saml2 import saml, samlp

from .checks import MAX_AGE, SKEW, WHITE, check_issuer, check_version, failure, instant_of, is_usable_name_id, text_of
from .errors import Reason, SamlRefused
from .gate import MAX_ID, Carries, check_response, parse, tag
from .name_ids import NameId
from .signatures import verify

Parsed = TypeVar("Parsed")


@dataclass(frozen=True, slots=True)
class ProviderFacts:
    """The IdP as pinned: its issuer, its signing certificates as PEM, and whether SHA-1 is allowed for it."""

    entity_id: str
    certificates: tuple[str, ...]
    allow_sha1: bool


@dataclass(frozen=True, slots=True)
class SpFacts:
    """Our side of one provider; the decryption keys are PEM private RSA keys, several during a rollover.

    They are asked for only when something is encrypted.
    """

    entity_id: str
    acs_url: str
    decryption_keys: Callable[[], tuple[str, ...]] = tuple


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


def peek_in_response_to(raw: str | bytes) -> str | None:
    """Return the request that a response claims to answer, to look it up: nothing is verified; raise SamlRefused."""
    claimed = parse(check_response(raw).xml).get("InResponseTo", "")
    if len(claimed) > MAX_ID:
        raise SamlRefused(Reason.BAD_ID, "InResponseTo")
    return claimed or None


def read_response(
    raw: str | bytes, *, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime
) -> Claims:
    """Return the claims of a SAMLResponse form field that answers the request in_response_to; raise SamlRefused."""
    message = check_response(raw)
    if message.carries is Carries.NOTHING:
        raise _explain_no_assertion(message.xml)
    verified = verify(
        message,
        certificates=provider.certificates,
        allow_sha1=provider.allow_sha1,
        decryption_keys=sp.decryption_keys() if message.carries is Carries.ENCRYPTED_ASSERTION else (),
    )
    response = _outer(verified.response or message.xml)
    assertion = _parsed(saml.assertion_from_string, verified.assertion)
    _check_outer(response, provider, sp, in_response_to, now, is_signed=verified.response is not None)
    _check_assertion(assertion, provider, sp, in_response_to, now)
    return _claims(response.id, assertion, _attributes(verified.assertion), now)


def _explain_no_assertion(xml: bytes) -> SamlRefused:
    """Return the refusal that fits a response without an assertion: the IdP's status, if that is a failure."""
    try:
        _check_status(_outer(xml))
    except SamlRefused as refused:
        return refused
    return SamlRefused(Reason.NO_ASSERTION)


def _outer(xml: bytes) -> Any:
    """Return a response for pysaml2 without its assertion, of which only the verified bytes are ever read."""
    root = parse(xml)
    for name in ("saml:Assertion", "saml:EncryptedAssertion"):
        for element in root.findall(tag(name)):
            root.remove(element)
    return samlp.response_from_string(etree.tostring(root))


def _parsed(parser: Callable[[bytes], Parsed], xml: bytes) -> Parsed:
    try:
        return parser(xml)
    except ValueError:  # pysaml2 converts attribute values by their xsi:type
        raise SamlRefused(Reason.UNREADABLE_VALUE) from None


def _attributes(assertion: bytes) -> dict[str, tuple[str, ...]]:
    """Return the texts of attribute values by Name; pysaml2 would rewrite typed ones, such as 007 into 7."""
    found: dict[str, tuple[str, ...]] = {}
    for attribute in parse(assertion).iter(tag("saml:Attribute")):
        texts = tuple(value.text for value in attribute if value.text)
        name = attribute.get("Name", "")
        found[name] = found.get(name, ()) + texts
    return found


# The response around the assertion. -----------------------------------------------------------------------------------


def _check_outer(
    response: Any, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime, *, is_signed: bool
) -> None:
    """Refuse a response that failed, or is from, for, about or of something else."""
    _check_status(response)
    check_version(response)
    if response.issuer is not None:
        check_issuer(response.issuer, provider.entity_id)
    _check_issue_instant(response, now)
    _check_destination(response, sp, is_signed=is_signed)
    _check_in_response_to(response.in_response_to, in_response_to)


def _check_status(response: Any) -> None:
    """Refuse every status but success, with the words that the SAML standard has for it."""
    if words := failure(response):
        raise SamlRefused(Reason.IDP_STATUS, words)


def _check_destination(response: Any, sp: SpFacts, *, is_signed: bool) -> None:
    """Refuse a response for another URL; the bindings want a signed one to say which."""
    destination = response.destination
    if (destination is None and is_signed) or (destination is not None and destination.strip(WHITE) != sp.acs_url):
        raise SamlRefused(Reason.WRONG_DESTINATION)


# The assertion. -------------------------------------------------------------------------------------------------------


def _check_assertion(assertion: Any, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime) -> None:
    """Refuse an assertion that is not of this provider, for us, about this request, and valid now."""
    check_version(assertion)
    check_issuer(assertion.issuer, provider.entity_id)
    _check_issue_instant(assertion, now)
    _check_name_id(assertion.subject.name_id)
    _check_confirmation(assertion.subject.subject_confirmation, sp, in_response_to, now)
    _check_conditions(assertion.conditions, sp, now)
    _check_authn_statements(assertion.authn_statement, now)


def _check_issue_instant(element: Any, now: datetime) -> None:
    """Refuse what was issued long ago, however long it says to be valid: nobody needs an hour to be redirected."""
    issued = instant_of(element.issue_instant)
    if issued > now + SKEW:
        raise SamlRefused(Reason.NOT_YET_VALID, "IssueInstant")
    if issued <= now - MAX_AGE:
        raise SamlRefused(Reason.RESPONSE_EXPIRED, "IssueInstant")


def _check_name_id(name_id: Any) -> None:
    """Refuse a NameID that names nobody for good, or that could pass for another one by its white space."""
    if name_id is None or not name_id.text:
        raise SamlRefused(Reason.NAME_ID, "missing")
    if name_id.format == saml.NAMEID_FORMAT_TRANSIENT:
        raise SamlRefused(Reason.NAME_ID_TRANSIENT)
    if not is_usable_name_id(name_id.text):
        raise SamlRefused(Reason.NAME_ID, "characters")


def _check_confirmation(confirmations: list[Any], sp: SpFacts, in_response_to: str, now: datetime) -> None:
    """Refuse all but one bearer confirmation, at this ACS URL, for this request, until a time still to come."""
    if [confirmation.method for confirmation in confirmations] != [saml.SCM_BEARER]:
        raise SamlRefused(Reason.NOT_BEARER)
    data = confirmations[0].subject_confirmation_data
    if data is None or data.not_on_or_after is None or data.not_before is not None:
        raise SamlRefused(Reason.NOT_BEARER, "data")
    if (data.recipient or "").strip(WHITE) != sp.acs_url:
        raise SamlRefused(Reason.WRONG_RECIPIENT)
    _check_in_response_to(data.in_response_to, in_response_to)
    _check_end(data.not_on_or_after, now, "SubjectConfirmationData")


def _check_in_response_to(claimed: str | None, expected: str) -> None:
    if not claimed:
        raise SamlRefused(Reason.UNSOLICITED)
    if claimed != expected:
        raise SamlRefused(Reason.WRONG_REQUEST)


def _check_conditions(conditions: Any, sp: SpFacts, now: datetime) -> None:
    """Refuse conditions that are missing, not met now, or do not name us in each of their audiences."""
    if conditions is None:
        raise SamlRefused(Reason.CONDITIONS)
    if conditions.not_before is not None and instant_of(conditions.not_before) > now + SKEW:
        raise SamlRefused(Reason.NOT_YET_VALID, "Conditions")
    if conditions.not_on_or_after is not None:
        _check_end(conditions.not_on_or_after, now, "Conditions")
    _check_window(conditions)
    audiences = [{text_of(audience) for audience in each.audience} for each in conditions.audience_restriction]
    if not audiences or not all(sp.entity_id in each for each in audiences):
        raise SamlRefused(Reason.WRONG_AUDIENCE)


def _check_window(conditions: Any) -> None:
    """Refuse conditions that end before they begin."""
    if conditions.not_before is None or conditions.not_on_or_after is None:
        return
    if instant_of(conditions.not_before) >= instant_of(conditions.not_on_or_after):
        raise SamlRefused(Reason.CONDITIONS, "window")


def _check_authn_statements(statements: list[Any], now: datetime) -> None:
    if len(statements) != 1:
        raise SamlRefused(Reason.AUTHN_STATEMENT)
    end = statements[0].session_not_on_or_after
    if end is not None and instant_of(end) <= now:
        raise SamlRefused(Reason.SESSION_ENDED)


def _check_end(not_on_or_after: str, now: datetime, where: str) -> None:
    if instant_of(not_on_or_after) <= now - SKEW:
        raise SamlRefused(Reason.RESPONSE_EXPIRED, where)


# Claims. --------------------------------------------------------------------------------------------------------------


def _claims(response_id: str, assertion: Any, attributes: Mapping[str, tuple[str, ...]], now: datetime) -> Claims:
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
