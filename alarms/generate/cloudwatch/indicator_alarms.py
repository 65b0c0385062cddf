"""Indicator alarms as boto3 arguments of ``put_metric_alarm``: a Metrics Insights query and a threshold.

Alarms may not use SEARCH, and a plain metric cannot sum over labels, so each asks one SQL-like question that
answers with one series. An indicator kept apart by component gets one alarm for each component.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alarms.generate.cloudwatch import names
from alarms.model.indicator import Comparison, Indicator, Measure
from alarms.model.severity import Severity
from exporters import server
from exporters.cloudwatch.namespace import ENVIRONMENT, NAMESPACE, dimensions
from foundation.numbers import decimal_text
from slo.cloudwatch.limits import LONGEST_DESCRIPTION
from slo.model import conventions
from slo.model.entities import Component

Alarm = dict[str, object]
Topics = Mapping[str, str]
MINUTE = 60
COMPONENT = "component"
SILENT_MINUTES = 3
ROLES = ("api", "exporters")
_FUNCTIONS = {Measure.HIGHEST: "MAX", Measure.LOWEST: "MIN", Measure.INCREASE: "SUM"}
_OPERATORS = {Comparison.ABOVE: "GreaterThanThreshold", Comparison.BELOW: "LessThanThreshold"}


@dataclass(frozen=True, slots=True)
class Placed:
    """An alarm, the component it speaks of, and whether it is a symptom that a cause may explain."""

    arguments: Alarm
    component: str
    severity: Severity
    symptom: bool

    @property
    def name(self) -> str:
        return str(self.arguments["AlarmName"])


def indicator_alarms(
    indicators: Iterable[Indicator], components: Iterable[Component], environment: str
) -> list[Placed]:
    """Every indicator alarm, in name order, without actions: who speaks is decided by the composites."""
    known = [component.id for component in components]
    placed = [
        _alarm(indicator, component, environment)
        for indicator in indicators
        for component in _components(indicator, known)
    ]
    return sorted(placed, key=lambda one: one.name)


def silence_alarms(environment: str, topics: Topics) -> list[Alarm]:
    """Dead-man: a role that stopped saying it is there. Missing data *is* the fault here."""
    return [_silence(role, environment, topics) for role in ROLES]


def actions(topics: Topics, severity: Severity) -> dict[str, list[str]]:
    topic = topics.get(severity.value)
    return {} if topic is None else {"AlarmActions": [topic], "OKActions": [topic]}


def described(sentence: str, identity: Mapping[str, str]) -> str:
    """A sentence for people, then one line of JSON for the router (messages of SNS carry no tags)."""
    line = json.dumps(dict(sorted(identity.items())), ensure_ascii=False, separators=(",", ":"))
    return f"{sentence[: LONGEST_DESCRIPTION - len(line) - 1]}\n{line}"


def _components(indicator: Indicator, known: list[str]) -> list[str]:
    return known if COMPONENT in indicator.by else [indicator.component]


def _alarm(indicator: Indicator, component: str, environment: str) -> Placed:
    apart = COMPONENT in indicator.by
    where = dict(indicator.where) | ({COMPONENT: component} if apart else {})
    grows = indicator.measure is Measure.INCREASE
    period = int(indicator.window.total_seconds()) if grows else MINUTE
    periods = 1 if grows else max(1, indicator.lasting // timedelta(minutes=1))
    identity = _identity(indicator, component, environment)
    arguments: Alarm = {
        "AlarmName": names.indicator_alarm(environment, indicator.name, component if apart else ""),
        "AlarmDescription": described(_sentence(indicator, component), identity),
        "ActionsEnabled": False,
        "Metrics": [
            {"Id": "value", "Expression": _question(indicator, where, environment), "Period": period,
             "Label": indicator.title.en, "ReturnData": True}
        ],
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": periods,
        "Threshold": float(indicator.threshold),
        "ComparisonOperator": _OPERATORS[indicator.comparison],
        "TreatMissingData": "notBreaching" if grows else "missing",
        "Tags": tags(identity),
    }  # fmt: skip
    return Placed(arguments, component, indicator.severity, indicator.symptom)


def _question(indicator: Indicator, where: Mapping[str, str], environment: str) -> str:
    schema = ", ".join((f'"{NAMESPACE}"', *dimensions(indicator.metric)))
    conditions = [f"{ENVIRONMENT} = '{environment}'"]
    conditions += [f"{label} = '{value}'" for label, value in sorted(where.items())]
    return (  # CloudWatch's own query language, from declared names only
        f'SELECT {_FUNCTIONS[indicator.measure]}("{indicator.metric.name}") '  # noqa: S608
        f"FROM SCHEMA({schema}) WHERE {' AND '.join(conditions)}"
    )


def _sentence(indicator: Indicator, component: str) -> str:
    limit = f"{indicator.comparison} {decimal_text(indicator.threshold)}"
    which = f" ({component})" if component else ""
    return (
        f"{indicator.title.en}{which}: {limit}, from {indicator.basis.en}. "
        f"{indicator.title.pt}{which}: {limit}, de {indicator.basis.pt}. Runbook: {indicator.runbook}."
    )


def _identity(indicator: Indicator, component: str, environment: str) -> dict[str, str]:
    identity = {
        "alertname": indicator.name,
        "category": indicator.category,
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: indicator.severity.value,
    }
    return identity | ({COMPONENT: component} if component else {})


def tags(identity: Mapping[str, str]) -> list[dict[str, str]]:
    """Ownership: what carries them is ours, and nothing else is touched."""
    return [{"Key": f"mirante:{key}", "Value": value} for key, value in sorted(identity.items())]


def _silence(role: str, environment: str, topics: Topics) -> Alarm:
    severity = Severity.P2
    identity = {
        "alertname": f"Role{role.capitalize()}Silent",
        "category": "self",
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: severity.value,
    }
    sentence = (
        f"No sign of the role {role} for {SILENT_MINUTES} min. "
        f"Nenhum sinal do papel {role} há {SILENT_MINUTES} min. Runbook: watching-ourselves."
    )
    return {
        "AlarmName": names.silence_alarm(environment, role),
        "AlarmDescription": described(sentence, identity),
        "ActionsEnabled": True,
        **actions(topics, severity),
        "Namespace": NAMESPACE,
        "MetricName": server.ROLE_INFO.name,
        "Dimensions": [{"Name": ENVIRONMENT, "Value": environment}, {"Name": "role", "Value": role}],
        "Statistic": "SampleCount",
        "Period": MINUTE,
        "EvaluationPeriods": SILENT_MINUTES,
        "DatapointsToAlarm": SILENT_MINUTES,
        "Threshold": 1.0,
        "ComparisonOperator": "LessThanThreshold",
        "TreatMissingData": "breaching",
        "Tags": tags(identity),
    }
