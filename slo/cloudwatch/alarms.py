"""Burn-rate alarms as arguments of boto3's ``put_metric_alarm`` and ``put_composite_alarm``.

Each tier of each objective is two metric-math alarms over ``SUM``, one at the long window as a single period
and one at the short, and a composite that fires while both do. Why one period of one, and what happens with
missing data, is explained in ``docs/cloudwatch-alarms.md``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from foundation.quantities import (
    decimal_text,
    duration_text,
    percent_text,
    rounded_percent_text,
    short_text,
)
from slo.cloudwatch import limits
from slo.indicators.metric import CloudWatchMetric, Twin, TwinError, twin_of
from slo.model import conventions as names
from slo.model.catalogue import Catalogue
from slo.model.spec import BudgetingMethod, Objective, Slo, Tier

Alarm = dict[str, object]
Topics = Mapping[str, str]
"""The ARN told of each severity (``P1``)."""

_SECOND = timedelta(seconds=1)
_MINUTE = timedelta(minutes=1)


def alarms(catalogue: Catalogue, environment: str, topics: Topics | None = None) -> list[Alarm]:
    """Arguments for every alarm: metric alarms first, since composites refer to them by name.

    ``topics`` maps a severity (``P1``) to the ARN told of alarm and recovery; without it, alarms are silent.
    """
    made = [alarm for slo in catalogue.slos for alarm in _SloAlarms(slo, environment, topics or {}).made()]
    return sorted(made, key=lambda alarm: (is_composite(alarm), str(alarm["AlarmName"])))


def is_composite(alarm: Mapping[str, object]) -> bool:
    """Whether the arguments are for ``put_composite_alarm`` (else ``put_metric_alarm``)."""
    return "AlarmRule" in alarm


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something no alarm is made for, and why."""

    slo_id: str
    what: str
    reason: str


def skipped(catalogue: Catalogue, environment: str) -> list[Skipped]:
    """What ``alarms`` leaves out, with reasons a person can act on."""
    return [found for slo in catalogue.slos for found in _SloAlarms(slo, environment, {}).skipped()]


def speaking(name: str, sentence: str, identity: Mapping[str, str], topics: Topics, severity: str) -> Alarm:
    """What every alarm has that tells somebody: its name, what it says, whom it tells, whose it is."""
    return {
        "AlarmName": name,
        "AlarmDescription": names.described(sentence, identity),
        "ActionsEnabled": True,
        **telling(topics, severity),
        "Tags": names.tags(identity),
    }


def telling(topics: Topics, severity: str) -> Alarm:
    """Whom an alarm and its recovery are told: the topic of its severity, or nobody."""
    topic = topics.get(severity)
    return {} if topic is None else {"AlarmActions": [topic], "OKActions": [topic]}


def silence(metric: CloudWatchMetric, minutes: int) -> Alarm:
    """Not one sample for so long; here missing data *is* what breaches."""
    return {
        **metric.arguments,
        "Statistic": "SampleCount",
        "Period": limits.MINUTE_SECONDS,
        "EvaluationPeriods": minutes,
        "DatapointsToAlarm": minutes,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }


class _SloAlarms:
    def __init__(self, slo: Slo, environment: str, topics: Topics) -> None:
        self._slo, self._environment, self._topics = slo, environment, topics

    def made(self) -> Iterator[Alarm]:
        slo = self._slo
        for objective, twin in self._twins():
            if isinstance(twin, TwinError):
                continue
            for tier in slo.tiers:
                if self._problem(objective, tier, twin) is None:
                    yield from self._burn(objective, tier, twin)
            if objective is slo.objectives[0] and slo.no_data_severity is not None:
                yield self._no_data(objective, twin.total[0], slo.no_data_severity)

    def skipped(self) -> Iterator[Skipped]:
        slo = self._slo
        if slo.is_grouped:
            reason = f"one budget per {slo.grouping}: CloudWatch alarms need fixed dimensions"
            yield Skipped(slo.id, "all alarms", reason)
        for objective, twin in self._twins():
            if isinstance(twin, TwinError):
                yield Skipped(slo.id, f"objective {objective.name}", str(twin))
                continue
            for tier in slo.tiers:
                problem = self._problem(objective, tier, twin)
                if problem:
                    yield Skipped(slo.id, f"objective {objective.name}, tier {tier.name}", problem)

    def _twins(self) -> Iterator[tuple[Objective, Twin | TwinError]]:
        for objective in () if self._slo.is_grouped else self._slo.objectives:
            try:
                yield objective, twin_of(self._slo, objective, self._environment)
            except TwinError as error:
                yield objective, error

    def _problem(self, objective: Objective, tier: Tier, twin: Twin) -> str | None:
        """Why CloudWatch takes no alarm of this tier."""
        if self._is_sliced(twin) and objective.time_slice_target is None:
            return (
                "an alarm counts bad slices, and RatioTimeslices has no bad slices; remove the "
                "cloudwatch twin"
            )
        metrics = len(twin.total) + len(twin.part)
        if metrics + 1 > limits.MOST_METRICS:
            return f"{metrics} metrics and their math exceed the limit of {limits.MOST_METRICS}"
        for window in (tier.long_window, tier.short_window):
            period, periods, _ = self._range(objective, tier, window, twin)
            problem = range_problem(period, periods)
            if problem:
                return f"window {duration_text(window)}: {problem}"
        return None

    def _is_sliced(self, twin: Twin) -> bool:
        """Slices of a twin are judged one by one; counts add up, and so do slices that the ledger judged."""
        return not twin.published and self._slo.method is not BudgetingMethod.OCCURRENCES

    def _range(self, objective: Objective, tier: Tier, window: timedelta, twin: Twin) -> tuple[int, int, int]:
        """``(period seconds, evaluation periods N, datapoints to alarm M)``.

        A window of counts is one period: 1 of 1. Of slices it is N periods, and M is the first count of bad
        slices above the factor.
        """
        seconds = window // _SECOND
        if not self._is_sliced(twin):
            return seconds, 1, 1
        length = (objective.time_slice_window or _MINUTE) // _SECOND
        slices = seconds // length
        allowed = tier.factor(self._slo.window.length) * objective.budget * slices
        least = self._slo.min_bad_events if window == tier.long_window else 1
        return length, slices, max(int(allowed) + 1, least)

    def _burn(self, objective: Objective, tier: Tier, twin: Twin) -> Iterator[Alarm]:
        name = names.cloudwatch_alarm_name(self._environment, self._slo.id, objective.name, tier.name)
        halves = {f"{name}-long": tier.long_window, f"{name}-short": tier.short_window}
        for half, window in halves.items():
            yield {"AlarmName": half} | self._half(objective, tier, twin, window)
        identity = self._identity(objective.name, tier.severity) | {
            names.LABEL_ALERT_KEY: names.alert_key(self._environment, self._slo.id, objective.name, {}),
            names.LABEL_TIER: tier.name,
        }
        sentence = _burn_sentence(self._slo, objective, tier)
        yield speaking(name, sentence, identity, self._topics, tier.severity) | {
            "AlarmRule": " AND ".join(f'ALARM("{half}")' for half in halves)
        }

    def _half(self, objective: Objective, tier: Tier, twin: Twin, window: timedelta) -> Alarm:
        slo = self._slo
        period, periods, datapoints = self._range(objective, tier, window, twin)
        share = "(total - FILL(good, 0))" if twin.part_is_good else "FILL(bad, 0)"
        if self._is_sliced(twin):
            assert objective.time_slice_target is not None
            expression = f"IF(total > 0, {share} / total)"
            threshold, label = float(1 - objective.time_slice_target), "bad share of a slice"
        else:
            enough = f"total >= {slo.min_events}" if slo.min_events else "total > 0"
            if slo.min_bad_events and window == tier.long_window:
                enough += f" AND {share} >= {slo.min_bad_events}"
            expression = f"IF({enough}, {share} / total / {decimal_text(objective.budget)})"
            threshold, label = float(tier.factor(slo.window.length)), "burn rate"
        burn = {"Id": "burn", "Expression": expression, "Label": label, "ReturnData": True}
        return {
            "AlarmDescription": (
                f"{slo.display_name}: {label} over {duration_text(window)}; one half of a burn alarm, "
                "which notifies nobody by itself."
            ),
            "ActionsEnabled": False,
            "Metrics": [*_queries(twin, period), burn],
            "EvaluationPeriods": periods,
            "DatapointsToAlarm": datapoints,
            "Threshold": threshold,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
            "Tags": names.tags({names.LABEL_ENVIRONMENT: self._environment}),
        }

    def _no_data(self, objective: Objective, total: CloudWatchMetric, severity: str) -> Alarm:
        """Not one sample of the total for as long as the definition allows."""
        slo, environment = self._slo, self._environment
        minutes = max(1, slo.no_data_after // _MINUTE)
        identity = self._identity(names.NO_DATA_OBJECTIVE, severity)
        identity[names.LABEL_ALERT_KEY] = names.no_data_alert_key(environment, slo.id)
        sentence = (
            f"{slo.display_name}: no data for {minutes} min. State unknown until the source reports again. "
            f"Sem dados há {minutes} min; estado desconhecido até a fonte voltar a informar."
        )
        name = names.cloudwatch_alarm_name(environment, slo.id, objective.name, "no-data")
        return speaking(name, sentence, identity, self._topics, severity) | silence(total, minutes)

    def _identity(self, objective: str, severity: str) -> dict[str, str]:
        return {
            names.LABEL_ENVIRONMENT: self._environment,
            names.LABEL_OBJECTIVE: objective,
            names.LABEL_SERVICE: self._slo.service,
            names.LABEL_SEVERITY: severity,
            names.LABEL_SLO: self._slo.id,
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
    """A metric as one of an alarm's queries."""
    asked = {"Metric": metric.arguments, "Period": period, "Stat": metric.statistic}
    return {"Id": identifier, "MetricStat": asked, "ReturnData": False}


def _burn_sentence(slo: Slo, objective: Objective, tier: Tier) -> str:
    long, short = duration_text(tier.long_window), duration_text(tier.short_window)
    factor, share = short_text(tier.factor(slo.window.length)), rounded_percent_text(tier.budget_share)
    target, period = percent_text(objective.target), duration_text(slo.window.length)
    return (
        f"{slo.display_name}: error budget of {target} over {period} burns above {factor}x over {long} and "
        f"{short} ({share} of it in {long}). Orçamento de erro de {target} em {period} queima acima de "
        f"{factor}x em {long} e {short} ({share} dele em {long})."
    )


def range_problem(period_seconds: int, evaluation_periods: int) -> str | None:
    """Why an alarm may not look at ``evaluation_periods`` of ``period_seconds``; ``None`` when it may."""
    if period_seconds % limits.MINUTE_SECONDS:
        return f"a period of {period_seconds} s is not a multiple of 60 s"
    span = period_seconds * evaluation_periods
    if span > limits.LONGEST_RANGE_SECONDS:
        return f"{span} s are more than the seven days (604800 s) an alarm may look back"
    if period_seconds < limits.HOUR_SECONDS and span > limits.LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS:
        return f"{span} s are more than the day (86400 s) an alarm with a period under an hour may look back"
    return None
