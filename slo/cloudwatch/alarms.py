"""Burn-rate alarms as arguments of boto3's ``put_metric_alarm`` and ``put_composite_alarm``.

Each tier of each objective is two metric-math alarms over ``SUM``, one at the long window as a single period
and one at the short, and a composite that fires while both do. Why one period of one, and what happens with
missing data, is explained in ``docs/cloudwatch-alarms.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from foundation.numbers import decimal_text, percent_text, short_text
from slo.cloudwatch.limits import LONGEST_DESCRIPTION, MINUTE_SECONDS, MOST_METRICS, range_problem
from slo.cloudwatch.twin import CloudWatchMetric, Twin, TwinError, twin_of
from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.conventions import NO_DATA_OBJECTIVE, alert_key, no_data_alert_key
from slo.model.spec import BudgetingMethod, Objective, Slo, Tier

Alarm = dict[str, object]
Topics = Mapping[str, str]
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something no alarm is made for, and why."""

    slo_id: str
    what: str
    reason: str


def alarms(catalogue: Catalogue, environment: str, topics: Topics | None = None) -> list[Alarm]:
    """Arguments for every alarm: metric alarms first, since composites refer to them by name.

    ``topics`` maps a severity (``P1``) to the ARN told of alarm and recovery; without it, alarms are silent.
    """
    made = [alarm for slo in catalogue.slos for alarm in _slo_alarms(slo, environment, topics or {})]
    return sorted(made, key=lambda alarm: (is_composite(alarm), str(alarm["AlarmName"])))


def is_composite(alarm: Mapping[str, object]) -> bool:
    """Whether the arguments are for ``put_composite_alarm`` (else ``put_metric_alarm``)."""
    return "AlarmRule" in alarm


def skipped(catalogue: Catalogue, environment: str) -> list[Skipped]:
    """What ``alarms`` leaves out, with reasons a person can act on."""
    return [found for slo in catalogue.slos for found in _skipped(slo, environment)]


def _slo_alarms(slo: Slo, environment: str, topics: Topics) -> Iterator[Alarm]:
    for objective, twin in _counted(slo, environment):
        for tier in slo.tiers:
            if _tier_problem(slo, objective, tier, twin) is None:
                yield from _burn_alarms(slo, objective, tier, twin, environment, topics)
        if objective is slo.objectives[0] and slo.no_data_severity is not None:
            yield _no_data_alarm(slo, objective, twin, environment, topics)


def _counted(slo: Slo, environment: str) -> Iterator[tuple[Objective, Twin]]:
    if slo.group_by:
        return
    for objective in slo.objectives:
        try:
            yield objective, twin_of(slo, objective, environment)
        except TwinError:
            continue


def _skipped(slo: Slo, environment: str) -> Iterator[Skipped]:
    if slo.group_by:
        labels = ", ".join(slo.group_by)
        yield Skipped(
            slo.id, "all alarms", f"one budget per {labels}: CloudWatch alarms need fixed dimensions"
        )
        return
    for objective in slo.objectives:
        try:
            twin = twin_of(slo, objective, environment)
        except TwinError as error:
            yield Skipped(slo.id, f"objective {objective.name}", str(error))
            continue
        for tier in slo.tiers:
            problem = _tier_problem(slo, objective, tier, twin)
            if problem:
                yield Skipped(slo.id, f"objective {objective.name}, tier {tier.name}", problem)


def _tier_problem(slo: Slo, objective: Objective, tier: Tier, twin: Twin) -> str | None:
    if len(twin.total) + len(twin.part) + 1 > MOST_METRICS:
        return f"{len(twin.total) + len(twin.part)} metrics and their math are more than {MOST_METRICS}"
    for window in (tier.long_window, tier.short_window):
        period, periods, _ = _range(slo, objective, tier, window, twin)
        problem = range_problem(period, periods)
        if problem:
            return f"window {names.window_text(window)}: {problem}"
    return None


def _range(slo: Slo, objective: Objective, tier: Tier, window: timedelta, twin: Twin) -> tuple[int, int, int]:
    """``(period seconds, evaluation periods N, datapoints to alarm M)``.

    Counts add up, so the whole window is one period: 1 of 1. Time slices of a twin must be judged one by
    one, so there the window is N slices and M is the first count of bad slices above the factor.
    """
    seconds = window // _SECOND
    if twin.published or slo.method is BudgetingMethod.OCCURRENCES:
        return seconds, 1, 1
    length = (objective.time_slice_window or timedelta(minutes=1)) // _SECOND
    slices = seconds // length
    allowed = tier.factor(slo.window.length) * objective.budget * slices
    return length, slices, int(allowed) + 1


def _burn_alarms(
    slo: Slo, objective: Objective, tier: Tier, twin: Twin, environment: str, topics: Topics
) -> Iterator[Alarm]:
    name = names.cloudwatch_alarm_name(environment, slo.id, objective.name, tier.name)
    children = []
    for suffix, window in (("long", tier.long_window), ("short", tier.short_window)):
        child = f"{name}-{suffix}"
        children.append(child)
        yield _window_alarm(slo, objective, tier, twin, window, child, environment)
    identity = _identity(slo, environment, objective.name, tier.severity) | {
        "alert_key": alert_key(environment, slo.id, objective.name, {}),
        "tier": tier.name,
    }
    yield {
        "AlarmName": name,
        "AlarmRule": " AND ".join(f'ALARM("{child}")' for child in children),
        "AlarmDescription": _description(_burn_sentence(slo, objective, tier), identity),
        "ActionsEnabled": True,
        **_actions(topics, tier.severity),
        "Tags": _tags(identity),
    }


def _window_alarm(
    slo: Slo, objective: Objective, tier: Tier, twin: Twin, window: timedelta, name: str, environment: str
) -> Alarm:
    period, periods, datapoints = _range(slo, objective, tier, window, twin)
    sliced = periods > 1 or (not twin.published and slo.method is not BudgetingMethod.OCCURRENCES)
    factor = tier.factor(slo.window.length)
    queries = _queries(twin, period)
    share = "(total - FILL(good, 0))" if twin.part_is_good else "FILL(bad, 0)"
    enough = f"total >= {slo.min_events}" if slo.min_events and not sliced else "total > 0"
    if sliced:
        assert objective.time_slice_target is not None
        expression = f"IF(total > 0, {share} / total)"
        threshold, label = float(1 - objective.time_slice_target), "bad share of a slice"
    else:
        expression = f"IF({enough}, {share} / total / {decimal_text(objective.budget)})"
        threshold, label = float(factor), "burn rate"
    queries.append({"Id": "burn", "Expression": expression, "Label": label, "ReturnData": True})
    return {
        "AlarmName": name,
        "AlarmDescription": f"{slo.display_name}: {label} over {names.window_text(window)}; "
        "half of a burn alarm, and silent by itself.",
        "ActionsEnabled": False,
        "Metrics": queries,
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": datapoints,
        "Threshold": threshold,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
        "Tags": _tags({names.LABEL_ENVIRONMENT: environment}),
    }


def _queries(twin: Twin, period: int) -> list[dict[str, object]]:
    part = "good" if twin.part_is_good else "bad"
    found: list[dict[str, object]] = []
    for name, metrics in (("total", twin.total), (part, twin.part)):
        if len(metrics) == 1:
            found.append(_stat(name, metrics[0], period))
            continue
        ids = [f"{name}{index}" for index in range(1, len(metrics) + 1)]
        found += [_stat(identifier, metric, period) for identifier, metric in zip(ids, metrics, strict=True)]
        added = " + ".join(f"FILL({identifier}, 0)" for identifier in ids)
        found.append({"Id": name, "Expression": added, "Label": name, "ReturnData": False})
    return found


def _stat(identifier: str, metric: CloudWatchMetric, period: int) -> dict[str, object]:
    return {
        "Id": identifier,
        "MetricStat": {
            "Metric": {
                "Namespace": metric.namespace,
                "MetricName": metric.name,
                "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
            },
            "Period": period,
            "Stat": metric.statistic,
        },
        "ReturnData": False,
    }


def _no_data_alarm(slo: Slo, objective: Objective, twin: Twin, environment: str, topics: Topics) -> Alarm:
    """Not one sample of the total for as long as the definition allows; here silence is what breaches."""
    assert slo.no_data_severity is not None
    metric = twin.total[0]
    minutes = max(1, slo.no_data_after // timedelta(minutes=1))
    identity = _identity(slo, environment, NO_DATA_OBJECTIVE, slo.no_data_severity)
    identity["alert_key"] = no_data_alert_key(environment, slo.id)
    sentence = (
        f"{slo.display_name}: no data for {minutes} min. State unknown until the source reports again. "
        f"Sem dados há {minutes} min; estado desconhecido até a fonte voltar a informar."
    )
    return {
        "AlarmName": names.cloudwatch_alarm_name(environment, slo.id, objective.name, "no-data"),
        "AlarmDescription": _description(sentence, identity),
        "ActionsEnabled": True,
        **_actions(topics, slo.no_data_severity),
        "Namespace": metric.namespace,
        "MetricName": metric.name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in metric.dimensions],
        "Statistic": "SampleCount",
        "Period": MINUTE_SECONDS,
        "EvaluationPeriods": minutes,
        "DatapointsToAlarm": minutes,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "Tags": _tags(identity),
    }


def _identity(slo: Slo, environment: str, objective: str, severity: str) -> dict[str, str]:
    return {
        names.LABEL_ENVIRONMENT: environment,
        names.LABEL_OBJECTIVE: objective,
        names.LABEL_SERVICE: slo.service,
        names.LABEL_SEVERITY: severity,
        names.LABEL_SLO: slo.id,
    }


def _burn_sentence(slo: Slo, objective: Objective, tier: Tier) -> str:
    long, short = names.window_text(tier.long_window), names.window_text(tier.short_window)
    factor, share = short_text(tier.factor(slo.window.length)), percent_text(tier.budget_share)
    target, period = percent_text(objective.target), names.window_text(slo.window.length)
    return (
        f"{slo.display_name}: error budget of {target} over {period} burns above {factor}x over {long} and "
        f"{short} ({share} of it in {long}). Orçamento de erro de {target} em {period} queima acima de "
        f"{factor}x em {long} e {short} ({share} dele em {long})."
    )


def _description(sentence: str, identity: Mapping[str, str]) -> str:
    """A sentence for people, then one line of JSON that the router reads (SNS messages carry no tags)."""
    line = json.dumps(dict(sorted(identity.items())), ensure_ascii=False, separators=(",", ":"))
    room = LONGEST_DESCRIPTION - len(line) - 1
    return f"{sentence[:room]}\n{line}"


def _actions(topics: Topics, severity: str) -> dict[str, list[str]]:
    topic = topics.get(severity)
    return {} if topic is None else {"AlarmActions": [topic], "OKActions": [topic]}


def _tags(identity: Mapping[str, str]) -> Sequence[dict[str, str]]:
    return [{"Key": f"mirante:{key}", "Value": value} for key, value in sorted(identity.items())]
