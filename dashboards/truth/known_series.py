"""Every series that exists: declared by what exposes it, or produced by a recording rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from alarms.generate import indicator_rules
from alarms.reports import response
from dashboards.standard.source import Source
from dashboards.truth.reading import readings
from exporters.collectors import declared
from foundation.metrics import MetricKind, MetricSpec
from slo import prometheus

FROM_SCRAPING = frozenset({"job", "instance"})
OF_ALERTS = frozenset({"alertname", "alertstate"})
EXPORTED: tuple[MetricSpec, ...] = (*declared.METRICS, *response.METRICS)
"""What the control plane itself exposes; whoever is watched declares the rest."""
_SUFFIXES = ("_bucket", "_sum", "_count")

Known = Mapping[str, frozenset[str]]


def known_series(source: Source, declared: Iterable[MetricSpec]) -> Known:
    """Series name to every label it may carry; ``declared`` are all that is exposed."""
    known: dict[str, frozenset[str]] = {"up": FROM_SCRAPING}
    for spec in declared:
        known |= _of_metric(spec)
    for rule in rules(source):
        if "record" in rule:
            labels = frozenset(_labels(rule)) | _carried(rule)
            known[str(rule["record"])] = known.get(str(rule["record"]), frozenset()) | labels
    known["ALERTS"] = _alert_labels(source, known)
    return known


def rules(source: Source) -> list[Mapping[str, object]]:
    """Every generated rule, recording and alerting."""
    own = indicator_rules.rule_file(source.watched, source.environment, heartbeat=True)
    files = [*prometheus.rule_files(source.catalogue, source.environment).values(), own]
    return [
        rule for document in files for group in _list(document["groups"]) for rule in _list(group["rules"])
    ]


def _of_metric(spec: MetricSpec) -> dict[str, frozenset[str]]:
    labels = frozenset(spec.labels) | FROM_SCRAPING
    if spec.kind is not MetricKind.HISTOGRAM:
        return {spec.name: labels}
    return {spec.name + suffix: labels | ({"le"} if suffix == "_bucket" else set()) for suffix in _SUFFIXES}


def _carried(rule: Mapping[str, object]) -> frozenset[str]:
    """Labels that survive the rule's own expression, as far as it groups by them."""
    grouped: frozenset[str] = frozenset()
    for reading in readings(str(rule["expr"])):
        grouped |= reading.labels
    return grouped


def _alert_labels(source: Source, known: Known) -> frozenset[str]:
    labels = OF_ALERTS
    for rule in rules(source):
        if "alert" in rule:
            labels |= frozenset(_labels(rule))
            for reading in readings(str(rule["expr"])):
                labels |= known.get(reading.series, frozenset())
    return labels


def _labels(rule: Mapping[str, object]) -> Iterable[str]:
    labels = rule.get("labels", {})
    assert isinstance(labels, Mapping)
    return labels


def _list(value: object) -> list[Mapping[str, object]]:
    assert isinstance(value, list)
    return value
