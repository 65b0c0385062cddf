"""Notifications to Microsoft Teams: an Adaptive Card to the webhook of a workflow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from alarms.model.notification import Notification
from alarms.model.severity import Severity
from alarms.notify.http_receiver import HttpReceiver
from alarms.notify.wording import ACKNOWLEDGE, OPEN, Wording, chat_wordings, cut, is_resolved, label, mark_of
from alarms.policy.channel import BOTH, Language

LARGEST = 28_000  # bytes; Teams refuses more than 28 KB
VERSION = "1.4"
LINES = (200, 60, 20, 5)  # of each language, until the card is small enough
LONGEST_LINE = 500
STYLES = {Severity.P1: "attention", Severity.P2: "warning", Severity.P3: "accent", Severity.P4: "emphasis"}


class TeamsNotifier:
    """A ``Notifier``. The address is a secret: it is never part of an error.

    Texts are runs, which Teams does not read as Markdown. Buttons open links: a workflow cannot tell us more.
    """

    def __init__(
        self, url: str, client: httpx.Client | None = None, languages: Sequence[Language] = BOTH
    ) -> None:
        self._url = url
        self._languages = languages
        self._receiver = HttpReceiver("teams", client, [url])

    def send(self, notification: Notification) -> str:
        headers = {"Content-Type": "application/json"}
        content = document(notification, self._languages)
        self._receiver.tell(self._url, notification.dedup_id, content=content, headers=headers)
        return notification.dedup_id

    def close(self) -> None:
        self._receiver.close()


def document(notification: Notification, languages: Sequence[Language] = BOTH) -> bytes:
    """As much of both texts as fits."""
    made = b""
    for lines in LINES:
        attachment = {
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": None,
            "content": card(notification, languages, lines),
        }
        made = json.dumps({"type": "message", "attachments": [attachment]}, ensure_ascii=False).encode()
        if len(made) <= LARGEST:
            break
    return made


def card(notification: Notification, languages: Sequence[Language], lines: int) -> dict[str, Any]:
    style = "good" if is_resolved(notification) else STYLES[notification.severity]
    body: list[dict[str, Any]] = []
    for wording in chat_wordings(notification.message, languages):
        items = [_heading(f"{mark_of(notification)} {wording.subject}")]
        body.append({"type": "Container", "style": style, "bleed": True, "items": items})
        body += _lines(wording, lines)
    about = f"{notification.severity} · {notification.environment} · {notification.team} · "
    body.append(_text(f"{about}dedup {notification.dedup_id}", size="Small", isSubtle=True))
    made = {
        "type": "AdaptiveCard",
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "version": VERSION,
        "body": body,
        "actions": list(_actions(notification, languages)),
        "msteams": {"width": "full"},
    }
    if "@" in notification.address:
        body.insert(0, {"type": "TextBlock", "text": f"<at>{notification.address}</at>", "wrap": True})
        named = {"id": notification.address, "name": notification.address}
        mention = {"type": "mention", "text": f"<at>{notification.address}</at>", "mentioned": named}
        made["msteams"] = {"width": "full", "entities": [mention]}
    return made


def _lines(wording: Wording, most: int) -> list[dict[str, Any]]:
    lines = [line for line in wording.body.splitlines() if line.strip()]
    shown = [*lines[:most], "…"] if len(lines) > most else lines
    return [_text(cut(line, LONGEST_LINE)) for line in shown]


def _heading(text: str) -> dict[str, Any]:
    return _text(cut(" ".join(text.split()), LONGEST_LINE), size="Medium", weight="Bolder")


def _text(text: str, **look: Any) -> dict[str, Any]:
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text, **look}]}


def _actions(notification: Notification, languages: Sequence[Language]) -> Iterator[dict[str, Any]]:
    message = notification.message
    for url, text in ((message.acknowledge, ACKNOWLEDGE), (message.page, OPEN)):
        if url:
            yield {"type": "Action.OpenUrl", "title": label(text, languages), "url": url}
