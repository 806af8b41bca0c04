"""Reads a SAML response: gate, signature, then every check of the Web Browser SSO profile, and only then claims.

Everything that says who somebody is comes from verified bytes. Of a response that is not signed itself, only its
assertion is; its outer element is then read to refuse, never to believe.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from lxml import etree
from saml2 import saml, samlp

from authentication.saml.assertions import Claims, attributes_of, check_assertion, claims_of
from authentication.saml.checks import (
    WHITE,
    check_in_response_to,
    check_issue_instant,
    check_issuer,
    check_version,
    failure,
)
from authentication.saml.errors import SamlReason, SamlRefused
from authentication.saml.gate import MAX_ID, Carries, check_response
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.verifying import verify
from authentication.saml.xml import parse, tag

Parsed = TypeVar("Parsed")


def peek_in_response_to(raw: str | bytes) -> str | None:
    """Return the request that a response claims to answer, to look it up: nothing is verified; raise SamlRefused."""
    claimed = parse(check_response(raw).xml).get("InResponseTo", "")
    if len(claimed) > MAX_ID:
        raise SamlRefused(SamlReason.BAD_ID, "InResponseTo")
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
    check_assertion(assertion, provider, sp, in_response_to, now)
    return claims_of(response.id, assertion, attributes_of(verified.assertion), now)


def _explain_no_assertion(xml: bytes) -> SamlRefused:
    """Return the refusal that fits a response without an assertion: the IdP's status, if that is a failure."""
    try:
        _check_status(_outer(xml))
    except SamlRefused as refused:
        return refused
    return SamlRefused(SamlReason.NO_ASSERTION)


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
        raise SamlRefused(SamlReason.UNREADABLE_VALUE) from None


def _check_outer(
    response: Any, provider: ProviderFacts, sp: SpFacts, in_response_to: str, now: datetime, *, is_signed: bool
) -> None:
    """Refuse a response that failed, or is from, for, about or of something else."""
    _check_status(response)
    check_version(response)
    if response.issuer is not None:
        check_issuer(response.issuer, provider.entity_id)
    check_issue_instant(response, now)
    _check_destination(response, sp, is_signed=is_signed)
    check_in_response_to(response.in_response_to, in_response_to)


def _check_status(response: Any) -> None:
    """Refuse every status but success, with the words that the SAML standard has for it."""
    if words := failure(response):
        raise SamlRefused(SamlReason.IDP_STATUS, words)


def _check_destination(response: Any, sp: SpFacts, *, is_signed: bool) -> None:
    """Refuse a response for another URL; the bindings want a signed one to say which."""
    destination = response.destination
    if (destination is None and is_signed) or (destination is not None and destination.strip(WHITE) != sp.acs_url):
        raise SamlRefused(SamlReason.WRONG_DESTINATION)
