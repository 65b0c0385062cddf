"""Arguments of CloudWatch's alarms: what it accepts, in numbers, and what all alarms of ours have in common.

API reference: PutMetricAlarm, MetricDataQuery, PutCompositeAlarm.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from slo.indicators.metric import CloudWatchMetric

MINUTE_SECONDS = 60
HOUR_SECONDS = 3_600
LONGEST_RANGE_SECONDS = 604_800  # period x evaluation periods
LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS = 86_400  # the same for periods under an hour
MOST_METRICS = 10
LONGEST_NAME = 255
LONGEST_DESCRIPTION = 1_024
LONGEST_RULE = 10_240
MOST_CHILDREN = 100

Alarm = dict[str, object]
Topics = Mapping[str, str]
"""The ARN told of each severity (``P1``)."""


def speaking(name: str, sentence: str, identity: Mapping[str, str], topics: Topics, severity: str) -> Alarm:
    """What every alarm has that tells somebody: its name, what it says, whom it tells, whose it is."""
    return {
        "AlarmName": name,
        "AlarmDescription": described(sentence, identity),
        "ActionsEnabled": True,
        **telling(topics, severity),
        "Tags": tags(identity),
    }


def telling(topics: Topics, severity: str) -> Alarm:
    """Whom an alarm and its recovery are told: the topic of its severity, or nobody."""
    topic = topics.get(severity)
    return {} if topic is None else {"AlarmActions": [topic], "OKActions": [topic]}


def described(sentence: str, identity: Mapping[str, str]) -> str:
    """A sentence for people, then one line of JSON that the router reads (SNS messages carry no tags)."""
    line = json.dumps(dict(sorted(identity.items())), ensure_ascii=False, separators=(",", ":"))
    return f"{sentence[: LONGEST_DESCRIPTION - len(line) - 1]}\n{line}"


def tags(identity: Mapping[str, str]) -> list[dict[str, str]]:
    """Ownership: what carries them is ours, and nothing else is touched."""
    return [{"Key": f"mirante:{key}", "Value": value} for key, value in sorted(identity.items())]


def silence(metric: CloudWatchMetric, minutes: int) -> Alarm:
    """Not one sample for so long; here missing data *is* what breaches."""
    return {
        **metric.arguments,
        "Statistic": "SampleCount",
        "Period": MINUTE_SECONDS,
        "EvaluationPeriods": minutes,
        "DatapointsToAlarm": minutes,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
    }


def stat(identifier: str, metric: CloudWatchMetric, period: int) -> dict[str, object]:
    """A metric as one of an alarm's queries."""
    asked = {"Metric": metric.arguments, "Period": period, "Stat": metric.statistic}
    return {"Id": identifier, "MetricStat": asked, "ReturnData": False}


def range_problem(period_seconds: int, evaluation_periods: int) -> str | None:
    """Why an alarm may not look at ``evaluation_periods`` of ``period_seconds``; ``None`` when it may."""
    if period_seconds % MINUTE_SECONDS:
        return f"a period of {period_seconds} s is not a multiple of 60 s"
    span = period_seconds * evaluation_periods
    if span > LONGEST_RANGE_SECONDS:
        return f"{span} s are more than the seven days (604800 s) an alarm may look back"
    if period_seconds < HOUR_SECONDS and span > LONGEST_RANGE_OF_SHORT_PERIODS_SECONDS:
        return f"{span} s are more than the day (86400 s) an alarm with a period under an hour may look back"
    return None
