"""CloudWatch alarms, as SNS carries them and as EventBridge does. Both are keyed on the alarm's ARN."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alarms.intake.normalise import (
    VALUE_LIMIT,
    IntakeRules,
    Parsed,
    clean,
    decode,
    instant_or,
    map_of,
    own_alert,
    shortened,
    text_of,
)
from alarms.model.alert import Alert, AlertState, foreign_key
from alarms.model.errors import MalformedPayload
from alarms.model.severity import Severity
from slo.model.conventions import NO_DATA_OBJECTIVE, burn_alert_name, no_data_alert_name

SOURCE = "cloudwatch"
STATES = ("ALARM", "OK", "INSUFFICIENT_DATA")
UNKNOWN_TIER = "insufficient-data"


def parse_alarm(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """The ``Message`` of an SNS notification by CloudWatch. Raises ``MalformedPayload``."""
    fields = map_of(SOURCE, "body", decode(SOURCE, payload))
    name = text_of(SOURCE, "AlarmName", fields.get("AlarmName"))
    arn = fields.get("AlarmArn")
    if not isinstance(arn, str) or not arn:
        arn = f"{fields.get('AWSAccountId')}/{fields.get('Region')}/{name}"
    return _alerts(
        name=name,
        arn=clean(arn),
        state=text_of(SOURCE, "NewStateValue", fields.get("NewStateValue")),
        at=instant_or(fields.get("StateChangeTime"), received_at),
        reason=_text(fields.get("NewStateReason")),
        description=_text(fields.get("AlarmDescription")),
        dimensions=_dimensions_of_list(fields.get("Trigger")),
        rules=rules,
    )


def parse_event(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """An EventBridge "CloudWatch Alarm State Change". Raises ``MalformedPayload``."""
    fields = map_of(SOURCE, "body", decode(SOURCE, payload))
    if fields.get("detail-type") != "CloudWatch Alarm State Change":
        raise MalformedPayload(SOURCE, "detail-type", "expected CloudWatch Alarm State Change")
    detail = map_of(SOURCE, "detail", fields.get("detail"))
    state = map_of(SOURCE, "detail.state", detail.get("state"))
    configuration = map_of(SOURCE, "detail.configuration", detail.get("configuration") or {})
    resources = fields.get("resources")
    arn = resources[0] if isinstance(resources, list) and resources else None
    dimensions = _dimensions_of_metrics(configuration.get("metrics"))
    suppressor = _text(state.get("actionsSuppressedBy"))
    if suppressor:
        dimensions["suppressed_by"] = suppressor
    return _alerts(
        name=text_of(SOURCE, "detail.alarmName", detail.get("alarmName")),
        arn=text_of(SOURCE, "resources[0]", arn),
        state=text_of(SOURCE, "detail.state.value", state.get("value")),
        at=instant_or(state.get("timestamp") or fields.get("time"), received_at),
        reason=_text(state.get("reason")),
        description=_text(configuration.get("description")),
        dimensions=dimensions,
        rules=rules,
    )


def _alerts(
    *,
    name: str,
    arn: str,
    state: str,
    at: datetime,
    reason: str,
    description: str,
    dimensions: Mapping[str, str],
    rules: IntakeRules,
) -> Parsed:
    """The alarm itself and, beside it, whether CloudWatch knows: lost data is neither firing nor over."""
    if state not in STATES:
        raise MalformedPayload(SOURCE, "state", f"expected one of {', '.join(STATES)}")
    alarm = _alarm(name, arn, at, reason or description or name, description, dimensions, rules)
    unknown = _unknown(alarm)
    if state == "INSUFFICIENT_DATA":
        return Parsed((unknown,))
    known_again = _ended(unknown, at)
    return Parsed((alarm if state == "ALARM" else _ended(alarm, at), known_again))


def _alarm(
    name: str,
    arn: str,
    at: datetime,
    summary: str,
    description: str,
    dimensions: Mapping[str, str],
    rules: IntakeRules,
) -> Alert:
    own = rules.alarms.get(name)
    labels = {**dimensions, "alarm_arn": arn}
    if own is None:
        return Alert(
            alert_key=foreign_key(rules.environment, {"alarm_arn": arn}, ()),
            source=SOURCE,
            environment=rules.environment,
            name=name,
            state=AlertState.FIRING,
            starts_at=at,
            said_at=at,
            summary=summary,
            description="" if description == summary else description,
            labels=labels,
            severity=rules.severity_said(name, description),
            component=dimensions.get("component"),
        )
    silent = own.tier is None
    alarm = own_alert(
        SOURCE,
        rules.environment,
        own.slo_id,
        NO_DATA_OBJECTIVE if silent else own.objective,
        group={},
        name=no_data_alert_name(own.slo_id) if own.tier is None else burn_alert_name(own.slo_id, own.tier),
        title=own.slo_id,
        title_pt=own.slo_id,
        starts_at=at,
        summary=summary,
    )
    return replace(alarm, tier=own.tier, said_at=at)


def _unknown(alarm: Alert) -> Alert:
    return replace(
        alarm,
        alert_key=foreign_key(
            alarm.environment, {"unknown": alarm.labels.get("alarm_arn", alarm.alert_key)}, ()
        ),
        name=f"{alarm.name} has no data",
        title=None,
        title_pt=None,
        summary=f"CloudWatch has too little data to judge {alarm.name}",
        summary_pt=f"O CloudWatch não tem dados suficientes para avaliar {alarm.name}",
        tier=UNKNOWN_TIER,
        severity=Severity.P3,
        slo_id=None,
        objective=None,
        runbook="no-data",
    )


def _ended(alert: Alert, at: datetime) -> Alert:
    return replace(alert, state=AlertState.RESOLVED, ends_at=at)


def _dimensions_of_list(trigger: object) -> dict[str, str]:
    """``[{"name": ..., "value": ...}]``, in small letters or capitals, as SNS has them."""
    listed = trigger.get("Dimensions") if isinstance(trigger, dict) else None
    found: dict[str, str] = {}
    for item in listed if isinstance(listed, list) else []:
        if isinstance(item, dict):
            lowered = {str(key).lower(): value for key, value in item.items()}
            if isinstance(lowered.get("name"), str) and isinstance(lowered.get("value"), str):
                found[clean(lowered["name"])] = clean(lowered["value"])
    return found


def _dimensions_of_metrics(metrics: object) -> dict[str, str]:
    """EventBridge nests a plain map inside each metric."""
    found: dict[str, str] = {}
    for item in metrics if isinstance(metrics, list) else []:
        stat = item.get("metricStat") if isinstance(item, dict) else None
        metric = stat.get("metric") if isinstance(stat, dict) else None
        dimensions = metric.get("dimensions") if isinstance(metric, dict) else None
        for name, value in dimensions.items() if isinstance(dimensions, dict) else ():
            if isinstance(value, str):
                found[clean(str(name))] = clean(value)
    return found


def _text(value: object) -> str:
    return shortened(value, VALUE_LIMIT) if isinstance(value, str) else ""
