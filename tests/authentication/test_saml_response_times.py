"""S5: when a Response counts."""

from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from authentication.saml.errors import SamlReason, SamlRefused
from tests.authentication.responses import ASSERTION, AUTHN, CONDITIONS, DATA, IDP, read, reason, set_attribute, signed
from tests.idp import NOW, NS, SKEW, Answer, instant

SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
ENDS = [(DATA, "NotOnOrAfter"), (CONDITIONS, "NotOnOrAfter")]


@pytest.mark.parametrize(("path", "name"), ENDS)
def test_s5_an_end_may_be_up_to_the_skew_ago(path, name):
    assert read(signed(set_attribute(path, name, instant(NOW - SKEW + SECOND))))
    assert reason(signed(set_attribute(path, name, instant(NOW - SKEW)))) is SamlReason.RESPONSE_EXPIRED


def test_s5_a_beginning_may_be_up_to_the_skew_ahead():
    assert read(signed(set_attribute(CONDITIONS, "NotBefore", instant(NOW + SKEW))))
    late = set_attribute(CONDITIONS, "NotBefore", instant(NOW + SKEW + SECOND))
    assert reason(signed(late)) is SamlReason.NOT_YET_VALID


@pytest.mark.parametrize("path", [".", ASSERTION])
def test_s5_it_was_issued_within_the_hour(path):
    hour = timedelta(hours=1)
    for time in (NOW + SKEW, NOW - hour + SECOND):
        assert read(signed(set_attribute(path, "IssueInstant", instant(time))))
    early = set_attribute(path, "IssueInstant", instant(NOW + SKEW + SECOND))
    assert reason(signed(early)) is SamlReason.NOT_YET_VALID
    assert reason(signed(set_attribute(path, "IssueInstant", instant(NOW - hour)))) is SamlReason.RESPONSE_EXPIRED


def test_s5_a_long_validity_does_not_outlive_the_hour():
    xml = IDP.respond(Answer(lifetime=timedelta(days=3000)))
    claims = read(xml)
    assert claims.assertion_not_on_or_after == NOW + timedelta(hours=1)
    assert reason(xml, now=claims.assertion_not_on_or_after) is SamlReason.RESPONSE_EXPIRED


def test_s7_an_id_that_is_forgotten_in_time_cannot_come_back():
    for lifetime in (SECOND, MINUTE, timedelta(minutes=59), timedelta(hours=30)):
        for late in (timedelta(0), -MINUTE, SECOND):
            xml = IDP.respond(Answer(lifetime=lifetime))
            claims = read(xml, now=NOW + late)
            assert reason(xml, now=claims.assertion_not_on_or_after) is SamlReason.RESPONSE_EXPIRED


def test_s5_conditions_may_leave_times_out_but_not_contradict_themselves():
    for name in ("NotBefore", "NotOnOrAfter"):
        assert read(signed(set_attribute(CONDITIONS, name, None)))

    def contradiction(root: etree._Element) -> None:
        root.find(CONDITIONS, NS).set("NotBefore", instant(NOW + SECOND))
        root.find(CONDITIONS, NS).set("NotOnOrAfter", instant(NOW + SECOND))

    assert reason(signed(contradiction)) is SamlReason.CONDITIONS


def test_s5_the_idps_session_end_is_handed_on():
    assert read(IDP.respond(Answer(session_lifetime=None))).session_not_on_or_after is None
    assert reason(IDP.respond(Answer(session_lifetime=timedelta(0)))) is SamlReason.SESSION_ENDED
    assert read(IDP.respond(Answer(session_lifetime=SECOND))).session_not_on_or_after == NOW + SECOND


@pytest.mark.parametrize(
    ("path", "name"),
    [
        (".", "IssueInstant"),
        (ASSERTION, "IssueInstant"),
        (DATA, "NotOnOrAfter"),
        (CONDITIONS, "NotBefore"),
        (CONDITIONS, "NotOnOrAfter"),
        (AUTHN, "AuthnInstant"),
        (AUTHN, "SessionNotOnOrAfter"),
    ],
)
def test_s5_times_are_utc_in_the_form_of_the_standard(path, name):
    time = "2026-01-15T12:00:30"
    for value in (f"{time}.1234567Z", f"{time}+00:00"):
        assert read(signed(set_attribute(path, name, value)))
    for value in ("", "now", time, f"{time}+02:00", f"{time}z", f" {time}Z", "20260115T120030Z", "2026-W03-4T12:00:30Z",
                  "2026-02-30T12:00:30Z", "२०२६-01-15T12:00:30Z", "99999-01-15T12:00:30Z"):  # fmt: skip
        assert reason(signed(set_attribute(path, name, value))) is SamlReason.UNREADABLE_TIME
    for value in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"):
        try:
            read(signed(set_attribute(path, name, value)))
        except SamlRefused as refused:
            assert refused.reason is not SamlReason.UNREADABLE_TIME  # noqa: PT017 - either is right


def test_times_are_utc_in_claims():
    assert read(IDP.respond(Answer())).authn_instant == datetime(2026, 1, 15, 12, tzinfo=UTC)
