"""Notifications to an incoming webhook that takes Slack's message shape (Slack, Mattermost, Rocket.Chat)."""

from __future__ import annotations

import httpx
import msgspec

from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.webhook import TIMEOUT_SECONDS, post

COLOURS = {Severity.P1: "#b3261e", Severity.P2: "#c4620a", Severity.P3: "#8a6d00", Severity.P4: "#3a6ea5"}
LONGEST = 2900  # characters of one block's text


class SlackNotifier:
    """A ``Notifier``. The address is a secret: it is never part of an error."""

    def __init__(self, url: str, client: httpx.Client | None = None) -> None:
        self._url = url
        self._client = client or httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False)

    def send(self, notification: Notification) -> str:
        body = msgspec.json.encode(document(notification))
        headers = {"Content-Type": "application/json"}
        return post(self._client, "slack", self._url, body, headers) or notification.dedup_id

    def close(self) -> None:
        self._client.close()


def document(notification: Notification) -> dict[str, object]:
    """Both languages, as two blocks; ``text`` is what a phone shows."""
    message = notification.message
    blocks = [
        _section(f"*{_escaped(message.subject)}*\n{_escaped(message.body)}"),
        {"type": "divider"},
        _section(f"*{_escaped(message.subject_pt)}*\n{_escaped(message.body_pt)}"),
        {"type": "context", "elements": [{"type": "plain_text", "text": f"dedup {notification.dedup_id}"}]},
    ]
    return {
        "text": _escaped(message.subject),
        "attachments": [{"color": COLOURS[notification.severity], "blocks": blocks}],
    }


def _section(text: str) -> dict[str, object]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text[:LONGEST]}}


def _escaped(text: str) -> str:
    """The three characters that would be markup or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
