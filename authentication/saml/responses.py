"""Read a SAML response that passed the gate: signatures, the checks of the Web Browser SSO profile, then the claims.

Everything that says who somebody is comes from verified bytes. If only the assertion is signed, the response around
it can make us refuse, but nothing in it is believed.
"""

from datetime import datetime

from lxml import etree
from saml2 import saml, samlp

from authentication.saml.assertions import Claims, attributes_of, check_assertion, claims_of, first_end
from authentication.saml.checks import (
    Clock,
    check_in_response_to,
    check_issue_instant,
    check_issuer,
    check_version,
    instant_of,
)
from authentication.saml.comparing import differences
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import MAX_ID, Carries, Message
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.statuses import refuse_failure
from authentication.saml.texts import Text
from authentication.saml.texts import Text as _
from authentication.saml.verifying import verify
from authentication.saml.xml import Element, parse, strip_blanks, tag

MEASURED = _(
    "When the response arrived, the IdP's clock was %(difference)s, the time on the way included. "
    "A difference of %(seconds)s seconds is accepted."
)
_UNTIMELY = {SamlReason.NOT_YET_VALID, SamlReason.RESPONSE_EXPIRED, SamlReason.SESSION_ENDED}


def peek_in_response_to(message: Message) -> str | None:
    """Return the id of the request that a response says it answers, to look it up. Raises SamlRefused.

    Nothing is verified.
    """
    claimed = parse(message.xml).get("InResponseTo", "")
    if len(claimed) > MAX_ID:
        raise SamlRefused(SamlReason.BAD_ID, "InResponseTo")
    return claimed or None


def read_response(
    message: Message, *, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime
) -> Claims:
    """Return the claims of a response that answers the request in_response_to. Raises SamlRefused."""
    if message.carries is Carries.NOTHING:
        refuse_failure(_outer(message.xml), SamlReason.IDP_STATUS)
        raise SamlRefused(SamlReason.NO_ASSERTION)
    verified = verify(
        message,
        certificates=provider.certificates,
        allow_sha1=provider.allow_sha1,
        decryption_keys=sp.decryption_keys() if message.carries is Carries.ENCRYPTED_ASSERTION else (),
    )
    response = _outer(verified.response or message.xml)
    root = parse(verified.assertion)
    attributes = attributes_of(root)
    # pysaml2 would convert attribute values to their xsi:type.
    assertion = saml.assertion_from_string(_without(root, "saml:AttributeStatement"))
    clock = Clock(now, provider.skew)
    try:
        _check_outer(response, provider, sp, in_response_to, clock, is_signed=verified.response is not None)
        check_assertion(assertion, provider, sp, in_response_to, clock)
        return claims_of(response.id, in_response_to, assertion, attributes, first_end(response, assertion))
    except SamlRefused as refusal:
        is_response_signed = verified.response is not None
        refusal.differences = differences(
            response, assertion, provider, sp, clock, is_response_signed=is_response_signed
        )
        if refusal.reason in _UNTIMELY:
            refusal.notes.append(_measured(assertion, clock))
        raise


def _outer(xml: bytes) -> samlp.Response:
    """Return a response without its assertion, which is read from its verified bytes only."""
    return samlp.response_from_string(_without(parse(xml), "saml:Assertion", "saml:EncryptedAssertion"))


def _measured(assertion: saml.Assertion, clock: Clock) -> Text:
    """Return the difference of the clocks in a sentence. Raises SamlRefused."""
    difference = clock.compared(instant_of(assertion.issue_instant))
    return Text(MEASURED, difference=difference, seconds=f"{clock.skew.total_seconds():.0f}")


def _without(root: Element, *names: str) -> bytes:
    """Return a document without the children of these names, which are removed from it."""
    for name in names:
        for child in root.findall(tag(name)):
            root.remove(child)
    return etree.tostring(root)


def _check_outer(
    response: samlp.Response,
    provider: ProviderFacts,
    sp: SpFacts,
    in_response_to: str,
    clock: Clock,
    *,
    is_signed: bool,
) -> None:
    """Raise SamlRefused for a response that reports a failure, or is not from this provider, for us, and recent."""
    refuse_failure(response, SamlReason.IDP_STATUS)
    check_version(response)
    if response.issuer is not None:
        check_issuer(response.issuer, provider.entity_id)
    check_issue_instant(response, clock)
    # The bindings allow only an unsigned response to leave out its destination.
    is_missing = response.destination is None
    if (is_missing and is_signed) or (not is_missing and strip_blanks(response.destination) != sp.acs_url):
        raise SamlRefused(SamlReason.WRONG_DESTINATION)
    check_in_response_to(response.in_response_to, in_response_to)
