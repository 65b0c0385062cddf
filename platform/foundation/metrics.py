"""Declaring, counting and timing what a service does: Prometheus series and the per-minute journal."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class MetricKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricSpec:
    """A declared series. ``journalled`` counters and histograms also feed the SLI ledger."""

    name: str
    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()  # seconds, histograms only
    journalled: bool = False


LATENCY_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0, 2.5, 5.0)

PROBES = MetricSpec(
    "probe_requests_total",
    MetricKind.COUNTER,
    "Probes sent from outside the API, by target and result: ok, failed.",
    ("target", "result"),
    journalled=True,
)


class Telemetry(Protocol):
    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        """Increase a declared counter; a journalled one goes to the SLI journal too, before returning."""
        ...

    def observe(self, metric: MetricSpec, seconds: float, /, **labels: str) -> None:
        """One observation of a declared histogram, in seconds of real monotonic time."""
        ...

    def set(self, metric: MetricSpec, value: float, /, **labels: str) -> None:
        """Set a declared gauge."""
        ...


class RequestTelemetry(Telemetry, Protocol):
    """Telemetry of a process that answers requests."""

    def batch(self) -> AbstractAsyncContextManager[None]:
        """Within it, journalled increments of this task are held; they are on file when it has ended,
        in one transaction with those of other requests. Nothing may be answered before it ends."""
        ...

    def declare(self, metric: MetricSpec, /, **labels: str) -> None:
        """Begin a series at zero: from now on its silence means that nothing happened."""
        ...

    @property
    def counting(self) -> bool:
        """False while the journal cannot be written: the process cannot vouch for its own counts."""
        ...
