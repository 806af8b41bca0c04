"""What the job “Forget old sign-ins” deletes, and above all what it leaves."""

from datetime import datetime, timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.actions import retention
from authentication.actions.attempts import record_attempt
from authentication.actions.retention import ATTEMPTS_KEPT, OTHERS_KEPT, forget_expired
from authentication.jobs import forget_sign_ins
from authentication.models import (
    AuthnRequest,
    ConsumedMessage,
    EndUserSession,
    PasswordTicket,
    SignInAttempt,
)
from authentication.models.saml import ExpiringQuerySet
from tests.authentication.end_users import environments, person
from tests.authentication.ways import Way, way
from workspace.db.keys import new_id
from workspace.models import AdministratorInvitation, ChangeEvent, EndUser, Environment
from workspace.visits import Visit

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
NOW = timezone.now()


@pytest.fixture
def dev(db) -> Environment:
    return environments()[0]


@pytest.fixture
def ada(dev) -> EndUser:
    return person(dev)


@pytest.fixture
def okta(dev) -> Way:
    return way(dev)


def attempt(dev: Environment, at: datetime) -> SignInAttempt:
    return record_attempt(
        environment=dev, visit=Visit(), now=at, reason="unknown_person", email=f"{new_id()}@a.example"
    )


def session(ada: EndUser, dev: Environment, number: int, **times: datetime) -> EndUserSession:
    return EndUserSession.objects.create(
        end_user=ada, environment=dev, digest=str(number), **{"last_seen_at": NOW, "expires_at": NOW, **times}
    )


def ticket(ada: EndUser, dev: Environment, number: int, **times: datetime) -> PasswordTicket:
    return PasswordTicket.objects.create(
        kind="reset", end_user=ada, environment=dev, email_key=ada.email, digest=str(number),
        **{"expires_at": NOW, **times},
    )  # fmt: skip


def test_attempts_are_kept_for_ninety_days(dev):
    kept = [attempt(dev, NOW), attempt(dev, NOW - ATTEMPTS_KEPT)]
    attempt(dev, NOW - ATTEMPTS_KEPT - SECOND)
    assert forget_expired(NOW)["sign in attempts"] == 1
    assert set(SignInAttempt.objects.all()) == set(kept)
    assert timedelta(days=90) == ATTEMPTS_KEPT


def test_sessions_are_kept_for_thirty_days_after_their_end(dev, ada):
    just, before = NOW - OTHERS_KEPT, NOW - OTHERS_KEPT - SECOND
    kept = [
        session(ada, dev, 1, expires_at=NOW + timedelta(hours=1)),
        session(ada, dev, 2, expires_at=just),
        session(ada, dev, 3, expires_at=NOW, ended_at=just),
    ]
    session(ada, dev, 4, expires_at=before)
    session(ada, dev, 5, expires_at=NOW, ended_at=before)
    assert forget_expired(NOW)["end user sessions"] == 2
    assert set(EndUserSession.objects.all()) == set(kept)


def test_links_are_kept_for_thirty_days_after_their_use_or_end(dev, ada):
    just, before = NOW - OTHERS_KEPT, NOW - OTHERS_KEPT - SECOND
    kept = [ticket(ada, dev, 1, expires_at=NOW + timedelta(days=7)), ticket(ada, dev, 2, expires_at=just, used_at=just)]
    ticket(ada, dev, 3, expires_at=before)
    ticket(ada, dev, 4, expires_at=NOW, used_at=before)
    assert forget_expired(NOW)["password tickets"] == 2
    assert set(PasswordTicket.objects.all()) == set(kept)


@pytest.mark.parametrize("settled", ["accepted_at", "withdrawn_at", "expires_at"])
def test_an_invitation_of_an_administrator_goes_30_days_after_it_was_settled(dev, settled):
    for days, email in ((31, "old@a.example"), (29, "new@a.example")):
        times = {"sent_at": NOW, "expires_at": NOW, settled: NOW - timedelta(days=days)}
        AdministratorInvitation.objects.create(workspace=dev.workspace, email=email, digest=email, **times)
    assert forget_expired(NOW)["administrator invitations"] == 1
    assert AdministratorInvitation.objects.get().email == "new@a.example"


def test_requests_are_kept_as_long_as_they_may_be_answered(okta):
    kept, gone = okta.begin(), okta.begin()
    AuthnRequest.objects.filter(pk=gone).update(expires_at=NOW)
    AuthnRequest.objects.filter(pk=kept).update(expires_at=NOW + SECOND, consumed_at=NOW)
    assert forget_expired(NOW)["authn requests"] == 1
    assert AuthnRequest.objects.get().pk == kept


def test_s7_an_assertion_is_forgotten_only_when_it_would_be_refused_for_its_age(okta, ada, monkeypatch):
    """The same assertion once more, in answer to another request, just before its row may go and right then."""
    first = okta.answer(okta.begin(), lifetime=timedelta(hours=2))
    assert okta.post(okta.idp.respond(first)).status_code == 302
    end = ConsumedMessage.objects.get().expires_at
    for now, rows, reason in ((end - SECOND, 1, "replayed"), (end, 0, "response_expired")):
        monkeypatch.setattr("django.utils.timezone.now", lambda now=now: now)
        forget_expired(now)
        assert ConsumedMessage.objects.count() == rows
        first.request_id = okta.begin()
        assert okta.post(okta.idp.respond(first)).status_code == 403
        assert SignInAttempt.objects.filter(reason=reason).count() == 1
        SignInAttempt.objects.all().delete()
    assert EndUserSession.objects.count() == 1


def test_every_table_whose_rows_expire_is_swept():
    models = apps.get_app_config("authentication").get_models()
    expiring = {model for model in models if isinstance(model.objects.all(), ExpiringQuerySet)}
    assert {AuthnRequest, ConsumedMessage} <= expiring
    assert {str(model._meta.verbose_name_plural) for model in expiring} <= forget_expired(NOW).keys()


def test_much_is_deleted_a_batch_at_a_time(dev, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(7):
        attempt(dev, NOW - ATTEMPTS_KEPT - SECOND)
    kept = attempt(dev, NOW)
    with CaptureQueriesContext(connection) as queries:
        assert forget_expired(NOW)["sign in attempts"] == 7
    deletes = [query for query in queries if query["sql"].startswith('DELETE FROM "authentication_signinattempt"')]
    assert len(deletes) == 3
    assert SignInAttempt.objects.get() == kept


def test_the_job_says_what_it_deleted_changes_nothing_else_and_may_be_repeated(dev, ada):
    attempt(dev, NOW - ATTEMPTS_KEPT - timedelta(days=1))
    before = (ChangeEvent.objects.count(), EndUser.objects.values().get())
    assert [forget_sign_ins(NOW) for _ in range(2)] == ["1 row deleted.", "0 rows deleted."]
    assert (ChangeEvent.objects.count(), EndUser.objects.values().get()) == before
