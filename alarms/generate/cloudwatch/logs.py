"""The platform's logs (§3.5.2): who writes them, how long each is kept, and patterns that deserve an alarm.

Patterns read the documented log schema: one JSON object a line with ``level``, ``event`` and ``status``.
"""

from __future__ import annotations

from dataclasses import dataclass

from alarms.generate.cloudwatch import names
from alarms.model.severity import Severity
from foundation.bilingual import Text
from slo.cloudwatch.alarms import Alarm, Topics, speaking
from slo.model import conventions

NAMESPACE = "Mirante/Logs"
FIVE_MINUTES = 300
"""What CloudWatch offers between one month and six."""


@dataclass(frozen=True, slots=True)
class LogGroup:
    """``retention_days`` by what the log is for; ``why`` says it."""

    role: str
    retention_days: int
    why: str

    def name(self, environment: str) -> str:
        return f"/mirante/{environment}/{self.role}"


LOG_GROUPS = (
    LogGroup("api", 90, "requests and errors: a quarter is enough to see a trend"),
    LogGroup("ingest", 60, "stream processing: reprocessing happens within days"),
    LogGroup("control", 90, "evaluations, notifications, escalations"),
    LogGroup("access", 180, "who read what: asked for by security reviews"),
    LogGroup("audit", 180, "a copy for searching; the audit chain itself is kept in the database"),
    LogGroup("debug", 30, "verbose logs of single investigations"),
)


def log_group(role: str) -> LogGroup:
    return next(group for group in LOG_GROUPS if group.role == role)


@dataclass(frozen=True, slots=True)
class LogPattern:
    """``pattern`` is a JSON filter pattern; the alarm fires above ``threshold`` matches in five minutes."""

    name: str
    role: str
    pattern: str
    threshold: int
    severity: Severity
    category: str
    runbook: str
    title: Text


PATTERNS = (
    LogPattern(
        "api-errors",
        "api",
        '{ $.level = "error" }',
        10,
        Severity.P3,
        "indicator",
        "watching-ourselves",
        Text("The API logs many errors", "A API registra muitos erros"),
    ),
    LogPattern(
        "ingest-errors",
        "ingest",
        '{ $.level = "error" }',
        10,
        Severity.P3,
        "ingestion",
        "ingestion-lag",
        Text("Ingestion logs many errors", "A ingestão registra muitos erros"),
    ),
    LogPattern(
        "control-errors",
        "control",
        '{ $.level = "error" }',
        0,
        Severity.P2,
        "self",
        "watching-ourselves",
        Text("The control side logs an error", "O lado de controle registra um erro"),
    ),
    LogPattern(
        "refused-access",
        "access",
        "{ ($.status = 401) || ($.status = 403) }",
        100,
        Severity.P3,
        "security",
        "recovery-security-violation",
        Text("Access was refused many times", "O acesso foi recusado muitas vezes"),
    ),
)


def log_groups(environment: str) -> list[dict[str, object]]:
    """Arguments of ``create_log_group`` and ``put_retention_policy``, joined."""
    return [
        {
            "logGroupName": group.name(environment),
            "retentionInDays": group.retention_days,
            "tags": {"mirante:environment": environment, "mirante:why": group.why.replace(":", ",")},
        }
        for group in LOG_GROUPS
    ]


def metric_filters(environment: str) -> list[dict[str, object]]:
    """Arguments of ``put_metric_filter``; a quiet log counts 0, so that quiet is not unknown."""
    return [
        {
            "logGroupName": log_group(pattern.role).name(environment),
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
        for pattern in PATTERNS
    ]


def log_alarms(environment: str, topics: Topics) -> list[Alarm]:
    return [_alarm(environment, pattern, topics) for pattern in PATTERNS]


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
