"""Consistency index per pair of stores: how equal they are, and how sure we are of it.

An unknown index is an absent series, never 1: without a comparison nothing is proven.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric

from foundation.clock import Clock
from foundation.metrics import MetricKind, MetricSpec

INDEX = MetricSpec(
    "data_consistency_index_ratio",
    MetricKind.GAUGE,
    "Records equal in both stores over records compared, in the latest comparison.",
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
DIFFERENT = MetricSpec(
    "data_consistency_different_records",
    MetricKind.GAUGE,
    "Records that differed in the latest comparison, by class.",
    ("pair", "class"),
)
IN_FLIGHT = MetricSpec(
    "data_consistency_in_flight_records",
    MetricKind.GAUGE,
    "Records with a change still on its way in the latest comparison, so not judged.",
    ("pair",),
)
COVERAGE = MetricSpec(
    "data_consistency_coverage_ratio",
    MetricKind.GAUGE,
    "Records compared over all known records, in the latest comparison.",
    ("pair",),
)
UNCHECKED = MetricSpec(
    "data_consistency_oldest_unchecked_seconds",
    MetricKind.GAUGE,
    "Seconds since the longest-unchecked record was last compared.",
    ("pair",),
)
REPAIRED = MetricSpec(
    "data_consistency_repaired_records",
    MetricKind.GAUGE,
    "Records repaired, summed over the checks on file.",
    ("pair",),
)
REFUSED = MetricSpec(
    "data_consistency_repairs_refused",
    MetricKind.GAUGE,
    "Repairs refused because they would touch too many records, summed over the checks on file.",
    ("pair",),
)
ANOMALY = MetricSpec(
    "data_consistency_anomaly",
    MetricKind.GAUGE,
    "1 while this pattern is seen, else 0: sudden_rise, one_class, one_pair, lasting, unchecked.",
    ("pair", "pattern"),
)
METRICS = (
    INDEX,
    LOWER_BOUND,
    AGE,
    DIFFERENT,
    IN_FLIGHT,
    COVERAGE,
    UNCHECKED,
    REPAIRED,
    REFUSED,
    ANOMALY,
)


@dataclass(frozen=True, slots=True)
class PairReading:
    """The latest comparison of one pair of stores (``relational/hot``).

    ``index_ratio`` is equal records over compared ones, in [0, 1]; None when nothing was compared.
    ``lower_bound_ratio`` is its one-sided exact lower bound at ``confidence``; None likewise.
    ``measured_at`` is when the comparison ended, UTC. Everything has been compared since ``covered_since``.
    ``repaired`` and ``repairs_refused`` are over the checks on file; ``patterns`` says which are seen.
    """

    pair: str
    compared: int
    divergent: int
    index_ratio: float | None
    lower_bound_ratio: float | None
    confidence: float
    measured_at: datetime
    by_class: Mapping[str, int] = field(default_factory=dict)
    in_flight: int = 0
    coverage_ratio: float | None = None
    covered_since: datetime | None = None
    repaired: int = 0
    repairs_refused: int = 0
    patterns: Mapping[str, bool] = field(default_factory=dict)


class ConsistencySource(Protocol):
    """Where readings come from. Called at scrape: it answers from what is on file, without comparing."""

    def readings(self) -> Sequence[PairReading]: ...


class ConsistencyIndexCollector:
    """Exposes each pair's index, its lower bound and the age of the reading."""

    def __init__(self, source: ConsistencySource, clock: Clock) -> None:
        self._source = source
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        readings, now = self._source.readings(), self._clock.now()
        yield _gauge(INDEX, [((r.pair,), r.index_ratio) for r in readings])
        yield _gauge(LOWER_BOUND, [((r.pair,), r.lower_bound_ratio) for r in readings])
        yield _gauge(AGE, [((r.pair,), _age(r.measured_at, now)) for r in readings])
        yield _gauge(DIFFERENT, [((r.pair, name), n) for r in readings for name, n in r.by_class.items()])
        yield _gauge(IN_FLIGHT, [((r.pair,), r.in_flight) for r in readings])
        yield _gauge(COVERAGE, [((r.pair,), r.coverage_ratio) for r in readings])
        yield _gauge(UNCHECKED, [((r.pair,), _age(r.covered_since, now)) for r in readings])
        yield _gauge(REPAIRED, [((r.pair,), r.repaired) for r in readings])
        yield _gauge(REFUSED, [((r.pair,), r.repairs_refused) for r in readings])
        seen = [((r.pair, name), float(is_seen)) for r in readings for name, is_seen in r.patterns.items()]
        yield _gauge(ANOMALY, seen)


def _age(at: datetime | None, now: datetime) -> float | None:
    return None if at is None else max(0.0, (now - at).total_seconds())


def _gauge(spec: MetricSpec, values: Sequence[tuple[tuple[str, ...], float | None]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels))
    for labels, value in values:
        if value is not None:
            family.add_metric(labels, value)
    return family
