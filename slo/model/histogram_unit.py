"""A histogram's bucket edges: their unit, as its name says it, and the one that stands for a threshold."""

from __future__ import annotations

from collections.abc import Iterable

_MILLISECONDS = ("_milliseconds", "_ms", "_upstream_rq_time")


def in_milliseconds(histogram: str) -> bool:
    """Whether the edges of ``histogram`` (its name without ``_bucket``) are milliseconds; otherwise seconds.

    Prometheus's base unit is the second; OpenTelemetry's older names, Istio and Envoy measure milliseconds.
    """
    return histogram.endswith(_MILLISECONDS)


def nearest_below(edges: Iterable[float], threshold: float) -> float | None:
    """The highest edge that is not above ``threshold``: what it holds was as fast as promised.

    ``None`` where every edge is above: nothing is known of what was that fast.
    """
    return max((edge for edge in edges if edge <= threshold), default=None)
