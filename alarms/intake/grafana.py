"""Grafana's alerting webhook, version 1: Alertmanager's form, with addresses and values of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alarms.intake.alertmanager import group_of
from alarms.intake.normalise import VALUE_LIMIT, IntakeRules, Parsed, links_of, shortened
from alarms.model.alert import Alert

SOURCE = "grafana"
VERSION = "1"
# Grafana's own words for a rule that could not be judged; the rule's name is a label then.
ABOUT_A_RULE = ("DatasourceError", "DatasourceNoData")
VALUES_SHOWN = 300  # characters
LARGEST_SHOWN = 1e15


def parse(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """Every alert of the notification; each stands alone.

    Raises:
        MalformedPayload: not JSON, or nothing of Grafana's.
    """
    return group_of(SOURCE, VERSION, payload, rules, received_at, _with_more)


def _with_more(alert: Alert, fields: Mapping[str, object]) -> Alert:
    own = links_of(
        {
            "dashboard": fields.get("dashboardURL"),
            "panel": fields.get("panelURL"),
            "silence": fields.get("silenceURL"),
            "image": fields.get("imageURL"),
        }
    )
    alert = replace(alert, links={**alert.links, **own})
    if alert.slo_id is not None:
        return alert
    rule = alert.labels.get("rulename", "")
    values = _values(fields)
    summary = f"{alert.summary} ({values})" if values else alert.summary
    return replace(
        alert,
        title=f"{alert.name}: {rule}" if alert.name in ABOUT_A_RULE and rule else None,
        summary=shortened(summary, VALUE_LIMIT),
    )


def _values(fields: Mapping[str, object]) -> str:
    """``B = 44.24, C = 1``; of versions that did not number them, their own text."""
    numbers, text = fields.get("values"), fields.get("valueString")
    if isinstance(numbers, dict) and numbers:
        found = ", ".join(f"{name} = {_number(value)}" for name, value in sorted(numbers.items()))
        return shortened(found, VALUES_SHOWN)
    return shortened(text, VALUES_SHOWN) if isinstance(text, str) else ""


def _number(value: object) -> str:
    if isinstance(value, (int, float)) and abs(value) < LARGEST_SHOWN:
        return f"{value:.4g}"
    return str(value)[:40]
