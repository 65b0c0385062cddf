"""Saturation of resources (the S of USE): a ratio of use over limit for each component.

Probes run in the background (``sampler``); a scrape reads what they last found, and never waits.
A reading too old to trust is absent, not repeated: a dead probe must not look like a calm resource.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from foundation.metrics import MetricKind, MetricSpec

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
    "Failed measurements of a component's resource.",
    ("component", "resource"),
)
EVENTS = MetricSpec(
    "component_pressure_events_total",
    MetricKind.COUNTER,
    "Work that a component refused, evicted, throttled or did slowly because a resource was full.",
    ("component", "event"),
)
METRICS = (SATURATION, AGE, FAILURES, EVENTS)


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


class SaturationSource(Protocol):
    """What was last found, by component and resource (or event); answers from memory."""

    def readings(self, max_age_seconds: float) -> Sequence[tuple[Saturation, float]]: ...

    def ages(self) -> Mapping[tuple[str, str], float]: ...

    def failures(self) -> Mapping[tuple[str, str], int]: ...

    def events(self) -> Mapping[tuple[str, str], int]: ...


class SaturationCollector:
    """Exposes what the sampler last found; a reading older than that is absent, its age is not."""

    def __init__(self, sampler: SaturationSource, max_age_seconds: float = 30.0) -> None:
        self._sampler = sampler
        self._max_age = max_age_seconds

    def collect(self) -> Iterator[Metric]:
        young = self._sampler.readings(self._max_age)
        yield _family(GaugeMetricFamily, SATURATION, {(r.component, r.resource): r.ratio for r, _ in young})
        yield _family(GaugeMetricFamily, AGE, self._sampler.ages())
        yield _family(CounterMetricFamily, FAILURES, self._sampler.failures())
        yield _family(CounterMetricFamily, EVENTS, self._sampler.events())


def _family(
    kind: type[GaugeMetricFamily] | type[CounterMetricFamily],
    spec: MetricSpec,
    values: Mapping[tuple[str, str], float],
) -> Metric:
    family = kind(spec.name, spec.help, labels=list(spec.labels))
    for labels, value in values.items():
        family.add_metric(labels, value)
    return family
