"""Panel red line = alert threshold = SLO target: each number is followed from where it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from alarms.generate.cloudwatch.names import indicator_alarm
from alarms.model.indicator import IndicatorAlarm, Measure
from dashboards.model.board import Board, Panel, Shape
from dashboards.model.query import CounterGrowth, GaugeLevel
from dashboards.standard.slo_panels import key_of
from dashboards.standard.source import Source
from dashboards.truth.untruth import Untruth
from slo.model import conventions
from slo.model.spec import Objective, Slo, Tier

GATE = "lines"
_LIMIT = re.compile(r"[<>]\s*(?:bool\s+)?([0-9.]+)")
_FIX = "Take both from the definition, through slo.model.conventions"

Generated = Mapping[str, object]
AlertKey = tuple[str, ...]
_IDENTITY = (conventions.LABEL_SLO, conventions.LABEL_OBJECTIVE, conventions.LABEL_TIER)


def of_boards(
    boards: Iterable[Board], source: Source, rules: Iterable[Generated], cloudwatch: Iterable[Generated]
) -> Iterator[Untruth]:
    """Every number on a board against the generated Prometheus ``rules`` and ``cloudwatch`` alarms."""
    alerts = {_key(rule): str(rule["expr"]) for rule in rules if "alert" in rule}
    alarms = {str(alarm["AlarmName"]): alarm for alarm in cloudwatch}
    objectives = source.objectives()
    tiers = {
        f"burn-{key_of(slo, objective)}-{tier.name}": (slo, objective, tier)
        for slo, objective in objectives
        for tier in slo.tiers
    }
    targets = {f"achieved-{key_of(slo, objective)}": objective.target for slo, objective in objectives}
    for board in boards:
        for panel in board.panels():
            where = f"board {board.name}, panel {panel.id}"
            if panel.id in tiers:
                yield from _one_tier(where, panel, *tiers[panel.id], source.environment, alerts, alarms)
            if panel.id in targets:
                yield from _target(where, panel, targets[panel.id])
        yield from _indicators(board, source, alerts, alarms)


def _key(rule: Generated) -> AlertKey:
    """Several tiers may share a name: what tells burn alerts apart is in their labels."""
    labels, name = rule.get("labels"), str(rule["alert"])
    if isinstance(labels, Mapping) and conventions.LABEL_TIER in labels:
        return (name, *(str(labels[label]) for label in _IDENTITY))
    return (name,)


def _one_tier(
    where: str,
    panel: Panel,
    slo: Slo,
    objective: Objective,
    tier: Tier,
    environment: str,
    alerts: Mapping[AlertKey, str],
    alarms: Mapping[str, Generated],
) -> Iterator[Untruth]:
    factor = tier.factor(slo.window.length)
    lines = {threshold.value for threshold in panel.thresholds}
    if lines != {factor}:
        yield _differs(where, "its line", lines, factor)
    name = tier.alert_name or conventions.burn_alert_name(slo.id, tier.name)
    stated = _limits(alerts.get((name, slo.id, objective.name, tier.name), ""))
    if stated != {factor}:
        yield _differs(where, f"the alert {name}", stated, factor)
    alarm = conventions.cloudwatch_alarm_name(environment, slo.id, objective.name, tier.name)
    for half in (f"{alarm}-long", f"{alarm}-short"):
        if half in alarms and alarms[half]["EvaluationPeriods"] == 1:
            told = {_fraction(alarms[half]["Threshold"])}
            if told != {factor}:
                yield _differs(where, f"the CloudWatch alarm {half}", told, factor)


def _target(where: str, panel: Panel, target: Fraction) -> Iterator[Untruth]:
    lines = {threshold.value for threshold in panel.thresholds}
    if lines != {target}:
        yield _differs(where, "its threshold", lines, target)


def _indicators(
    board: Board,
    source: Source,
    alerts: Mapping[AlertKey, str],
    alarms: Mapping[str, Generated],
) -> Iterator[Untruth]:
    """A line chart of exactly what an indicator watches has its line at the indicator's threshold."""
    for panel in board.panels():
        if panel.shape is not Shape.LINES:
            continue
        for indicator in source.indicators:
            if not any(_watches(indicator, series.query) for series in panel.series):
                continue
            where = f"board {board.name}, panel {panel.id}"
            lines = {threshold.value for threshold in panel.thresholds}
            if indicator.threshold and indicator.threshold not in lines:
                yield _differs(where, f"no line marks where {indicator.name} fires; its lines", lines,
                               indicator.threshold)  # fmt: skip
            if indicator.threshold not in _limits(alerts.get((indicator.name,), "")):
                stated = _limits(alerts.get((indicator.name,), ""))
                yield _differs(where, f"the alert {indicator.name}", stated, indicator.threshold)
            alarm = alarms.get(indicator_alarm(source.environment, indicator.name))
            if alarm is not None and _fraction(alarm["Threshold"]) != indicator.threshold:
                told = {_fraction(alarm["Threshold"])}
                yield _differs(where, f"the CloudWatch alarm of {indicator.name}", told, indicator.threshold)


def _watches(indicator: IndicatorAlarm, query: object) -> bool:
    if isinstance(query, GaugeLevel):
        same = indicator.measure in (Measure.HIGHEST, Measure.LOWEST)
        return same and query.metric.name == indicator.metric and not indicator.where
    if isinstance(query, CounterGrowth):
        where = {match.label: match.value for match in query.where}
        return query.metric.name == indicator.metric and where == dict(indicator.where)
    return False


def _limits(expression: str) -> set[Fraction]:
    return {Fraction(text) for text in _LIMIT.findall(expression)}


def _fraction(value: object) -> Fraction:
    return Fraction(str(value))


def _differs(where: str, what: str, got: Iterable[Fraction], wanted: Fraction) -> Untruth:
    shown = ", ".join(str(float(value)) for value in sorted(got)) or "nothing"
    return Untruth(GATE, where, f"{what} says {shown}, but the definition says {float(wanted)}", _FIX)
