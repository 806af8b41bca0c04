"""C14: a token has so many requests a second, and only its own connection feels it."""

from uuid import uuid4

import pytest

from provisioning.models import ScimRequest
from provisioning.payload.errors import ScimError
from provisioning.scim.rate import Limiter, limiter

RATE = 100


@pytest.fixture(autouse=True)
def rate(settings):
    settings.SCIM_REQUESTS_PER_SECOND = RATE


def spent(clock, token, count):
    """How many of so many requests pass."""
    passed = 0
    for _ in range(count):
        try:
            clock.limits.check(token, clock.now)
        except ScimError:
            continue
        passed += 1
    return passed


class Clock:
    def __init__(self):
        self.limits, self.now = Limiter(), 1000.0


def test_c14_ten_seconds_worth_at_once_then_the_rate(settings):
    clock, token = Clock(), uuid4()
    assert spent(clock, token, 2000) == 10 * RATE
    for _ in range(30):
        clock.now += 1
        assert spent(clock, token, 2 * RATE) == pytest.approx(RATE, abs=1)
    clock.now += 3600
    assert spent(clock, token, 2000) == 10 * RATE


def test_c14_twenty_five_a_second_are_never_refused_even_at_the_smallest_rate(settings):
    settings.SCIM_REQUESTS_PER_SECOND = 50
    clock, token = Clock(), uuid4()
    for _ in range(600):
        clock.now += 1
        assert spent(clock, token, 25) == 25


def test_c14_a_noisy_token_takes_nothing_from_another():
    clock, noisy, other = Clock(), uuid4(), uuid4()
    spent(clock, noisy, 5000)
    assert spent(clock, other, RATE) == RATE


def test_c14_whoever_is_refused_is_told_in_whole_seconds_when_to_go_on():
    clock, token = Clock(), uuid4()
    spent(clock, token, 2000)
    with pytest.raises(ScimError) as refusal:
        clock.limits.check(token, clock.now)
    assert refusal.value.status == 429
    assert refusal.value.headers["Retry-After"] == "1"
    clock.now += 1
    clock.limits.check(token, clock.now)


@pytest.mark.django_db
def test_c14_the_answer_is_a_scim_error_and_fills_no_log(scim, other):
    token = scim.connection.tokens.get().pk
    assert scim.get("/Users").status == 200
    limiter.buckets[token].left = -1e6
    answers = [scim.get("/Users") for _ in range(3)]
    assert {answer.status for answer in answers} == {429}
    assert answers[0].body["status"] == "429"
    assert int(answers[0].headers["Retry-After"]) > 0
    assert ScimRequest.objects.filter(connection=scim.connection, status=429).count() == 1
    assert other.get("/Users").status == 200


@pytest.mark.django_db
def test_c14_each_operation_of_a_bulk_request_counts(scim):
    token = scim.connection.tokens.get().pk
    operations = [{"method": "DELETE", "path": f"/Users/{uuid4()}"} for _ in range(30)]
    assert scim.post("/Bulk", {"Operations": operations}).status == 200
    assert limiter.buckets[token].left < 10 * RATE - 30
