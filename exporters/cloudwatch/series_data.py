"""A registry's series as data for CloudWatch: gauges as they are, counters and histograms by what they grew.

CloudWatch adds up what it is sent, so that a counter's growth since the last time is what it must be sent.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import CollectorRegistry
from prometheus_client.samples import Sample

from exporters.cloudwatch.datum import Datum
from exporters.cloudwatch.namespace import ENVIRONMENT, NAMESPACE, dimensions
from foundation.metrics import MetricKind, MetricSpec

UNNAMED = "-"  # a dimension may not be empty
LONGEST_VALUE = 1024

Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Counted:
    """What a counter or histogram had come to: ``buckets`` by upper edge, cumulative."""

    count: float = 0.0
    total: float = 0.0
    buckets: Mapping[float, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Offered:
    """A datum, and what its series will have come to once it is sent (None: a gauge remembers nothing)."""

    key: Key
    datum: Datum
    counted: Counted | None


class SeriesData:
    """``offer`` says what to send; ``sent`` remembers it, so that the next offer begins there."""

    def __init__(self, registry: CollectorRegistry, specs: Iterable[MetricSpec], environment: str) -> None:
        self._registry, self._environment = registry, environment
        self._specs = {name: spec for spec in specs for name in _sample_names(spec)}
        self._sent: dict[Key, Counted] = {}

    def offer(self, at: datetime) -> Sequence[Offered]:
        gauges: list[Offered] = []
        counted: dict[Key, tuple[MetricSpec, list[Sample]]] = {}
        for sample in self._samples():
            spec = self._specs[sample.name]
            key = (spec.name, self._dimensions(spec, sample.labels))
            if spec.kind is MetricKind.GAUGE:
                gauges.append(Offered(key, _datum(key, at, (sample.value,), (1.0,)), None))
            else:
                counted.setdefault(key, (spec, []))[1].append(sample)
        return [*gauges, *self._grown(counted, at)]

    def sent(self, offered: Iterable[Offered]) -> None:
        self._sent |= {one.key: one.counted for one in offered if one.counted is not None}

    def _samples(self) -> Iterator[Sample]:
        for family in self._registry.collect():
            for sample in family.samples:
                if sample.name in self._specs and math.isfinite(sample.value):
                    yield sample

    def _dimensions(self, spec: MetricSpec, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        known = {ENVIRONMENT: self._environment, **labels}
        return tuple((name, _dimension_value(known.get(name, ""))) for name in dimensions(spec.labels))

    def _grown(
        self, counted: Mapping[Key, tuple[MetricSpec, list[Sample]]], at: datetime
    ) -> Iterator[Offered]:
        """Also growth of 0: silence must be told from a quiet minute."""
        for key, (spec, samples) in counted.items():
            now, before = _counted(spec, samples), self._sent.get(key, Counted())
            if now.count < before.count:
                before = Counted()
            if spec.kind is MetricKind.COUNTER:
                yield Offered(key, _datum(key, at, (now.total - before.total,), (1.0,)), now)
            elif now.count > before.count:
                values, counts = spread(now, before)
                yield Offered(key, _datum(key, at, values, counts), now)


def spread(now: Counted, before: Counted) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """One value for each bucket that grew, all at the same depth of theirs, so that the mean is exact.

    Percentiles are then right to the bucket. What fell above the last edge stands at that edge, or above it
    as far as the sum demands.
    """
    edges = sorted(now.buckets)
    lower = dict(zip(edges, [0.0, *edges], strict=False))
    grown = {edge: now.buckets[edge] - before.buckets.get(edge, 0.0) for edge in edges}
    own = {edge: grown[edge] - grown.get(lower[edge], 0.0) for edge in edges}
    filled = {edge: count for edge, count in own.items() if count > 0}
    last = max((edge for edge in edges if math.isfinite(edge)), default=0.0)
    least = sum(count * lower[edge] for edge, count in filled.items())
    room = sum(count * (edge - lower[edge]) for edge, count in filled.items() if math.isfinite(edge))
    above = filled.get(math.inf, 0.0)
    rest = max(0.0, now.total - before.total - least)
    depth = min(1.0, rest / room) if room > 0 else 0.0
    beyond = (rest - depth * room) / above if above else 0.0
    values = tuple(
        lower[edge] + depth * (edge - lower[edge]) if math.isfinite(edge) else last + beyond
        for edge in filled
    )
    return values, tuple(filled.values())


def _counted(spec: MetricSpec, samples: Sequence[Sample]) -> Counted:
    if spec.kind is MetricKind.COUNTER:
        return Counted(samples[0].value, samples[0].value)
    buckets = {float(s.labels["le"]): s.value for s in samples if s.name.endswith("_bucket")}
    total = sum(s.value for s in samples if s.name.endswith("_sum"))
    return Counted(buckets.get(math.inf, 0.0), total, buckets)


def _sample_names(spec: MetricSpec) -> tuple[str, ...]:
    if spec.kind is MetricKind.HISTOGRAM:
        return (f"{spec.name}_bucket", f"{spec.name}_sum")
    return (spec.name,)


def _datum(key: Key, at: datetime, values: tuple[float, ...], counts: tuple[float, ...]) -> Datum:
    return Datum(NAMESPACE, key[0], key[1], at, values, counts)


def _dimension_value(text: str) -> str:
    """ASCII, not empty, not too long: what CloudWatch takes."""
    plain = text.encode("ascii", "backslashreplace").decode("ascii").strip()
    return plain[:LONGEST_VALUE] or UNNAMED
