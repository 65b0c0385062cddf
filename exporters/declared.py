"""Every series the exporters expose: dashboards, rules and the truth gates read this table."""

from __future__ import annotations

from app.ports.telemetry import MetricSpec
from exporters import consistency_index, saturation, server, slo_status

METRICS: tuple[MetricSpec, ...] = (
    *consistency_index.METRICS,
    *saturation.METRICS,
    *slo_status.METRICS,
    *server.METRICS,
)
