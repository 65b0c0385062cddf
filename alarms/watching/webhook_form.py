"""Alerts as the two APIs list them, taken in as if they had come by the hook: same parser, same identity."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from alarms.intake import alertmanager
from alarms.intake.alertmanager import SOURCE
from alarms.intake.normalise import UNNAMED, IntakeRules, labels_of
from alarms.model.alert import Alert, AlertState, foreign_key

LOG = logging.getLogger(__name__)
NOT_OVER = "0001-01-01T00:00:00Z"


def webhook_form(item: Mapping[str, Any], starts_at: object) -> dict[str, Any]:
    """One alert that fires, as the webhook has it."""
    return {
        "status": "firing",
        "labels": item.get("labels"),
        "annotations": item.get("annotations"),
        "startsAt": starts_at,
        "endsAt": NOT_OVER,
        "generatorURL": item.get("generatorURL"),
    }


def taken(items: Sequence[Mapping[str, Any]], rules: IntakeRules, at: datetime) -> list[Alert]:
    """One alert for each. What the parser cannot read is an alert all the same, with its bare labels."""
    try:
        found = alertmanager.parse(_body(items), rules, at).alerts
    except Exception:
        LOG.exception("the parser fails on what a source lists")  # which is what this is here to find
        found = ()
    return list(found) if len(found) == len(items) else [_alone(item, rules, at) for item in items]


def _alone(item: Mapping[str, Any], rules: IntakeRules, at: datetime) -> Alert:
    try:
        (found,) = alertmanager.parse(_body([item]), rules, at).alerts
    except Exception:
        LOG.exception("an alert that a source lists is taken in by its bare labels")
        labels = labels_of(item.get("labels"))
        name = labels.get("alertname") or UNNAMED
        return Alert(
            alert_key=foreign_key(rules.environment, labels, rules.ignored_labels),
            source=SOURCE,
            environment=rules.environment,
            name=name,
            state=AlertState.FIRING,
            starts_at=at,
            summary=name,
            labels=labels,
        )
    return found


def _body(items: Sequence[Mapping[str, Any]]) -> bytes:
    return msgspec.json.encode({"version": "4", "alerts": items})
