"""The charts on the overview of a provider and of Provisioning activity."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.actions.sign_in import record_attempt
from authentication.models import SignInAttempt
from provisioning.models import ScimRequest
from provisioning.views.day_charts import requests_by_day, requests_of_environment, sign_ins_by_day
from tests import factories
from tests.provisioning.setting_up import text, url
from workspace.visits import Visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(scim) -> Client:
    return factories.sign_in(Client(), factories.administrator(scim.connection.environment.workspace))


def overview(owner, scim):
    return owner.get(url("overview", scim.connection.environment_provider))


def summaries(page) -> list[str]:
    return re.findall(r'role="img"\s+aria-label="([^"]+)"', text(page))


def attempt(scim, *, email: str, reason: str = "") -> None:
    use = scim.connection.environment_provider
    record_attempt(
        environment=use.environment, identity_provider=use.identity_provider, visit=Visit(), now=timezone.now(),
        email=email, reason=reason,
    )  # fmt: skip


def test_the_overview_draws_sign_ins_and_requests_of_this_provider(scim, other, owner):
    scim.user("ada")
    scim.get("/Users/nobody")
    scim.get("/Users")
    other.get("/Users")
    for number in range(3):
        attempt(scim, email=f"p{number}@example.com")
    for _ in range(4):
        attempt(scim, email="ada@example.com", reason="not_provisioned")
    SignInAttempt.objects.filter(reason="not_provisioned").update(outcome=SignInAttempt.Outcome.REFUSED)
    assert summaries(overview(owner, scim)) == [
        "30 days: 3 signed in, 4 refused.",
        "30 days: 2 answered, 1 failed.",
    ]


def test_activity_draws_the_requests_of_the_environment_on_its_first_page_only(scim, other, owner):
    scim.user("ada")
    scim.get("/Users/nobody")
    other.get("/Users")
    where = "/workspaces/acme/dev/provisioning-activity/"
    assert summaries(owner.get(where)) == ["30 days: 1 answered, 1 failed."]
    assert summaries(owner.get(where, {"q": "ada"})) == []
    assert summaries(owner.get("/workspaces/acme/dev/provisioning-activity/requests/")) == [
        "30 days: 1 answered, 1 failed."
    ]


def test_without_any_the_pages_say_so(scim, owner):
    assert "None in 30 days." in text(overview(owner, scim))
    assert '<svg class="chart' not in text(owner.get("/workspaces/acme/dev/provisioning-activity/"))


def test_a_provider_without_scim_has_one_chart(use, admin):
    page = text(admin.get(url("overview", use)))
    assert "Sign-ins by day" in page and "SCIM requests by day" not in page


@pytest.mark.parametrize("log", [requests_by_day, requests_of_environment, sign_ins_by_day])
def test_a_log_of_many_rows_is_counted_from_an_index_alone(scim, log):
    connected = scim.connection
    subject = {
        requests_by_day: connected,
        requests_of_environment: connected.environment,
        sign_ins_by_day: connected.environment_provider,
    }[log]
    for _ in range(3):
        scim.get("/Users/nobody")
        attempt(scim, email="ada@example.com")
    counted = log(subject)
    for rows in (counted.rows, counted.bad):
        some = rows.order_by().filter(pk__gte=ScimRequest.objects.first().pk).values("pk")
        plan = some.explain()
        if connection.vendor == "sqlite":
            assert "SCAN" not in plan.replace("SCAN CONSTANT", "") and "USING" in plan, plan


def test_charts_take_the_same_queries_however_long_the_logs_are(scim, owner):
    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert owner.get(path).status_code == 200
        return len(found)

    paths = [url("overview", scim.connection.environment_provider), "/workspaces/acme/dev/provisioning-activity/"]
    scim.user("ada")
    attempt(scim, email="ada@example.com")
    few = [queries(path) for path in paths]
    for number in range(10):
        scim.user(f"p{number}")
        attempt(scim, email=f"p{number}@example.com")
    ScimRequest.objects.filter(method="POST").update(at=timezone.now() - timedelta(days=2))
    assert [queries(path) for path in paths] == few


def test_a_full_list_with_its_chart_weighs_less_than_50_kb(scim, owner):
    for number in range(60):
        scim.user(f"p{number}", displayName=f"Someone of the name {number}")
    for path in ("", "requests/"):
        assert len(owner.get(f"/workspaces/acme/dev/provisioning-activity/{path}").content) < 50_000
