"""Logs (§3.5.2): who writes them, how long each is kept, and patterns that deserve an alarm.

Patterns read the documented log schema: one JSON object a line with ``level``, ``event`` and ``status``.
"""

from __future__ import annotations

from alarms.generate.cloudwatch import names
from alarms.model.watch_list import LogPattern, WatchList
from slo.cloudwatch.alarms import Alarm, Topics, speaking
from slo.model import conventions

NAMESPACE = "Mirante/Logs"
FIVE_MINUTES = 300


def log_group_name(environment: str, role: str) -> str:
    return f"/mirante/{environment}/{role}"


def log_groups(watched: WatchList, environment: str) -> list[dict[str, object]]:
    """Arguments of ``create_log_group`` and ``put_retention_policy``, joined."""
    return [
        {
            "logGroupName": log_group_name(environment, group.role),
            "retentionInDays": group.retention_days,
            "tags": {"mirante:environment": environment, "mirante:why": group.why.replace(":", ",")},
        }
        for group in watched.log_groups
    ]


def metric_filters(watched: WatchList, environment: str) -> list[dict[str, object]]:
    """Arguments of ``put_metric_filter``; a quiet log counts 0, so that quiet is not unknown."""
    return [
        {
            "logGroupName": log_group_name(environment, pattern.role),
            "filterName": names.log_alarm(environment, pattern.name),
            "filterPattern": pattern.pattern,
            "metricTransformations": [
                {
                    "metricNamespace": NAMESPACE,
                    "metricName": _metric(environment, pattern),
                    "metricValue": "1",
                    "defaultValue": 0.0,
                    "unit": "Count",
                }
            ],
        }
        for pattern in watched.log_patterns
    ]


def log_alarms(watched: WatchList, environment: str, topics: Topics) -> list[Alarm]:
    return [_alarm(environment, pattern, topics) for pattern in watched.log_patterns]


def _metric(environment: str, pattern: LogPattern) -> str:
    """A filter's metric has no dimensions beside a default value, so the environment is in its name."""
    return f"{environment}-{pattern.name}"


def _alarm(environment: str, pattern: LogPattern, topics: Topics) -> Alarm:
    identity = {
        "alertname": f"Log{pattern.name.title().replace('-', '')}",
        "category": pattern.category,
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: pattern.severity.value,
    }
    sentence = (
        f"{pattern.title.en}: more than {pattern.threshold} in 5 min. "
        f"{pattern.title.pt}: mais de {pattern.threshold} em 5 min. Runbook: {pattern.runbook}."
    )
    name = names.log_alarm(environment, pattern.name)
    return speaking(name, sentence, identity, topics, pattern.severity) | {
        "Namespace": NAMESPACE,
        "MetricName": _metric(environment, pattern),
        "Statistic": "Sum",
        "Period": FIVE_MINUTES,
        "EvaluationPeriods": 1,
        "Threshold": float(pattern.threshold),
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
