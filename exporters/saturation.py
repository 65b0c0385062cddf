"""Saturation of what can run out (the S of USE): a ratio of use over limit for each component.

Probes run on their own thread; a scrape reads what the last probe found and never waits for one.
A reading too old to trust is absent, not repeated: a dead probe must not look like a calm resource.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.ports.telemetry import MetricKind, MetricSpec
from slo.clock import Clock

logger = logging.getLogger(__name__)

SATURATION = MetricSpec(
    "component_saturation_ratio",
    MetricKind.GAUGE,
    "Use over limit of a component's resource: 0 idle, 1 full.",
    ("component", "resource"),
)
AGE = MetricSpec(
    "component_saturation_reading_age_seconds",
    MetricKind.GAUGE,
    "Seconds since a component's resource was last measured.",
    ("component", "resource"),
)
FAILURES = MetricSpec(
    "component_saturation_probe_failures_total",
    MetricKind.COUNTER,
    "Measurements of a component's resource that failed.",
    ("component", "resource"),
)
METRICS = (SATURATION, AGE, FAILURES)


@dataclass(frozen=True, slots=True)
class Saturation:
    """``ratio`` is use over limit: 0 idle, 1 full; above 1 means more is waiting than fits."""

    component: str
    resource: str
    ratio: float
    measured_at: datetime


class SaturationProbe(Protocol):
    """Measures one resource. May block or raise: never called from a scrape.

    Raises:
        OSError: the resource could not be read; its series goes absent, and the error is counted.
    """

    @property
    def component(self) -> str: ...

    @property
    def resource(self) -> str: ...

    def measure(self) -> float | None:
        """Use over limit, or None when it is not known now (no limit, or first of two readings)."""
        ...


class SaturationSampler:
    """Runs the probes, keeps the last reading of each and how often each failed. Thread-safe."""

    def __init__(
        self, probes: Sequence[SaturationProbe], clock: Clock, interval_seconds: float = 5.0
    ) -> None:
        self._probes = tuple(probes)
        self._clock = clock
        self._interval = interval_seconds
        self._lock = threading.Lock()
        self._latest: dict[tuple[str, str], tuple[Saturation, float]] = {}
        self._failures: dict[tuple[str, str], int] = {(p.component, p.resource): 0 for p in probes}
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def sample(self) -> None:
        """Measure every resource once. A failed probe keeps its old reading, which ages away."""
        for probe in self._probes:
            key = (probe.component, probe.resource)
            try:
                ratio = probe.measure()
            except OSError as error:
                logger.warning("saturation of %s %s could not be read: %s", *key, error)
                with self._lock:
                    self._failures[key] += 1
                continue
            if ratio is not None:
                reading = Saturation(*key, ratio, self._clock.now())
                with self._lock:
                    self._latest[key] = (reading, self._clock.monotonic())

    def readings(self, max_age_seconds: float) -> Sequence[tuple[Saturation, float]]:
        """Readings no older than that, each with its age in real seconds, in name order."""
        now = self._clock.monotonic()
        with self._lock:
            aged = [(reading, now - taken) for reading, taken in self._latest.values()]
        young = [(reading, age) for reading, age in aged if age <= max_age_seconds]
        return sorted(young, key=lambda pair: (pair[0].component, pair[0].resource))

    def failures(self) -> Mapping[tuple[str, str], int]:
        with self._lock:
            return dict(sorted(self._failures.items()))

    def start(self) -> None:
        """Sample now and then every ``interval_seconds`` until ``stop``."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="saturation-sampler", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        self.sample()
        while not self._stop.wait(self._interval):
            self.sample()


class SaturationCollector:
    """Exposes what the sampler last found; a reading older than ``max_age_seconds`` is absent."""

    def __init__(self, sampler: SaturationSampler, max_age_seconds: float = 30.0) -> None:
        self._sampler = sampler
        self._max_age = max_age_seconds

    def collect(self) -> Iterator[Metric]:
        ratio = GaugeMetricFamily(SATURATION.name, SATURATION.help, labels=list(SATURATION.labels))
        age = GaugeMetricFamily(AGE.name, AGE.help, labels=list(AGE.labels))
        for reading, seconds in self._sampler.readings(self._max_age):
            labels = [reading.component, reading.resource]
            ratio.add_metric(labels, reading.ratio)
            age.add_metric(labels, seconds)
        failures = CounterMetricFamily(FAILURES.name, FAILURES.help, labels=list(FAILURES.labels))
        for (component, resource), count in self._sampler.failures().items():
            failures.add_metric([component, resource], count)
        yield from (ratio, age, failures)
