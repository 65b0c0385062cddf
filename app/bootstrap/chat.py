"""Where chats tell of pressed buttons, as the settings let them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import httpx
from starlette.routing import Route

from alarms.http.slack_buttons import SlackButtons
from alarms.http.telegram_buttons import TelegramButtons
from alarms.policy.channel import Channels, chats
from alarms.router.router import Router
from app.settings import Settings
from foundation.clock import SystemClock

LOG = logging.getLogger(__name__)


def chat_routes(
    settings: Settings, router: Router, channels: Callable[[], Channels], outside: httpx.Client
) -> list[Route]:
    """``channels`` are those of now; ``outside`` carries what a chat is told of a press."""

    def reply(address: str, document: Mapping[str, Any]) -> None:
        try:
            with outside.stream("POST", address, json=document):
                pass  # nobody needs the answer
        except httpx.HTTPError as error:
            LOG.warning("a chat was not told what its button did", extra={"reason": type(error).__name__})

    slack = SlackButtons(router, settings.slack_signing_secret, SystemClock().now, reply)
    telegram = TelegramButtons(router, settings.telegram_hook_token, lambda: chats(channels()))
    return [*slack.routes(), *telegram.routes()]
