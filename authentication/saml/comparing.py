"""What a message says beside what is expected, for an administrator to compare and to mend.

Only what is signed is quoted, because anybody can write the rest. It decides nothing: `responses.py` has refused by
then, and all that is wrong is listed, not only what came first.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from saml2 import SamlBase, saml, samlp

from authentication.saml.checks import MAX_AGE, Clock, time_of
from authentication.saml.difference import Difference, Kind, differing
from authentication.saml.parties import ProviderFacts, SpFacts
from authentication.saml.texts import Text
from authentication.saml.texts import Text as _
from authentication.saml.xml import strip_blanks

FORMAT = _("Format of the %(issuer)s")


def differences(
    response: samlp.Response,
    assertion: saml.Assertion,
    provider: ProviderFacts,
    sp: SpFacts,
    clock: Clock,
    *,
    is_response_signed: bool,
) -> list[Difference]:
    """Return everything about issuer, addressees and times that is not as expected; the assertion is verified."""
    of_response = _of_response(response, provider, sp, clock, is_signed=is_response_signed)
    found = list(of_response if is_response_signed else map(_unsigned, of_response))
    found += _of_assertion(assertion, provider, sp, clock)
    return _together(found)


def logout_differences(
    message: SamlBase, provider: ProviderFacts, slo_url: str, not_on_or_after: str | None, clock: Clock
) -> list[Difference]:
    """Return the same of a logout message, all of which is verified."""
    return [
        *_of_issuer("Issuer", message.issuer, provider.entity_id),
        *_of_url(Kind.LOGOUT_URL, "Destination", [message.destination], slo_url),
        *_of_issue_instant("IssueInstant", message.issue_instant, clock),
        *_of_end("NotOnOrAfter", not_on_or_after, clock),
    ]


def _of_response(
    response: samlp.Response, provider: ProviderFacts, sp: SpFacts, clock: Clock, *, is_signed: bool
) -> Iterator[Difference]:
    if response.issuer is not None:
        yield from _of_issuer(_("Issuer of the response"), response.issuer, provider.entity_id)
    if is_signed or response.destination is not None:
        yield from _of_url(Kind.URL, "Destination", [response.destination], sp.acs_url)
    yield from _of_issue_instant(_("IssueInstant of the response"), response.issue_instant, clock)


def _of_assertion(
    assertion: saml.Assertion, provider: ProviderFacts, sp: SpFacts, clock: Clock
) -> Iterator[Difference]:
    yield from _of_issuer(_("Issuer of the assertion"), assertion.issuer, provider.entity_id)
    yield from _of_confirmations(assertion.subject.subject_confirmation, sp, clock)
    if assertion.conditions is not None:
        yield from _of_audiences(assertion.conditions.audience_restriction, sp)
    yield from _of_issue_instant(_("IssueInstant of the assertion"), assertion.issue_instant, clock)
    if assertion.conditions is not None:
        yield from _of_begin(_("NotBefore of Conditions"), assertion.conditions.not_before, clock)
        yield from _of_end(_("NotOnOrAfter of Conditions"), assertion.conditions.not_on_or_after, clock)
    for statement in assertion.authn_statement:
        yield from _of_session_end(statement.session_not_on_or_after, clock)
        yield from _of_no_time("AuthnInstant", statement.authn_instant)


def _of_issuer(name: str, issuer: saml.Issuer, entity_id: str) -> Iterator[Difference]:
    """Yield the difference between an issuer and the entity ID of the IdP, if there is one."""
    if strip_blanks(issuer.text) != entity_id:
        yield differing(Kind.ISSUER, name, [strip_blanks(issuer.text)], [entity_id])
    elif issuer.format not in (None, saml.NAMEID_FORMAT_ENTITY):
        yield differing(Kind.ISSUER, Text(FORMAT, issuer=name), [issuer.format], [saml.NAMEID_FORMAT_ENTITY])


def _of_url(kind: Kind, name: str, sent: Iterable[str | None], expected: str) -> Iterator[Difference]:
    """Yield the difference between the URLs that a message is addressed to and the one it came to, if none is that."""
    urls = [strip_blanks(url) for url in sent]
    if expected not in urls:
        yield differing(kind, name, urls, [expected])


def _of_issue_instant(name: str, value: str | None, clock: Clock) -> Iterator[Difference]:
    """Yield what is wrong with the time at which a message was issued."""
    issued = time_of(value)
    if issued is None:
        yield from _of_no_time(name, value)
    elif clock.is_to_come(issued):
        yield _untimely(Kind.TOO_EARLY, name, issued, clock)
    elif clock.is_too_old(issued):
        yield _untimely(Kind.TOO_OLD, name, issued, clock)


def _of_end(name: str, value: str | None, clock: Clock) -> Iterator[Difference]:
    """Yield what is wrong with the time until which a message counts."""
    end = time_of(value)
    yield from _of_no_time(name, value)
    if end is not None and clock.is_over(end):
        yield _untimely(Kind.TOO_LATE, name, end, clock)


def _of_begin(name: str, value: str | None, clock: Clock) -> Iterator[Difference]:
    begin = time_of(value)
    yield from _of_no_time(name, value)
    if begin is not None and clock.is_to_come(begin):
        yield _untimely(Kind.TOO_EARLY, name, begin, clock)


def _of_session_end(value: str | None, clock: Clock) -> Iterator[Difference]:
    name, end = "SessionNotOnOrAfter", time_of(value)
    yield from _of_no_time(name, value)
    if end is not None and end <= clock.now:
        yield _untimely(Kind.SESSION_OVER, name, end, clock)


def _of_no_time(name: str, value: str | None) -> Iterator[Difference]:
    if value is not None and time_of(value) is None:
        yield differing(Kind.NO_TIME, name, [value], [])


def _of_confirmations(confirmations: list[saml.SubjectConfirmation], sp: SpFacts, clock: Clock) -> Iterator[Difference]:
    """Yield what is wrong with the bearer confirmations; nothing if one of them holds."""
    bearers = [each.subject_confirmation_data for each in confirmations if each.method == saml.SCM_BEARER]
    complete = [data for data in bearers if data is not None]
    yield from _of_url(Kind.URL, "Recipient", [data.recipient for data in complete], sp.acs_url)
    ours = [data for data in complete if strip_blanks(data.recipient) == sp.acs_url]
    late = [list(_of_end(_("NotOnOrAfter of SubjectConfirmationData"), data.not_on_or_after, clock)) for data in ours]
    if all(late):
        yield from (difference for each in late for difference in each)


def _of_audiences(restrictions: list[saml.AudienceRestriction], sp: SpFacts) -> Iterator[Difference]:
    """Yield the audiences of the restrictions that do not name us."""
    named = [[strip_blanks(audience.text) for audience in restriction.audience] for restriction in restrictions]
    foreign = [names for names in named if sp.entity_id not in names]
    if foreign or not named:
        yield differing(Kind.AUDIENCE, "Audience", [name for names in foreign for name in names], [sp.entity_id])


def _untimely(kind: Kind, name: str, sent: datetime, clock: Clock) -> Difference:
    allowed = {Kind.TOO_OLD: MAX_AGE, Kind.SESSION_OVER: timedelta()}.get(kind, clock.skew)
    return differing(kind, name, [sent.isoformat()], [clock.now.isoformat()], allowed=allowed.total_seconds())


def _unsigned(difference: Difference) -> Difference:
    return {**difference, "sent": [], "more": 0, "is_signed": False}


def _together(found: list[Difference]) -> list[Difference]:
    """Return differences, those with the same values as one."""
    merged: dict[str, Difference] = {}
    for each in found:
        key = repr({**each, "names": []})
        if key in merged:
            merged[key]["names"] += each["names"]
        else:
            merged[key] = each
    return list(merged.values())
