"""State of every objective: burn per window, budget left, target, and whether there is data at all.

An unknown burn or budget is an absent series, never 0 and never 1. ``slo_has_data`` says which it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from foundation.metrics import MetricKind, MetricSpec
from foundation.quantities import duration_text
from slo.judge.status import ObjectiveStatus

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
    "Share of the period's error budget that is left; below 0 when overspent.",
    _OBJECTIVE,
)
GOOD = MetricSpec(
    "slo_good_events", MetricKind.GAUGE, "Good events counted in the period so far.", _OBJECTIVE
)
TOTAL = MetricSpec("slo_total_events", MetricKind.GAUGE, "Events counted in the period so far.", _OBJECTIVE)
HAS_DATA = MetricSpec(
    "slo_has_data",
    MetricKind.GAUGE,
    "1 when counts arrived in time, 0 when the objective has no fresh counts.",
    _OBJECTIVE,
)
METRICS = (TARGET, BURN, BUDGET, GOOD, TOTAL, HAS_DATA)


class SloStatusCollector:
    """``latest`` answers with the last judgement, without making one: it is called at scrape."""

    def __init__(self, latest: Callable[[], Iterable[ObjectiveStatus]]) -> None:
        self._latest = latest

    def collect(self) -> Iterator[Metric]:
        families = {
            spec: GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels)) for spec in METRICS
        }
        for status in self._latest():
            labels = _labels(status)
            families[TARGET].add_metric(labels, float(status.objective.target))
            families[HAS_DATA].add_metric(labels, float(status.known))
            families[GOOD].add_metric(labels, status.counts.good)
            families[TOTAL].add_metric(labels, status.counts.total)
            if not status.known:
                continue
            families[BUDGET].add_metric(labels, float(status.budget.left_ratio))
            for window, found in status.windows.items():
                if found.burn is not None:
                    families[BURN].add_metric([*labels, duration_text(window)], float(found.burn))
        yield from families.values()


def _labels(status: ObjectiveStatus) -> list[str]:
    slo = status.slo
    group = ",".join(f"{name}={value}" for name, value in sorted(status.labels))
    return [status.environment, slo.service, slo.id, status.objective.name, group]
