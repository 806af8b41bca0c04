"""S5: the clock skew is a setting of the installation, and Test sign-in shows the difference that it measured."""

from datetime import timedelta

import pytest
from django.core.exceptions import ImproperlyConfigured

from authentication.models import SignInAttempt
from authentication.saml.checks import Clock
from authentication.saml.errors import SamlReason
from tests.authentication.logouts import BINDINGS, deliver, message, open_sessions
from tests.authentication.responses import DATA, PROVIDER, refusal, set_attribute, signed
from tests.authentication.ways import reasons
from tests.idp import NOW, SKEW, instant
from workspace import installation

SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        (0, "the same as ours"),
        (0.4, "the same as ours"),
        (1, "1 second ahead of ours"),
        (-1.6, "2 seconds behind ours"),
        (119, "119 seconds ahead of ours"),
        (-120, "2 minutes behind ours"),
        (359, "6 minutes ahead of ours"),
        (2 * 3600 - 1, "120 minutes ahead of ours"),
        (-3 * 3600, "3 hours behind ours"),
        (400 * 24 * 3600, "400 days ahead of ours"),
    ],
)
def test_the_difference_of_two_clocks_is_said_in_words(seconds, says):
    assert Clock(NOW, SKEW).compared(NOW + timedelta(seconds=seconds)) == says


@pytest.mark.parametrize(
    ("shift", "reason", "says"),
    [
        (5 * 60, SamlReason.NOT_YET_VALID, "5 minutes ahead of ours"),
        (-9 * 60, SamlReason.RESPONSE_EXPIRED, "9 minutes behind ours"),
        (-2 * 3600, SamlReason.RESPONSE_EXPIRED, "2 hours behind ours"),
    ],
)
def test_a_refusal_for_the_time_says_the_difference(shift, reason, says):
    refused = refusal(signed(lambda root: None), now=NOW - timedelta(seconds=shift))
    assert refused.reason is reason
    (note,) = refused.notes
    assert f"the IdP's clock was {says}, the time on the way included." in note and "180 seconds" in note


def test_a_refusal_for_an_end_alone_says_the_difference_too():
    refused = refusal(signed(set_attribute(DATA, "NotOnOrAfter", instant(NOW - SKEW))))
    assert refused.reason is SamlReason.RESPONSE_EXPIRED and "the same as ours" in refused.notes[0]


def test_the_difference_is_measured_by_what_was_signed():
    unsigned = signed(lambda root: None, ("assertion",)).replace(
        f'IssueInstant="{instant(NOW)}"'.encode(), f'IssueInstant="{instant(NOW + timedelta(days=9))}"'.encode(), 1
    )
    refused = refusal(unsigned)
    assert refused.reason is SamlReason.NOT_YET_VALID and "the same as ours" in refused.notes[0]


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [0, 30, 180, 600])
def test_a_sign_in_may_be_as_far_ahead_as_the_setting_says(okta, ada, settings, seconds):
    settings.SAML_CLOCK_SKEW = timedelta(seconds=seconds)
    ahead = timedelta(seconds=seconds)
    assert okta.sign_in(now=okta.answer("_").now + ahead + 9 * SECOND).status_code == 403
    assert okta.sign_in(now=okta.answer("_").now + ahead - SECOND).status_code == 302
    assert reasons() == ["not_yet_valid", ""]
    told = SignInAttempt.objects.order_by("id").first().notes[0]
    assert "ahead of ours" in told and f"A difference of {seconds} seconds is accepted." in told


@pytest.mark.django_db
@pytest.mark.usefixtures("single_logout")
@pytest.mark.parametrize("binding", BINDINGS)
def test_s14_single_logout_has_the_same_skew(okta, ada, settings, binding):
    okta.sign_in()
    settings.SAML_CLOCK_SKEW = timedelta(seconds=600)
    sent = message(okta)
    sent.now += timedelta(seconds=590)
    assert deliver(okta, sent, binding).status_code == 302 and open_sessions() == 0


def test_the_skew_is_180_seconds_unless_it_is_set(monkeypatch):
    monkeypatch.delenv("SAML_CLOCK_SKEW", raising=False)
    assert installation.seconds("SAML_CLOCK_SKEW", default=180, most=3600) == timedelta(seconds=180) == PROVIDER.skew
    for value in ("0", "45", " 3600 "):
        monkeypatch.setenv("SAML_CLOCK_SKEW", value)
        assert installation.seconds("SAML_CLOCK_SKEW", default=180, most=3600) == timedelta(seconds=int(value))


@pytest.mark.parametrize("value", ["3 min", "-1", "3601", "1.5", "1e3", "٣", "9" * 5000])
def test_a_skew_that_is_no_number_of_seconds_stops_the_start(monkeypatch, value):
    monkeypatch.setenv("SAML_CLOCK_SKEW", value)
    with pytest.raises(ImproperlyConfigured, match="whole seconds, from 0 to 3600"):
        installation.seconds("SAML_CLOCK_SKEW", default=180, most=3600)
