"""How people respond, in numbers for boards: incidents of 30 days, time to take and to solve them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from statistics import fmean

from prometheus_client.core import GaugeMetricFamily, Metric

from alarms.model.incident import Incident
from alarms.model.severity import Severity
from foundation.metrics import MetricKind, MetricSpec

PERIOD = timedelta(days=30)

ALERTS_RECEIVED = MetricSpec(
    "mirante_alerts_received_total", MetricKind.COUNTER, "Alerts taken in.", ("source",)
)
NOTIFICATIONS = MetricSpec(
    "mirante_notifications_total",
    MetricKind.COUNTER,
    "Attempts to deliver a notification.",
    ("severity", "result"),
)
REPAIRED = MetricSpec(
    "mirante_escalations_repaired_total", MetricKind.COUNTER, "What the escalation auditor had to mend."
)
OLDEST_UNDELIVERED = MetricSpec(
    "mirante_oldest_undelivered_notification_seconds",
    MetricKind.GAUGE,
    "Age of the oldest message on its way.",
)
RECEIPTS = MetricSpec("mirante_alert_receipts", MetricKind.GAUGE, "Payloads on file.", ("state",))
OPEN = MetricSpec("mirante_incidents_open", MetricKind.GAUGE, "Open incidents.", ("severity",))
NOISE = MetricSpec(
    "mirante_alert_noise_ratio",
    MetricKind.GAUGE,
    "Share of a rule's incidents of 30 days that paged and went away untouched.",
    ("rule",),
)
RULE_ACKNOWLEDGE = MetricSpec(
    "mirante_time_to_acknowledge_seconds", MetricKind.GAUGE, "Median over 30 days, by rule.", ("rule",)
)
RULE_RESOLVE = MetricSpec(
    "mirante_time_to_resolve_seconds", MetricKind.GAUGE, "Median over 30 days, by rule.", ("rule",)
)
RECENT = MetricSpec(
    "mirante_incidents_30d", MetricKind.GAUGE, "Incidents opened within 30 days.", ("severity",)
)
ACKNOWLEDGE = MetricSpec(
    "mirante_incident_acknowledge_mean_seconds",
    MetricKind.GAUGE,
    "Mean time from opening to acknowledgement, incidents of 30 days.",
    ("severity",),
)
RESOLVE = MetricSpec(
    "mirante_incident_resolve_mean_seconds",
    MetricKind.GAUGE,
    "Mean time from opening to resolution, incidents of 30 days.",
    ("severity",),
)
METRICS = (
    ALERTS_RECEIVED,
    NOTIFICATIONS,
    REPAIRED,
    OLDEST_UNDELIVERED,
    RECEIPTS,
    OPEN,
    NOISE,
    RULE_ACKNOWLEDGE,
    RULE_RESOLVE,
    RECENT,
    ACKNOWLEDGE,
    RESOLVE,
)
"""Every series the router exposes about itself: boards, rules and the truth gates read this table."""


def response_metrics(incidents: Iterable[Incident], now: datetime) -> Iterator[Metric]:
    """Counts are 0 where nothing happened; a mean of nothing is absent."""
    recent = [incident for incident in incidents if incident.opened_at > now - PERIOD]
    yield _gauge(RECENT, recent, lambda group: float(len(group)))
    yield _gauge(ACKNOWLEDGE, recent, lambda group: _mean(_spans(group, lambda one: one.acknowledged_at)))
    yield _gauge(RESOLVE, recent, lambda group: _mean(_spans(group, lambda one: one.resolved_at)))


def _gauge(
    spec: MetricSpec, incidents: Sequence[Incident], measure: Callable[[Sequence[Incident]], float | None]
) -> Metric:
    family = GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels))
    for severity in Severity:
        value = measure([incident for incident in incidents if incident.severity is severity])
        if value is not None:
            family.add_metric([severity.value], value)
    return family


def _spans(group: Sequence[Incident], until: Callable[[Incident], datetime | None]) -> list[float]:
    ends = [(incident.opened_at, until(incident)) for incident in group]
    return [(end - start).total_seconds() for start, end in ends if end is not None and end >= start]


def _mean(seconds: Sequence[float]) -> float | None:
    return fmean(seconds) if seconds else None
