"""Notifications by a Telegram bot, to the chats of each team."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any
from urllib.parse import urlsplit

import httpx

from alarms.model.notification import Notification
from alarms.notify.http_receiver import HttpReceiver
from alarms.notify.recipients import FanOut, addressed
from alarms.notify.wording import ACKNOWLEDGE, OPEN, Wording, chat_wordings, cut, label, languages_of, mark_of
from alarms.policy.channel import Language, TelegramChannel
from foundation.answers import WholeAnswer

LONGEST = 4096  # characters of a message as it is shown, its markup not counted
LONGEST_SUBJECT = 256
ACKNOWLEDGE_DATA = "acknowledge:"  # and the incident: a button brings back at most 64 bytes


class TelegramNotifier:
    """A ``Notifier``. The bot's token, which is part of its address, is never part of an error."""

    def __init__(self, channel: TelegramChannel, token: str, client: httpx.Client | None = None) -> None:
        self._channel = channel
        self._url = f"{channel.server}/bot{token}/sendMessage"
        self._receiver = HttpReceiver("telegram", client, [token])
        self._chats = FanOut()

    def send(self, notification: Notification) -> str:
        languages = languages_of(notification.message, self._channel.languages)
        content = document(notification, languages, self._channel.interactive)

        def one(chat: str) -> str:
            answer = self._receiver.tell(self._url, notification.dedup_id, json={"chat_id": chat, **content})
            return _message_id(answer) or notification.dedup_id

        chats = addressed(notification, self._channel.recipients, "telegram")
        return self._chats.tell(notification, chats, one)

    def close(self) -> None:
        self._receiver.close()


def document(notification: Notification, languages: Sequence[Language], interactive: bool) -> dict[str, Any]:
    said = chat_wordings(notification.message, languages)
    room = LONGEST // len(said) - LONGEST_SUBJECT - 8
    mark = mark_of(notification)
    made: dict[str, Any] = {
        "text": "\n\n".join(_marked_up(wording, mark, room) for wording in said),
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": True},
    }
    buttons = list(_buttons(notification, languages, interactive))
    if buttons:
        made["reply_markup"] = {"inline_keyboard": [buttons]}
    return made


def _marked_up(wording: Wording, mark: str, room: int) -> str:
    subject = cut(" ".join(wording.subject.split()), LONGEST_SUBJECT)
    return f"{mark} <b>{escape(subject, quote=False)}</b>\n{escape(cut(wording.body, room), quote=False)}"


def _buttons(
    notification: Notification, languages: Sequence[Language], interactive: bool
) -> Iterator[dict[str, str]]:
    message = notification.message
    if interactive and message.acknowledge:
        data = f"{ACKNOWLEDGE_DATA}{notification.incident_id}"
        yield {"text": label(ACKNOWLEDGE, languages), "callback_data": data}
    elif is_public(message.acknowledge):
        yield {"text": label(ACKNOWLEDGE, languages), "url": message.acknowledge}
    if is_public(message.page):
        yield {"text": label(OPEN, languages), "url": message.page}


def is_public(url: str) -> bool:
    """Whether Telegram takes it as a button's address: one on this machine has the message refused."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return parts.scheme in ("http", "https") and "." in host and not host.startswith("127.")


def _message_id(answer: WholeAnswer) -> str:
    try:
        return str(answer.json()["result"]["message_id"])
    except (ValueError, KeyError, TypeError):
        return ""
