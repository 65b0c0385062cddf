"""State of every objective: burn per window, budget left, target, and whether there is data at all.

An unknown burn or budget is an absent series, never 0 and never 1. ``slo_has_data`` says which it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily, Metric

from foundation.metrics import MetricKind, MetricSpec

_OBJECTIVE = ("environment", "service", "slo", "objective", "group")

TARGET = MetricSpec(
    "slo_objective_target_ratio", MetricKind.GAUGE, "The objective's target, as a ratio.", _OBJECTIVE
)
BURN = MetricSpec(
    "slo_burn_rate_ratio",
    MetricKind.GAUGE,
    "Error ratio over error budget in the window; 1 spends the budget exactly in the period.",
    (*_OBJECTIVE, "window"),
)
BUDGET = MetricSpec(
    "slo_error_budget_remaining_ratio",
    MetricKind.GAUGE,
    "Share of the period's error budget that is left; below 0 it is overspent.",
    _OBJECTIVE,
)
GOOD = MetricSpec(
    "slo_good_events", MetricKind.GAUGE, "Good events counted in the period so far.", _OBJECTIVE
)
TOTAL = MetricSpec("slo_total_events", MetricKind.GAUGE, "Events counted in the period so far.", _OBJECTIVE)
HAS_DATA = MetricSpec(
    "slo_has_data",
    MetricKind.GAUGE,
    "1 when counts arrived in time, 0 when the objective is blind.",
    _OBJECTIVE,
)
METRICS = (TARGET, BURN, BUDGET, GOOD, TOTAL, HAS_DATA)


@dataclass(frozen=True, slots=True)
class ObjectiveReading:
    """One objective now. Ratios; ``burn`` maps window text (``1h``) to a burn rate, None when unknown."""

    environment: str
    service: str
    slo_id: str
    objective: str
    target: float
    burn: Mapping[str, float | None]
    budget_remaining: float | None
    good: int
    total: int
    has_data: bool
    group: Mapping[str, str] = field(default_factory=dict)

    @property
    def labels(self) -> list[str]:
        group = ",".join(f"{name}={value}" for name, value in sorted(self.group.items()))
        return [self.environment, self.service, self.slo_id, self.objective, group]


class SloSource(Protocol):
    """Answers from the last evaluation, without computing one: it is called at scrape."""

    def readings(self) -> Sequence[ObjectiveReading]: ...


class SloStatusCollector:
    def __init__(self, source: SloSource) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        families = {
            spec: GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels)) for spec in METRICS
        }
        for reading in self._source.readings():
            families[TARGET].add_metric(reading.labels, reading.target)
            families[HAS_DATA].add_metric(reading.labels, float(reading.has_data))
            families[GOOD].add_metric(reading.labels, reading.good)
            families[TOTAL].add_metric(reading.labels, reading.total)
            if reading.budget_remaining is not None:
                families[BUDGET].add_metric(reading.labels, reading.budget_remaining)
            for window, burn in reading.burn.items():
                if burn is not None:
                    families[BURN].add_metric([*reading.labels, window], burn)
        yield from families.values()
