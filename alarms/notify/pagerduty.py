"""Notifications as events of PagerDuty's Events API v2: one alert there for each incident here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from alarms.model.incident import TransitionKind
from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.http_receiver import HttpReceiver, field_of
from alarms.notify.wording import OPEN, cut, is_resolved, label, wordings
from alarms.policy.channel import Language, PagerDutyChannel

LONGEST_SUMMARY = 1024
LONGEST_BODY = 100_000  # characters of one language; an event has 512 KB
SEVERITIES = {Severity.P1: "critical", Severity.P2: "error", Severity.P3: "warning", Severity.P4: "info"}


class PagerDutyNotifier:
    """A ``Notifier``. The integration key is part of each event, and of no error."""

    def __init__(self, channel: PagerDutyChannel, key: str, client: httpx.Client | None = None) -> None:
        self._channel = channel
        self._key = key
        self._receiver = HttpReceiver("pagerduty", client, [key])

    def send(self, notification: Notification) -> str:
        event = {"routing_key": self._key, **document(notification, self._channel.languages)}
        url, identity = f"{self._channel.server}/v2/enqueue", notification.dedup_id
        answer = self._receiver.tell(url, identity, json=event)
        return field_of(answer, "dedup_key") or identity

    def close(self) -> None:
        self._receiver.close()


def document(notification: Notification, languages: Sequence[Language]) -> dict[str, Any]:
    """Without its key. A later event of one incident joins its alert there, and a resolution closes it."""
    of_an_incident = notification.transition > 0  # a trial message is not
    event: dict[str, Any] = {
        "event_action": _action(notification),
        "dedup_key": notification.incident_id if of_an_incident else notification.dedup_id,
    }
    if event["event_action"] != "trigger":
        return event
    message = notification.message
    said = wordings(message, languages)
    details: dict[str, str] = {}
    for wording in said:
        suffix = "" if wording is said[0] else f"_{wording.language}"
        details[f"subject{suffix}"] = wording.subject
        details[f"body{suffix}"] = cut(wording.body, LONGEST_BODY)
    event |= {
        "payload": {
            "summary": cut(said[0].subject, LONGEST_SUMMARY),
            "source": f"mirante {notification.environment}",
            "severity": SEVERITIES[notification.severity],
            "timestamp": notification.created_at.isoformat(),
            "group": notification.team,
            "class": notification.attributes.get("kind", notification.step.value),
            "custom_details": {**details, "dedup_id": notification.dedup_id, "target": notification.target},
        },
        "client": "Mirante",
    }
    if message.page:
        event["client_url"] = message.page
        event["links"] = [{"href": message.page, "text": label(OPEN, languages)}]
    return event


def _action(notification: Notification) -> str:
    if is_resolved(notification):
        return "resolve"
    acknowledged = notification.attributes.get("kind") == TransitionKind.ACKNOWLEDGED.value
    return "acknowledge" if acknowledged else "trigger"
