"""Every series the exporters expose: dashboards, rules and the truth gates read this table."""

from __future__ import annotations

from exporters import server
from exporters.collectors import budget_drift, consistency_index, saturation, slo_status
from foundation.metrics import MetricSpec

METRICS: tuple[MetricSpec, ...] = (
    *budget_drift.METRICS,
    *consistency_index.METRICS,
    *saturation.METRICS,
    *slo_status.METRICS,
    *server.METRICS,
)
