"""What the job “Forget old SCIM requests” deletes of the request log, and what it leaves."""

from datetime import datetime, timedelta
from unittest import mock

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.actions import retention
from provisioning.actions.retention import REQUESTS_KEPT, forget_requests
from provisioning.jobs import forget_scim_requests
from provisioning.models import ProvisionedUser, ScimRequest
from tests.scim import Scim, make_connection
from workspace.db.keys import new_id
from workspace.models import ChangeEvent

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
NOW = timezone.now()


@pytest.fixture(params=["acme", "globex"])
def theirs(request) -> Scim:
    """Of whichever workspace."""
    return Scim(make_connection(request.param))


def logged(scim: Scim, at: datetime) -> ScimRequest:
    """A request of that time."""
    with mock.patch("time.time_ns", return_value=int(at.timestamp() * 1000) * 1_000_000):
        pk = new_id()
    return ScimRequest.objects.create(
        id=pk, at=at, connection=scim.connection, connection_name="x", status=200, duration_ms=1, method="GET",
        path="/Users", workspace_id=scim.connection.environment.workspace_id,
        environment_id=scim.connection.environment.pk,
    )  # fmt: skip


def test_requests_are_kept_for_thirty_days(theirs):
    kept = [logged(theirs, NOW), logged(theirs, NOW - REQUESTS_KEPT)]
    logged(theirs, NOW - REQUESTS_KEPT - SECOND)
    assert forget_requests(NOW) == 1
    assert set(ScimRequest.objects.all()) == set(kept)
    assert timedelta(days=30) == REQUESTS_KEPT


def test_requests_of_a_connection_that_is_gone_are_forgotten_too(scim):
    ScimRequest.objects.filter(pk=logged(scim, NOW - REQUESTS_KEPT - SECOND).pk).update(connection=None)
    assert forget_requests(NOW) == 1


def test_much_is_deleted_a_batch_at_a_time_and_found_by_its_id(scim, monkeypatch):
    monkeypatch.setattr(retention, "BATCH", 3)
    for _ in range(7):
        logged(scim, NOW - REQUESTS_KEPT - SECOND)
    kept = logged(scim, NOW)
    with CaptureQueriesContext(database) as queries:
        assert forget_requests(NOW) == 7
    deletes = [query["sql"] for query in queries if query["sql"].startswith("DELETE")]
    assert len(deletes) == 3
    assert not [query["sql"] for query in queries if '"at"' in query["sql"]]
    assert ScimRequest.objects.get() == kept


def test_the_job_forgets_requests_and_nothing_of_what_they_changed(scim):
    pk = scim.user()
    request = ScimRequest.objects.get()
    changes = list(ChangeEvent.objects.values())
    assert changes
    later = request.at + REQUESTS_KEPT + SECOND
    times = (request.at + REQUESTS_KEPT - SECOND, later, later)
    assert [forget_scim_requests(now)[:2] for now in times] == ["0 ", "1 ", "0 "]
    assert not ScimRequest.objects.exists()
    assert list(ChangeEvent.objects.values()) == changes
    assert str(ProvisionedUser.objects.get().pk) == pk
