"""PagerDuty's Events API v2 as alerts, so that whoever sends there can send here.

One event is one alert, known by the sender and its ``dedup_key`` alone: that is all an end has to say. Each
sender's keys are its own. By the time it is read here, ``routing_key`` is the name of the sender's token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from alarms.intake.normalise import (
    LABEL_LIMIT,
    UNNAMED,
    VALUE_LIMIT,
    IntakeRules,
    Parsed,
    as_text,
    decode,
    instant_or,
    labels_of,
    links_of,
    map_of,
    shortened,
)
from alarms.model.alert import Alert, AlertState, digest, foreign_key
from alarms.model.errors import MalformedPayload

SOURCE = "pagerduty"
TRIGGER, ACKNOWLEDGE, RESOLVE = "trigger", "acknowledge", "resolve"
# Of the payload; "source" would be taken for who tells us.
LABELS = {"source": "host", "component": "component", "group": "group", "class": "class"}


def parse(payload: bytes, rules: IntakeRules, received_at: datetime) -> Parsed:
    """An event of unknown action triggers if it says what happened: somebody meant to tell of it.

    Raises:
        MalformedPayload: not JSON, or it does not say what to do, or with what.
    """
    event = map_of(SOURCE, "body", decode(SOURCE, payload))
    action = as_text(event.get("event_action")).strip().lower()
    told = event.get("payload")
    if action not in (TRIGGER, ACKNOWLEDGE, RESOLVE) and not isinstance(told, dict):
        raise MalformedPayload(
            SOURCE, "event_action", f"expected trigger, acknowledge or resolve, got {action[:20]!r}"
        )
    if action in (ACKNOWLEDGE, RESOLVE) and not as_text(event.get("dedup_key")):
        raise MalformedPayload(SOURCE, "dedup_key", f"is missing, so there is nothing to {action}")
    alert = _alert(event, told if isinstance(told, dict) else {}, rules, received_at)
    if action == ACKNOWLEDGE:
        return Parsed((), acknowledged=(alert.member,))
    if action == RESOLVE:
        return Parsed((replace(alert, state=AlertState.RESOLVED, ends_at=alert.starts_at),))
    return Parsed((alert,))


def _alert(
    event: Mapping[str, object], told: Mapping[str, object], rules: IntakeRules, received_at: datetime
) -> Alert:
    summary = shortened(as_text(told.get("summary")), VALUE_LIMIT).strip()
    key = as_text(event.get("dedup_key")) or digest(as_text(event.get("payload")))
    sender = as_text(event.get("routing_key"))
    return Alert(
        alert_key=foreign_key(rules.environment, {"routing_key": sender, "dedup_key": key}, ()),
        source=SOURCE,
        environment=rules.environment,
        name=shortened(summary, LABEL_LIMIT) or UNNAMED,
        state=AlertState.FIRING,
        starts_at=instant_or(told.get("timestamp"), received_at),
        summary=summary or UNNAMED,
        labels=_labels(event, told, key),
        severity=rules.severity(as_text(told.get("severity"))),
        component=as_text(told.get("component")) or None,
        links=_links(event),
        by_key=True,
    )


def _labels(event: Mapping[str, object], told: Mapping[str, object], key: str) -> dict[str, str]:
    """What the sender details further is among them, where the names are free."""
    known = {label: told[name] for name, label in LABELS.items() if told.get(name)}
    details = told.get("custom_details")
    return labels_of(
        {
            **(details if isinstance(details, dict) else {"details": details} if details else {}),
            **known,
            **({"client": event["client"]} if event.get("client") else {}),
            "dedup_key": key,
        }
    )


def _links(event: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, object] = {"client": event.get("client_url")}
    for kind, address, text in (("links", "href", "text"), ("images", "src", "alt")):
        listed = event.get(kind)
        for number, item in enumerate(listed if isinstance(listed, list) else ()):
            if isinstance(item, dict):
                found[as_text(item.get(text)) or f"{kind[:-1]} {number + 1}"] = item.get(address)
    return links_of(found)
