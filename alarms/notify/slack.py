"""Notifications to an incoming webhook that takes Slack's message shape (Slack, Mattermost, Rocket.Chat)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import httpx

from alarms.model.notification import Notification
from alarms.notify.http_receiver import HttpReceiver
from alarms.notify.wording import ACKNOWLEDGE, OPEN, Wording, chat_wordings, cut, label, mark_of
from alarms.policy.channel import BOTH, Language

HEADER, SECTION = 150, 3000  # characters of one; Slack refuses the message otherwise
MOST_SECTIONS = 10  # of one language: a message has 50 blocks at most
ACKNOWLEDGE_ACTION = "mirante-acknowledge"
MEMBER = re.compile(r"[UW][A-Z0-9]{5,20}")  # a person, as Slack calls one


class SlackNotifier:
    """A ``Notifier``. The address is a secret: it is never part of an error.

    Slack shows the blocks; a service that only takes its shape shows ``text``, which says all of it too.
    ``interactive``: the button tells us; otherwise it opens the one-tap link.
    """

    def __init__(
        self,
        url: str,
        client: httpx.Client | None = None,
        languages: Sequence[Language] = BOTH,
        interactive: bool = False,
    ) -> None:
        self._url = url
        self._languages = languages
        self._interactive = interactive
        self._receiver = HttpReceiver("slack", client, [url])

    def send(self, notification: Notification) -> str:
        content = document(notification, self._languages, self._interactive)
        self._receiver.tell(self._url, notification.dedup_id, json=content)
        return notification.dedup_id

    def close(self) -> None:
        self._receiver.close()


def document(
    notification: Notification, languages: Sequence[Language] = BOTH, interactive: bool = False
) -> dict[str, Any]:
    said = chat_wordings(notification.message, languages)
    blocks = list(_said(notification, said))
    buttons = list(_buttons(notification, languages, interactive))
    if buttons:
        blocks.append({"type": "actions", "elements": buttons})
    about = f"{notification.severity} · {notification.environment} · {notification.team} · "
    blocks.append(
        {
            "type": "context",
            "elements": [{"type": "plain_text", "text": f"{about}dedup {notification.dedup_id}"}],
        }
    )
    made: dict[str, Any] = {"text": _text(notification, said, languages), "blocks": blocks}
    made |= {"unfurl_links": False, "unfurl_media": False}  # the links are for people
    if notification.address.startswith(("@", "#")):
        made["channel"] = notification.address  # for the services that take it; Slack itself no longer does
    return made


def _said(notification: Notification, said: Sequence[Wording]) -> Iterator[dict[str, Any]]:
    """The first language below a header, the other one below a line."""
    for place, wording in enumerate(said):
        title = f"{mark_of(notification)} {' '.join(wording.subject.split())}"
        if place:
            yield {"type": "divider"}
        yield {"type": "header", "text": {"type": "plain_text", "text": cut(title, HEADER), "emoji": True}}
        if place == 0 and MEMBER.fullmatch(notification.address):
            yield _section(f"<@{notification.address}>")
        yield from (_section(text) for text in _sections(wording.body))


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _sections(body: str) -> list[str]:
    """Whole lines, as many to a section as it holds."""
    sections: list[str] = []
    for line in body.splitlines():
        escaped = _escaped(cut(line, SECTION, lambda text: len(_escaped(text))))
        if sections and len(sections[-1]) + 1 + len(escaped) <= SECTION:
            sections[-1] += f"\n{escaped}"
        else:
            sections.append(escaped)
    return [section for section in sections if section.strip()][:MOST_SECTIONS]


def _buttons(
    notification: Notification, languages: Sequence[Language], interactive: bool
) -> Iterator[dict[str, Any]]:
    message = notification.message
    if interactive and message.acknowledge:
        told = {"action_id": ACKNOWLEDGE_ACTION, "value": notification.incident_id, "style": "primary"}
        yield _button(label(ACKNOWLEDGE, languages), **told)
    elif message.acknowledge:
        link = {"action_id": "mirante-acknowledge-link", "url": message.acknowledge, "style": "primary"}
        yield _button(label(ACKNOWLEDGE, languages), **link)
    if message.page:
        yield _button(label(OPEN, languages), action_id="mirante-open", url=message.page)


def _button(text: str, **more: str) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}, **more}


def _text(notification: Notification, said: Sequence[Wording], languages: Sequence[Language]) -> str:
    message = notification.message
    mention = f" <@{notification.address}>" if MEMBER.fullmatch(notification.address) else ""
    parts = [f"{mark_of(notification)} *{_escaped(said[0].subject)}*{mention}\n{_escaped(said[0].body)}"]
    parts += [f"*{_escaped(wording.subject)}*\n{_escaped(wording.body)}" for wording in said[1:]]
    links = [
        f"<{url}|{label(text, languages)}>"
        for url, text in ((message.acknowledge, ACKNOWLEDGE), (message.page, OPEN))
        if url
    ]
    return "\n\n".join([*parts, " · ".join(links)]).strip()


def _escaped(text: str) -> str:
    """The three characters that would be markup or a mention."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
