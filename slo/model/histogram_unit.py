"""The unit of a histogram's bucket edges, as its name says it."""

from __future__ import annotations

_MILLISECONDS = ("_milliseconds", "_ms", "_upstream_rq_time")


def in_milliseconds(histogram: str) -> bool:
    """Whether the edges of ``histogram`` (its name without ``_bucket``) are milliseconds; otherwise seconds.

    Prometheus's base unit is the second; OpenTelemetry's older names, Istio and Envoy measure milliseconds.
    """
    return histogram.endswith(_MILLISECONDS)
