"""What the router does, in numbers: alerts in, messages out, incidents open, how fast people answer.

Totals only ever grow, and come from the router's own store, so that a restart forgets nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.ports.telemetry import MetricKind, MetricSpec

ALERTS_RECEIVED = MetricSpec(
    "mirante_alerts_received_total", MetricKind.COUNTER, "Alerts taken in, by source.", ("source",)
)
NOTIFICATIONS = MetricSpec(
    "mirante_notifications_total",
    MetricKind.COUNTER,
    "Messages handed to a notifier, by severity and result.",
    ("severity", "result"),
)
OPEN = MetricSpec("mirante_incidents_open", MetricKind.GAUGE, "Incidents not resolved.", ("severity",))
OPENED = MetricSpec("mirante_incidents_opened_total", MetricKind.COUNTER, "Incidents opened.", ("severity",))
ACKNOWLEDGED = MetricSpec(
    "mirante_incidents_acknowledged_total", MetricKind.COUNTER, "Incidents acknowledged.", ("severity",)
)
ACKNOWLEDGE_SECONDS = MetricSpec(
    "mirante_incident_acknowledge_seconds_total",
    MetricKind.COUNTER,
    "Seconds from opening to acknowledgement, added up over acknowledged incidents.",
    ("severity",),
)
RESOLVED = MetricSpec(
    "mirante_incidents_resolved_total", MetricKind.COUNTER, "Incidents resolved.", ("severity",)
)
RESOLVE_SECONDS = MetricSpec(
    "mirante_incident_resolve_seconds_total",
    MetricKind.COUNTER,
    "Seconds from opening to resolution, added up over resolved incidents.",
    ("severity",),
)
METRICS = (
    ALERTS_RECEIVED,
    NOTIFICATIONS,
    OPEN,
    OPENED,
    ACKNOWLEDGED,
    ACKNOWLEDGE_SECONDS,
    RESOLVED,
    RESOLVE_SECONDS,
)


@dataclass(frozen=True, slots=True)
class SeverityFigures:
    """Totals since the router's store began. Seconds are clock seconds. Give every severity, zeros too."""

    severity: str
    open: int
    opened: int
    acknowledged: int
    acknowledge_seconds: float
    resolved: int
    resolve_seconds: float


@dataclass(frozen=True, slots=True)
class RouterFigures:
    """``received`` by source; ``notified`` by (severity, result)."""

    received: Sequence[tuple[str, int]]
    notified: Sequence[tuple[tuple[str, str], int]]
    severities: Sequence[SeverityFigures]


class RouterSource(Protocol):
    """Answers from a few indexed sums: it is called at scrape."""

    def figures(self) -> RouterFigures: ...


class IncidentCollector:
    def __init__(self, source: RouterSource) -> None:
        self._source = source

    def collect(self) -> Iterator[Metric]:
        figures = self._source.figures()
        yield _family(ALERTS_RECEIVED, [((source,), count) for source, count in figures.received])
        yield _family(NOTIFICATIONS, list(figures.notified))
        for spec, values in _by_severity(figures.severities):
            yield _family(spec, values)


Values = Sequence[tuple[Sequence[str], float]]


def _by_severity(found: Sequence[SeverityFigures]) -> Iterator[tuple[MetricSpec, Values]]:
    yield OPEN, [((one.severity,), one.open) for one in found]
    yield OPENED, [((one.severity,), one.opened) for one in found]
    yield ACKNOWLEDGED, [((one.severity,), one.acknowledged) for one in found]
    yield ACKNOWLEDGE_SECONDS, [((one.severity,), one.acknowledge_seconds) for one in found]
    yield RESOLVED, [((one.severity,), one.resolved) for one in found]
    yield RESOLVE_SECONDS, [((one.severity,), one.resolve_seconds) for one in found]


def _family(spec: MetricSpec, values: Values) -> Metric:
    kind = CounterMetricFamily if spec.kind is MetricKind.COUNTER else GaugeMetricFamily
    family: CounterMetricFamily | GaugeMetricFamily = kind(spec.name, spec.help, labels=list(spec.labels))
    for labels, value in values:
        family.add_metric(list(labels), value)
    return family
