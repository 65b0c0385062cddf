"""Indicator alarms as boto3 arguments of ``put_metric_alarm``: a Metrics Insights query and a threshold.

Alarms may not use SEARCH, and a plain metric cannot sum over labels, so each asks one SQL-like question that
answers with one series. An indicator kept apart by component gets one alarm for each component.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from alarms.generate.cloudwatch import names
from alarms.model.indicator import Comparison, IndicatorAlarm, Measure
from alarms.model.severity import Severity
from alarms.model.watch_list import Side
from exporters import server
from exporters.cloudwatch.namespace import ENVIRONMENT, NAMESPACE, dimensions
from foundation.quantities import decimal_text
from slo.cloudwatch.alarms import Alarm, Topics, silence, speaking
from slo.indicators.metric import CloudWatchMetric
from slo.model import conventions
from slo.model.entities import Component

MINUTE = 60
COMPONENT = "component"
SILENT_MINUTES = 3
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
    indicators: Iterable[IndicatorAlarm], components: Iterable[Component], environment: str
) -> list[Placed]:
    """Every indicator alarm, in name order, without actions: who speaks is decided by the composites."""
    known = [component.id for component in components]
    placed = [
        _alarm(indicator, component, environment)
        for indicator in indicators
        for component in _components(indicator, known)
    ]
    return sorted(placed, key=lambda one: one.name)


def silence_alarms(sides: Iterable[Side], environment: str, topics: Topics) -> list[Alarm]:
    """Dead-man: a role that stopped saying it is there. Missing data *is* the fault here."""
    return [_silence(side.speaker, environment, topics) for side in sides]


def _components(indicator: IndicatorAlarm, known: list[str]) -> list[str]:
    return known if COMPONENT in indicator.by else [indicator.component]


def _alarm(indicator: IndicatorAlarm, component: str, environment: str) -> Placed:
    apart = COMPONENT in indicator.by
    where = dict(indicator.where) | ({COMPONENT: component} if apart else {})
    grows = indicator.measure is Measure.INCREASE
    period = int(indicator.window.total_seconds()) if grows else MINUTE
    periods = 1 if grows else max(1, indicator.lasting // timedelta(minutes=1))
    identity = _identity(indicator, component, environment)
    arguments: Alarm = {
        "AlarmName": names.indicator_alarm(environment, indicator.name, component if apart else ""),
        "AlarmDescription": conventions.described(_sentence(indicator, component), identity),
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
        "Tags": conventions.tags(identity),
    }  # fmt: skip
    return Placed(arguments, component, indicator.severity, indicator.symptom)


def _question(indicator: IndicatorAlarm, where: Mapping[str, str], environment: str) -> str:
    schema = ", ".join((f'"{NAMESPACE}"', *dimensions(indicator.labels)))
    conditions = [f"{ENVIRONMENT} = '{environment}'"]
    conditions += [f"{label} = '{value}'" for label, value in sorted(where.items())]
    return (  # CloudWatch's own query language, from declared names only
        f'SELECT {_FUNCTIONS[indicator.measure]}("{indicator.metric}") '  # noqa: S608
        f"FROM SCHEMA({schema}) WHERE {' AND '.join(conditions)}"
    )


def _sentence(indicator: IndicatorAlarm, component: str) -> str:
    limit = f"{indicator.comparison} {decimal_text(indicator.threshold)}"
    which = f" ({component})" if component else ""
    return (
        f"{indicator.title.en}{which}: {limit}, from {indicator.basis.en}. "
        f"{indicator.title.pt}{which}: {limit}, de {indicator.basis.pt}. Runbook: {indicator.runbook}."
    )


def _identity(indicator: IndicatorAlarm, component: str, environment: str) -> dict[str, str]:
    identity = {
        "alertname": indicator.name,
        "category": indicator.category,
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: indicator.severity.value,
    }
    return identity | ({COMPONENT: component} if component else {})


def _silence(role: str, environment: str, topics: Topics) -> Alarm:
    severity = Severity.P2
    identity = {
        "alertname": f"Role{role.capitalize()}Silent",
        "category": "self",
        conventions.LABEL_ENVIRONMENT: environment,
        conventions.LABEL_SEVERITY: severity.value,
    }
    sentence = (
        f"The role {role} has been silent for {SILENT_MINUTES} min. O papel {role} está em silêncio "
        f"há {SILENT_MINUTES} min. Runbook: watching-ourselves."
    )
    dimensions = ((ENVIRONMENT, environment), ("role", role))
    metric = CloudWatchMetric(NAMESPACE, server.ROLE_INFO.name, dimensions)
    name = names.silence_alarm(environment, role)
    return speaking(name, sentence, identity, topics, severity) | silence(metric, SILENT_MINUTES)
