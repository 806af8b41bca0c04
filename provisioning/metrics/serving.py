"""The page that Prometheus reads, on a port of its own."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from provisioning.metrics.files import counted
from provisioning.metrics.state import StateCollector
from workspace.metrics import METRICS, SECONDS, Counts

_NAME = "workspace_admin"
_BOUNDS = [*map(str, SECONDS), "+Inf"]


class CountsCollector(Collector):
    """The counts of all processes of this node."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        counts = counted(self._directory)
        yield _times(counts)
        calls = CounterMetricFamily(
            f"{_NAME}_scim_requests", "Authenticated SCIM requests.", labels=["connection", "method", "outcome"]
        )
        sign_ins = CounterMetricFamily(f"{_NAME}_sign_ins", "Sign-ins of end users.", labels=["outcome", "reason"])
        families = {"scim_request": calls, "sign_in": sign_ins}
        for (kind, *labels), number in counts.items():
            if kind in families:
                families[kind].add_metric(list(map(str, labels)), number)
        yield from families.values()


def _times(counts: Counts) -> HistogramMetricFamily:
    """Return how long requests took. Each bound counts the requests of the lower ones too."""
    family = HistogramMetricFamily(f"{_NAME}_request_seconds", "Time to answer.", labels=["area", "outcome"])
    numbers: dict[tuple[str, str], list[float]] = defaultdict(lambda: [0] * len(_BOUNDS))
    for kind, *labels in counts:
        if kind == "request":
            area, outcome, place = labels
            numbers[str(area), str(outcome)][int(place)] = counts[kind, area, outcome, place]
    for key, found in numbers.items():
        family.add_metric(key, list(zip(_BOUNDS, accumulate(found), strict=True)), counts["request_seconds", *key])
    return family


def registry(directory: Path) -> CollectorRegistry:
    """Return what the page shows."""
    directory.mkdir(parents=True, exist_ok=True)
    found = CollectorRegistry()
    found.register(CountsCollector(directory))
    found.register(StateCollector())
    return found


def serve(address: str, port: int) -> None:
    """Answer Prometheus until the process ends."""
    _, thread = start_http_server(port, address, registry(METRICS))
    thread.join()
