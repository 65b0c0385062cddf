"""Where chats tell of pressed buttons, as the settings let them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import httpx
from starlette.routing import Route

from alarms.http.slack_buttons import SlackButtons
from alarms.http.telegram_buttons import TelegramButtons
from alarms.policy.channel import TelegramChannel
from app.bootstrap.router import RouterParts
from app.settings import Settings
from foundation.clock import SystemClock

LOG = logging.getLogger(__name__)


def chat_routes(settings: Settings, routing: RouterParts, outside: httpx.Client) -> list[Route]:
    """``outside`` carries what a chat is told of a press."""

    def reply(address: str, document: Mapping[str, Any]) -> None:
        try:
            with outside.stream("POST", address, json=document):
                pass  # nobody needs the answer
        except httpx.HTTPError as error:
            LOG.warning("a chat was not told what its button did", extra={"reason": type(error).__name__})

    chats = {
        chat
        for channel in routing.channels.values()
        if isinstance(channel, TelegramChannel)
        for several in channel.recipients.values()
        for chat in several
    }
    slack = SlackButtons(routing.router, settings.slack_signing_secret, SystemClock().now, reply)
    telegram = TelegramButtons(routing.router, settings.telegram_hook_token, chats)
    return [*slack.routes(), *telegram.routes()]
