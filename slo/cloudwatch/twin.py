"""Where CloudWatch finds the counts of an indicator.

A definition may name its own metrics (a *twin*), in a Prometheus source under ``cloudwatch:`` or as a source
of ``type: CloudWatch``. Otherwise the counts that the ledger publishes are used: ``GoodEvents`` and
``TotalEvents`` in ``Mirante/SLO``, a minute each, so that every SLO has the same alarms whatever it counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slo.model import conventions as names
from slo.model.spec import MetricQuery, Objective, RatioIndicator, Slo

KEYS = ("namespace", "metricName", "dimensions", "stat")


@dataclass(frozen=True, slots=True)
class CloudWatchMetric:
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = "Sum"


@dataclass(frozen=True, slots=True)
class Twin:
    """Good or bad, and total; ``published`` when they are the ledger's own."""

    total: tuple[CloudWatchMetric, ...]
    part: tuple[CloudWatchMetric, ...]
    part_is_good: bool
    published: bool


class TwinError(ValueError):
    """The twin of a definition cannot be read; the message says why and how to mend it."""


def twin_of(slo: Slo, objective: Objective, environment: str) -> Twin:
    """
    Raises:
        TwinError: a twin is written, but not one that CloudWatch could query.
    """
    indicator = slo.indicator
    if isinstance(indicator, RatioIndicator) and indicator.total is not None:
        part = indicator.good or indicator.bad
        assert part is not None
        total_twin, part_twin = _metrics(indicator.total), _metrics(part)
        if bool(total_twin) != bool(part_twin):
            raise TwinError("only one of its two counts has a cloudwatch twin; give both or neither")
        if total_twin:
            return Twin(total_twin, part_twin, indicator.good is not None, published=False)
    return _published(slo, objective, environment)


def _published(slo: Slo, objective: Objective, environment: str) -> Twin:
    dimensions = (("Environment", environment), ("Objective", objective.name), ("Slo", slo.id))
    total = CloudWatchMetric(names.CLOUDWATCH_NAMESPACE, names.CLOUDWATCH_TOTAL, dimensions)
    good = CloudWatchMetric(names.CLOUDWATCH_NAMESPACE, names.CLOUDWATCH_GOOD, dimensions)
    return Twin((total,), (good,), part_is_good=True, published=True)


def _metrics(metric: MetricQuery) -> tuple[CloudWatchMetric, ...]:
    """One metric, or several that are added up; none when the source has no twin."""
    if metric.source_type.lower() == "cloudwatch":
        written: object = metric.spec.get("metrics", metric.spec)
    else:
        written = metric.spec.get("cloudwatch")
    if written is None:
        return ()
    items = written if isinstance(written, list) else [written]
    return tuple(_metric(item) for item in items)


def _metric(item: object) -> CloudWatchMetric:
    if not isinstance(item, Mapping):
        raise TwinError(f"a cloudwatch twin is a mapping of {', '.join(KEYS)}")
    unknown = [key for key in item if key not in KEYS]
    if unknown:
        raise TwinError(f"{unknown[0]!r} is not known in a cloudwatch twin; known: {', '.join(KEYS)}")
    namespace, name = item.get("namespace"), item.get("metricName")
    if not namespace or not name:
        raise TwinError("a cloudwatch twin needs namespace and metricName")
    dimensions = item.get("dimensions") or {}
    if not isinstance(dimensions, Mapping):
        raise TwinError("dimensions is a mapping of names to values")
    statistic = str(item.get("stat", "Sum"))
    if statistic not in ("Sum", "SampleCount"):
        raise TwinError(f"stat {statistic!r} does not count events; use Sum or SampleCount")
    pairs = tuple(sorted((str(key), str(value)) for key, value in dimensions.items()))
    return CloudWatchMetric(str(namespace), str(name), pairs, statistic)
