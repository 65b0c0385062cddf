"""Whether the recorded budgets are still those of the counts: how far apart, and beyond what is tolerated.

What is unknown has no drift series, neither 0 nor 1; ``slo_budget_audited`` says so, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from foundation.metrics import MetricKind, MetricSpec
from slo.drift import BudgetDrift, DriftVerdict

_OBJECTIVE = ("service", "slo", "objective", "group")

RATIO = MetricSpec(
    "slo_budget_drift_ratio",
    MetricKind.GAUGE,
    "Recorded value less counted one, over the counted one; of a ratio, the difference itself.",
    (*_OBJECTIVE, "series"),
)
DRIFTED = MetricSpec(
    "slo_budget_drifted",
    MetricKind.GAUGE,
    "1 while what is recorded lies outside the tolerance around the counts, else 0; absent when unknown.",
    (*_OBJECTIVE, "reason"),
)
AUDITED = MetricSpec(
    "slo_budget_audited",
    MetricKind.GAUGE,
    "1 when recorded and counted values could be compared, 0 when not, with the reason.",
    (*_OBJECTIVE, "reason"),
)
METRICS = (RATIO, DRIFTED, AUDITED)


class BudgetDriftCollector:
    """``latest`` answers with the findings that hold now, without an audit of its own."""

    def __init__(self, latest: Callable[[], Iterable[BudgetDrift]]) -> None:
        self._latest = latest

    def collect(self) -> Iterator[Metric]:
        families = {
            spec: GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels)) for spec in METRICS
        }
        for found in self._latest():
            labels, known = _labels(found), found.verdict is not DriftVerdict.UNKNOWN
            families[AUDITED].add_metric([*labels, found.reason.value if not known else "none"], float(known))
            if not known:
                continue
            drifted = found.verdict is DriftVerdict.DRIFTED
            families[DRIFTED].add_metric([*labels, found.reason.value], float(drifted))
            for gap in found.gaps:
                families[RATIO].add_metric([*labels, gap.series], gap.ratio)
        yield from families.values()


def _labels(found: BudgetDrift) -> list[str]:
    group = ",".join(f"{name}={value}" for name, value in sorted(found.labels))
    return [found.service, found.slo_id, found.objective, group]
