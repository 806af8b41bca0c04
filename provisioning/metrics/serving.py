"""The page that Prometheus reads, on a port of its own."""

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CollectorRegistry, Metric, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from provisioning.metrics.files import retire_ended
from provisioning.metrics.state import StateCollector
from workspace.metrics import METRICS


class CountsCollector(Collector):
    """The counts of all processes of this node."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._counts = MultiProcessCollector(None, path=str(directory))

    def describe(self) -> Iterable[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        retire_ended(self._directory)
        return self._counts.collect()


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
