"""A Telemetry that remembers what was counted, observed and set; undeclared labels are refused."""

from __future__ import annotations

from collections import Counter

from foundation.metrics import MetricSpec

Key = tuple[str, tuple[tuple[str, str], ...]]


class RecordingTelemetry:
    def __init__(self) -> None:
        self.counts: Counter[Key] = Counter()
        self.observations: dict[Key, list[float]] = {}
        self.gauges: dict[Key, float] = {}

    def count(self, metric: MetricSpec, value: int = 1, /, **labels: str) -> None:
        self.counts[_key(metric, labels)] += value

    def observe(self, metric: MetricSpec, seconds: float, /, **labels: str) -> None:
        self.observations.setdefault(_key(metric, labels), []).append(seconds)

    def set(self, metric: MetricSpec, value: float, /, **labels: str) -> None:
        self.gauges[_key(metric, labels)] = value

    def counted(self, metric: MetricSpec, **labels: str) -> int:
        return self.counts[_key(metric, labels)]


def _key(metric: MetricSpec, labels: dict[str, str]) -> Key:
    assert set(labels) == set(metric.labels), f"{metric.name} is declared with labels {metric.labels}"
    return metric.name, tuple(sorted(labels.items()))
