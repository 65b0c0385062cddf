"""How people respond, in numbers for boards: incidents of 30 days, time to take and to solve them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import fmean
from typing import Literal

from prometheus_client.core import GaugeMetricFamily, Metric

from alarms.model.incident import Incident
from alarms.model.severity import Severity
from foundation.metrics import MetricKind, MetricSpec

PERIOD = timedelta(days=30)

ALERTS_RECEIVED = MetricSpec(
    "mirante_alerts_received_total", MetricKind.COUNTER, "Alerts received.", ("source",)
)
NOTIFICATIONS = MetricSpec(
    "mirante_notifications_total",
    MetricKind.COUNTER,
    "Attempts to deliver a notification.",
    ("severity", "result"),
)
REPAIRED = MetricSpec(
    "mirante_escalations_repaired_total", MetricKind.COUNTER, "Problems that the escalation auditor fixed."
)
OLDEST_UNDELIVERED = MetricSpec(
    "mirante_oldest_undelivered_notification_seconds",
    MetricKind.GAUGE,
    "Age of the oldest message not yet delivered.",
)
RECEIPTS = MetricSpec("mirante_alert_receipts", MetricKind.GAUGE, "Payloads on file, by state.", ("state",))
OPEN = MetricSpec("mirante_incidents_open", MetricKind.GAUGE, "Open incidents.", ("severity",))
NOISE = MetricSpec(
    "mirante_alert_noise_ratio",
    MetricKind.GAUGE,
    "Share of a rule's incidents in 30 days that paged and cleared without anyone acting.",
    ("rule",),
)
RULE_ACKNOWLEDGE = MetricSpec(
    "mirante_time_to_acknowledge_seconds", MetricKind.GAUGE, "Median over 30 days, by rule.", ("rule",)
)
RULE_RESOLVE = MetricSpec(
    "mirante_time_to_resolve_seconds", MetricKind.GAUGE, "Median over 30 days, by rule.", ("rule",)
)
RECENT = MetricSpec(
    "mirante_incidents_30d", MetricKind.GAUGE, "Incidents opened in the last 30 days.", ("severity",)
)
ACKNOWLEDGE = MetricSpec(
    "mirante_incident_acknowledge_mean_seconds",
    MetricKind.GAUGE,
    "Mean time from opening to acknowledgement, for incidents of the last 30 days.",
    ("severity",),
)
RESOLVE = MetricSpec(
    "mirante_incident_resolve_mean_seconds",
    MetricKind.GAUGE,
    "Mean time from opening to resolution, for incidents of the last 30 days.",
    ("severity",),
)
SOURCE_ANSWERS = MetricSpec(
    "mirante_source_answers",
    MetricKind.GAUGE,
    "1 when a source that is asked what fires answered last and can tell, else 0.",
    ("source",),
)
SOURCE_ALERTS = MetricSpec(
    "mirante_source_alerts",
    MetricKind.GAUGE,
    "Alerts firing at a source for us; of these, heard here and missing here.",
    ("source", "what"),
)
SOURCE_FOUND = MetricSpec(
    "mirante_alerts_found_by_asking_total",
    MetricKind.COUNTER,
    "Alerts that fired at a source, that nobody sent, and that were paged.",
    ("source",),
)
METRICS = (
    ALERTS_RECEIVED,
    SOURCE_ANSWERS,
    SOURCE_ALERTS,
    SOURCE_FOUND,
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


def response_metrics(incidents: Sequence[Incident], now: datetime) -> Iterator[Metric]:
    """A mean of nothing is absent."""
    recent = [incident for incident in incidents if incident.opened_at > now - PERIOD]
    groups = {s.value: [incident for incident in recent if incident.severity is s] for s in Severity}
    yield gauge(
        ACKNOWLEDGE, {severity: _mean(group, "acknowledged_at") for severity, group in groups.items()}
    )
    yield gauge(RESOLVE, {name: _mean(group, "resolved_at") for name, group in groups.items()})


def gauge(spec: MetricSpec, values: Mapping[str, float | None]) -> Metric:
    """By the value of its label; what is None is absent."""
    family = GaugeMetricFamily(spec.name, spec.help, labels=list(spec.labels))
    for label, value in values.items():
        if value is not None:
            family.add_metric([label], value)
    return family


def _mean(group: Sequence[Incident], until: Literal["acknowledged_at", "resolved_at"]) -> float | None:
    """Seconds from opening until then, over those that got there."""
    ends = [(incident.opened_at, getattr(incident, until)) for incident in group]
    spans = [(end - start).total_seconds() for start, end in ends if end is not None and end >= start]
    return fmean(spans) if spans else None
