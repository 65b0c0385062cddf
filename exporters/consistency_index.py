"""Consistency index per pair of stores: how equal they are, and how sure we are of it.

An unknown index is an absent series, never 1: a comparison that did not run proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric

from app.ports.telemetry import MetricKind, MetricSpec
from slo.clock import Clock

INDEX = MetricSpec(
    "data_consistency_index_ratio",
    MetricKind.GAUGE,
    "Records equal in both stores over records compared, latest comparison.",
    ("pair",),
)
LOWER_BOUND = MetricSpec(
    "data_consistency_index_lower_bound_ratio",
    MetricKind.GAUGE,
    "One-sided exact lower confidence bound of the consistency index.",
    ("pair",),
)
AGE = MetricSpec(
    "data_consistency_reading_age_seconds",
    MetricKind.GAUGE,
    "Age of the latest comparison of a pair of stores.",
    ("pair",),
)
METRICS = (INDEX, LOWER_BOUND, AGE)


@dataclass(frozen=True, slots=True)
class PairReading:
    """The latest comparison of one pair of stores (``relational/hot``).

    ``index_ratio`` is equal records over compared ones, in [0, 1]; None when nothing was compared.
    ``lower_bound_ratio`` is its one-sided exact lower bound at ``confidence``; None likewise.
    ``measured_at`` is when the comparison ended, UTC.
    """

    pair: str
    compared: int
    divergent: int
    index_ratio: float | None
    lower_bound_ratio: float | None
    confidence: float
    measured_at: datetime


class ConsistencySource(Protocol):
    """Where readings come from. Called at scrape: it answers from what is on file, without comparing."""

    def readings(self) -> Sequence[PairReading]: ...


class ConsistencyIndexCollector:
    """Exposes each pair's index, its lower bound and the age of the reading."""

    def __init__(self, source: ConsistencySource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        readings = self._source.readings()
        yield _gauge(INDEX, [(r.pair, r.index_ratio) for r in readings])
        yield _gauge(LOWER_BOUND, [(r.pair, r.lower_bound_ratio) for r in readings])
        now = self._clock.now()
        yield _gauge(AGE, [(r.pair, max(0.0, (now - r.measured_at).total_seconds())) for r in readings])


def _gauge(spec: MetricSpec, values: Sequence[tuple[str, float | None]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels))
    for pair, value in values:
        if value is not None:
            family.add_metric([pair], value)
    return family
