"""The first page of operators: what is wrong with the installation, and what to do about it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from authentication.health import sign_ins
from authentication.models import EnvironmentProvider, SignInAttempt, SigningCertificate
from provisioning.health import SILENT_AFTER
from provisioning.models import ProvisioningConnection, ScimToken
from tests import factories
from workspace.health import State, checked
from workspace.key_ring import join
from workspace.models import Environment, Job, KeyRing, OutgoingMail
from workspace.scheduling import run_due


@pytest.fixture
def operator(scim) -> Client:
    run_due(timezone.now())
    join()
    return factories.as_operator(Client())


def health() -> dict[str, list[str]]:
    return {each.name: [finding.words for finding in each.findings] for each in checked(timezone.now())}


def test_a_sound_installation_has_nothing_to_tell(operator):
    assert not any(health().values())
    response = operator.get("/operator/")
    assert {check.state for check in response.context["health"]} == {State.OK}
    content = response.content.decode()
    assert "Seal the audit log" in content and ("SQLite" in content or "PostgreSQL" in content)


def test_each_fault_is_told_and_leads_somewhere(operator, scim):
    now = timezone.now()
    late, failing = Job.objects.order_by("name")[:2]
    Job.objects.filter(pk=late.pk).update(due_at=now - timedelta(minutes=6))
    Job.objects.filter(pk=failing.pk).update(failure_count=3, error="ValueError: no\nmore")
    OutgoingMail.objects.create(recipients=["a@b.example"], subject="Hello", next_attempt_at=None)
    KeyRing.objects.update(sealing=[KeyRing.objects.get().sealing[0], KeyRing.objects.get().sealing[0]])
    ScimToken.objects.update(last_used_at=now - SILENT_AFTER - timedelta(hours=1))
    ProvisioningConnection.objects.update(is_enabled=True)
    EnvironmentProvider.objects.update(is_enabled=True)
    provider = scim.connection.environment_provider.identity_provider
    SigningCertificate.objects.filter(identity_provider=provider).delete()
    SigningCertificate.objects.create(
        identity_provider=provider, subject="CN=idp", fingerprint="AA", pem="x", not_before=now, not_after=now
    )
    place = Environment.objects.all()[0]
    refused = {"outcome": SignInAttempt.Outcome.REFUSED, "reason": "wrong_password", "count": 25, "fold_key": "f"}
    SignInAttempt.objects.create(environment=place, workspace_id=place.workspace_id, **refused)
    found = health()
    assert found["Jobs"] == [f"{failing.name} failed 3 times: ValueError: no", "1 job did not run in time."]
    assert found["Mail"] == ["Some mails were given up."]
    assert found["Key ring"] == ["Secrets are sealed with 2 keys."]
    assert found["SCIM connections"][0].startswith("Okta Dev in DEV of Acme has sent no request since ")
    assert found["Certificates"] == ["The certificate of Okta Dev of Acme has expired."]
    assert found["Sign-ins of the last hour"] == ["25 sign-ins refused in the last hour, 0 succeeded."]
    page = operator.get("/operator/")
    for check in page.context["health"]:
        for finding in check.findings:
            assert finding.what_to_do and (not finding.url or operator.get(finding.url).status_code == 200)
    Job.objects.all().delete()
    assert health()["Jobs"] == ["No job has run yet."]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one level")
def test_a_default_isolation_level_that_is_not_ours_is_told(operator):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_transaction_isolation = 'serializable'")
    assert health()["Database"] == ["A statement alone is serializable: requests at the same time fail."]


def test_the_newest_sign_ins_alone_are_looked_at(scim, monkeypatch):
    monkeypatch.setattr("authentication.health._LOOKED_AT", 2)
    place = scim.connection.environment
    for number, outcome in enumerate(["refused", "refused", "succeeded", "refused"]):
        SignInAttempt.objects.create(
            environment=place, workspace_id=place.workspace_id, outcome=outcome, fold_key=str(number)
        )
    assert sign_ins(timezone.now()).facts == [("Succeeded", "1"), ("Refused", "1")]


def test_the_first_page_takes_the_same_queries_however_much_there_is(operator):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get("/operator/").status_code == 200
        return len(captured)

    few = queries()
    for number in range(3):
        factories.scim_token(factories.identity_provider(factories.workspace(f"more{number}").environments.all()[0]))
    assert queries() == few <= 20
