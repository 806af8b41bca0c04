"""What Prometheus is told of the state in the database: jobs, mail, certificates, connections."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import Lock

from django.db import Error, connection
from django.db.models import Max
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from authentication.actions.certificate_notices import expiring_keys, expiring_providers
from provisioning.models import ProvisioningConnection
from workspace import outage
from workspace.models import Job, OutgoingMail

_KEPT_SECONDS = 10
# Of certificates and connections each.
_MOST = 1000
_FAR = datetime.max.replace(tzinfo=timezone.get_default_timezone(), year=9000)


class StateCollector(Collector):
    """Reads the database when it is asked, at most every few seconds."""

    def __init__(self) -> None:
        self._lock, self._read_at, self._families = Lock(), 0.0, list[GaugeMetricFamily]()

    def describe(self) -> list[GaugeMetricFamily]:
        """Return nothing: the registry need not ask the database as the process starts."""
        return []

    def collect(self) -> list[GaugeMetricFamily]:
        with self._lock:
            if not self._families or time.monotonic() - self._read_at > _KEPT_SECONDS:
                self._families, self._read_at = _read(), time.monotonic()
            return self._families


def _read() -> list[GaugeMetricFamily]:
    is_up = GaugeMetricFamily("workspace_admin_database_up", "Whether the database answers.")
    try:
        families = list(_families(timezone.now()))
        is_up.add_metric([], 1)
    except Error as error:
        outage.note(error)
        families = []
        is_up.add_metric([], 0)
    finally:
        # Each scrape has a thread of its own.
        if not connection.in_atomic_block:
            connection.close()
    return [is_up, *families]


def _families(now: datetime) -> Iterator[GaugeMetricFamily]:
    lag = GaugeMetricFamily("workspace_admin_job_lag_seconds", "For how long a job is due.", labels=["job"])
    failures = GaugeMetricFamily("workspace_admin_job_failures", "Failures since the last success.", labels=["job"])
    for job in Job.objects.all():
        is_running = job.leased_until is not None and job.leased_until > now
        lag.add_metric([job.name], 0 if is_running else max(0.0, (now - job.due_at).total_seconds()))
        failures.add_metric([job.name], job.failure_count)
    yield from (lag, failures)
    waiting = OutgoingMail.objects.overdue(now)[:_MOST].count()
    yield GaugeMetricFamily("workspace_admin_mails_overdue", "Mails due for more than a minute.", value=waiting)
    yield _certificates(now)
    yield _last_calls()
    yield _connections()


def _certificates(now: datetime) -> GaugeMetricFamily:
    words = "Days until a certificate in use expires, by the id of the provider or of our own key."
    days = GaugeMetricFamily("workspace_admin_certificate_days", words, labels=["side", "id"])
    for provider in expiring_providers(_FAR)[:_MOST]:
        not_after = provider.not_after  # type: ignore[attr-defined] # annotated
        days.add_metric(["idp", str(provider.pk)], _days(not_after - now))
    for key in expiring_keys(_FAR)[:_MOST]:
        days.add_metric(["sp", str(key.pk)], _days(key.not_after - now))
    return days


def _days(time: timedelta) -> float:
    return round(time / timedelta(days=1), 2)


def _last_calls() -> GaugeMetricFamily:
    words = "When a connection that is on was last called, in seconds since 1970."
    last = GaugeMetricFamily("workspace_admin_scim_last_call_timestamp_seconds", words, labels=["connection"])
    rows = ProvisioningConnection.objects.filter(is_enabled=True).values_list("pk", Max("tokens__last_used_at"))
    for pk, at in rows[:_MOST]:
        if at:
            last.add_metric([str(pk)], at.timestamp())
    return last


def _connections() -> GaugeMetricFamily:
    words = "Connections to the PostgreSQL database by their state."
    found = GaugeMetricFamily("workspace_admin_database_connections", words, labels=["state"])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT coalesce(state, 'unknown'), count(*) FROM pg_stat_activity "
                "WHERE datname = current_database() GROUP BY 1"
            )
            for state, number in cursor.fetchall():
                found.add_metric([state], number)
    return found
