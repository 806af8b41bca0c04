"""Metrics for Prometheus: bounded labels, no personal data, no count lost with its process, nothing without a port."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from authentication.models import EnvironmentProvider, SigningCertificate
from provisioning.metrics.serving import registry
from provisioning.models import ProvisioningConnection, ScimToken
from tests.commands import PROJECT, outer_environment
from workspace import metrics
from workspace.models import Job
from workspace.scheduling import run_due

DASHBOARD = PROJECT / "workspace" / "deploy" / "grafana.json"
_CONNECTION = "0192f5e0-0000-7000-8000-000000000001"
# Counts as the middleware and a sign-in do, in two processes, of which one ends and the other is killed.
_PROGRAM = f"""
import os, signal, time, types, django
django.setup()
from django.http import HttpResponse
from django.test import RequestFactory
from provisioning.metrics.counting import count_requests
from workspace import metrics
from workspace.metrics import count_sign_in
metrics.WRITTEN_AFTER = 0.01
def answer(status, **more):
    def handle(request):
        vars(request).update(more)
        return HttpResponse(status=status)
    return count_requests(handle)
call = types.SimpleNamespace(by=types.SimpleNamespace(id="{_CONNECTION}"))
requests = RequestFactory()
answer(200, scim=call)(requests.get("/scim/x/v2/Users"))
answer(409, scim=call)(requests.post("/scim/x/v2/Users"))
answer(401)(requests.get("/scim/ada@example.com/v2/Users"))
answer(503)(requests.generic("BREW", "/ada@example.com/"))
if worker := os.fork():
    os.waitpid(worker, 0)
else:
    answer(200, scim=call)(requests.get("/scim/x/v2/Users"))
    while not metrics.read_counts(metrics.METRICS / f"{{os.getpid()}}.json"):
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)
count_sign_in("refused", "wrong_password")
"""


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> Path:
    """The files of processes that have ended. One is of an older release."""
    data = tmp_path_factory.mktemp("metrics")
    (data / "metrics").mkdir()
    (data / "metrics" / "counter_7.db").touch()
    variables = {"DATA_DIR": str(data), "METRICS_PORT": "9464", "DJANGO_SETTINGS_MODULE": "workspace.settings"}
    subprocess.run([sys.executable, "-c", _PROGRAM], cwd=PROJECT, env=outer_environment() | variables, check=True)
    return data / "metrics"


@pytest.fixture
def whole(counted, scim) -> CollectorRegistry:
    """What Prometheus is shown of an installation with everything."""
    now = timezone.now()
    run_due(now)
    ProvisioningConnection.objects.update(is_enabled=True)
    EnvironmentProvider.objects.update(is_enabled=True)
    ScimToken.objects.update(last_used_at=now)
    SigningCertificate.objects.create(
        identity_provider=scim.connection.environment_provider.identity_provider,
        subject="CN=idp", fingerprint="AA", pem="x", not_before=now, not_after=now + timedelta(days=900),
    )  # fmt: skip
    Job.objects.filter(name="Import people").update(due_at=now - timedelta(minutes=2))
    return registry(counted)


def samples(page: CollectorRegistry) -> dict[tuple[str, tuple[str, ...]], float]:
    families = text_string_to_metric_families(generate_latest(page).decode())
    return {(each.name, tuple(each.labels.values())): each.value for family in families for each in family.samples}


def test_counts_outlive_their_process_and_its_files_are_removed(whole, counted):
    found = samples(whole)
    assert found["workspace_admin_scim_requests_total", (_CONNECTION, "GET", "ok")] == 2
    assert found["workspace_admin_scim_requests_total", (_CONNECTION, "POST", "refused")] == 1
    assert found["workspace_admin_request_seconds_count", ("scim", "ok")] == 2
    assert found["workspace_admin_request_seconds_count", ("other", "failed")] == 1
    assert found["workspace_admin_sign_ins_total", ("refused", "wrong_password")] == 1
    assert found["workspace_admin_request_seconds_count", ("scim", "refused")] == 2
    assert found["workspace_admin_request_seconds_bucket", ("scim", "+Inf", "ok")] == 2
    assert {file.name for file in counted.iterdir()} == {"0.json", "lock"}
    assert samples(whole)["workspace_admin_sign_ins_total", ("refused", "wrong_password")] == 1
    alive = counted / f"{os.getpid()}.json"
    alive.write_bytes((counted / "0.json").read_bytes())
    assert samples(whole)["workspace_admin_sign_ins_total", ("refused", "wrong_password")] == 2
    assert alive.exists()
    alive.unlink()


def test_no_label_holds_personal_data_or_what_a_client_chose(whole):
    text = generate_latest(whole).decode()
    assert "ada@" not in text and "BREW" not in text and "okta" not in text.lower()


def test_the_state_of_the_database_is_shown(whole, scim):
    found = samples(whole)
    provider = scim.connection.environment_provider.identity_provider
    assert found["workspace_admin_database_up", ()] == 1
    assert 899 < found["workspace_admin_certificate_days", (str(provider.pk), "idp")] <= 900
    assert found["workspace_admin_scim_last_call_timestamp_seconds", (str(scim.connection.pk),)] > 1.7e9
    assert 119 < found["workspace_admin_job_lag_seconds", ("Import people",)] < 200


def test_every_metric_and_label_of_the_dashboard_exists(whole):
    families = {each.name: each for each in whole.collect()}
    labels = {name: {label for each in family.samples for label in each.labels} for name, family in families.items()}
    labels["workspace_admin_database_connections"] = {"state"}
    for panel in json.loads(DASHBOARD.read_text())["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            (name,) = set(re.findall(r"workspace_admin_\w+", expression))
            family = re.sub("_(total|bucket|count|sum)$", "", name)
            assert family in families, name
            used = set(re.findall(r"{{(\w+)}}", target["legendFormat"])) | set(re.findall(r"{(\w+)=", expression))
            used |= {each for by in re.findall(r"by \(([^)]*)\)", expression) for each in by.split(", ")}
            # Prometheus adds the instance.
            assert used <= labels[family] | {"le", "instance"}, panel["title"]


def test_without_a_port_nothing_is_counted(db):
    assert metrics.metrics is None and not any("metrics" in each for each in settings.MIDDLEWARE)
    metrics.count_sign_in("refused", "wrong_password")
    with pytest.raises(CommandError, match="Set METRICS_PORT"):
        call_command("metrics")
