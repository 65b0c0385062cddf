"""Notifications as push messages of an ntfy server, to the topics of each team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.http_receiver import HttpReceiver, field_of
from alarms.notify.recipients import FanOut, addressed
from alarms.notify.wording import (
    ACKNOWLEDGE,
    OPEN,
    bytes_of,
    chat_wordings,
    cut,
    is_resolved,
    label,
    languages_of,
)
from alarms.policy.channel import Language, NtfyChannel

LONGEST = 4000  # bytes of a message; a longer one would arrive as a file
LONGEST_TITLE = 250
PRIORITIES = {Severity.P1: 5, Severity.P2: 4, Severity.P3: 3, Severity.P4: 2}
TAGS = {Severity.P1: "rotating_light", Severity.P2: "warning", Severity.P3: "bell", Severity.P4: "memo"}


class NtfyNotifier:
    """A ``Notifier``. ``token`` is "" at a server that wants none."""

    def __init__(self, channel: NtfyChannel, token: str, client: httpx.Client | None = None) -> None:
        self._channel = channel
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._receiver = HttpReceiver("ntfy", client, [token])
        self._topics = FanOut()

    def send(self, notification: Notification) -> str:
        content = document(notification, languages_of(notification.message, self._channel.languages))

        def one(topic: str) -> str:
            told = {"topic": topic, **content}
            url, identity = f"{self._channel.server}/", notification.dedup_id
            answer = self._receiver.tell(url, identity, json=told, headers=self._headers)
            return field_of(answer, "id") or identity

        topics = addressed(notification, self._channel.recipients, "ntfy")
        return self._topics.tell(notification, topics, one)

    def close(self) -> None:
        self._receiver.close()


def document(notification: Notification, languages: Sequence[Language]) -> dict[str, Any]:
    message = notification.message
    first, *others = chat_wordings(message, languages)
    room = LONGEST // (1 + len(others)) - len(others)
    texts = [first.body, *(f"{other.subject}\n{other.body}" for other in others)]
    resolved = is_resolved(notification)
    links = ((message.acknowledge, ACKNOWLEDGE), (message.page, OPEN))
    made: dict[str, Any] = {
        "title": cut(" ".join(first.subject.split()), LONGEST_TITLE),
        "message": "\n\n".join(cut(text, room, bytes_of) for text in texts),
        "priority": PRIORITIES[Severity.P3] if resolved else PRIORITIES[notification.severity],
        "tags": ["white_check_mark" if resolved else TAGS[notification.severity], notification.environment],
        "actions": [
            {"action": "view", "label": label(text, languages), "url": url} for url, text in links if url
        ],
    }
    if message.page:
        made["click"] = message.page
    return made
