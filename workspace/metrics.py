"""What requests and sign-ins are counted for Prometheus. Without METRICS_PORT nothing is, and no library is loaded.

Each process writes its counts to files of its own in METRICS; `manage.py metrics` adds them up.
"""

import os
from functools import cache

from django.conf import settings

METRICS = settings.DATA_DIR / "metrics"
# Prometheus keeps a series for each value of a label. Further connections are counted together.
_MOST_CONNECTIONS = 1000
_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """The counters of this process. Labels name areas, methods, outcomes and ids of connections, never people."""

    def __init__(self) -> None:
        METRICS.mkdir(parents=True, exist_ok=True)
        # The library reads it as it loads.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(METRICS)
        from prometheus_client import CollectorRegistry, Counter, Histogram

        own, name = CollectorRegistry(), "workspace_admin"
        areas, calls = ["area", "outcome"], ["connection", "method", "outcome"]
        self._requests = Histogram(f"{name}_request_seconds", "Time to answer.", areas, registry=own, buckets=_SECONDS)
        self._scim = Counter(f"{name}_scim_requests", "Authenticated SCIM requests.", calls, registry=own)
        self._sign_ins = Counter(f"{name}_sign_ins", "Sign-ins of end users.", ["outcome", "reason"], registry=own)
        self._connections: set[str] = set()
        # Finding a series by its labels takes longer than counting.
        self._request = cache(self._requests.labels)
        self._scim_request = cache(self._scim.labels)

    def count_request(self, area: str, status: int, seconds: float) -> None:
        self._request(area, outcome_of(status)).observe(seconds)

    def count_scim_request(self, connection: str, method: str, status: int) -> None:
        if connection not in self._connections:
            if len(self._connections) >= _MOST_CONNECTIONS:
                connection = "other"
            self._connections.add(connection)
        self._scim_request(connection, method if method in _METHODS else "other", outcome_of(status)).inc()

    def count_sign_in(self, outcome: str, reason: str) -> None:
        self._sign_ins.labels(outcome, reason).inc()


metrics = Metrics() if settings.METRICS_PORT else None


def count_sign_in(outcome: str, reason: str) -> None:
    """Count an attempt to sign in."""
    if metrics:
        metrics.count_sign_in(outcome, reason)


def outcome_of(status: int) -> str:
    """Return the outcome that a status of HTTP means."""
    return "ok" if status < 400 else "refused" if status < 500 else "failed"
