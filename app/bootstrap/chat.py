"""Where chats tell of pressed buttons, as the settings let them."""

from __future__ import annotations

import logging
from collections.abc import Mapping
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


class ChatButtons:
    """``outside`` carries what a chat is told of a press."""

    def __init__(self, settings: Settings, router: Router, channels: Channels, outside: httpx.Client) -> None:
        def reply(address: str, document: Mapping[str, Any]) -> None:
            try:
                with outside.stream("POST", address, json=document):
                    pass  # nobody needs the answer
            except httpx.HTTPError as error:
                reason = type(error).__name__
                LOG.warning("a chat was not told what its button did", extra={"reason": reason})

        self._slack = SlackButtons(router, settings.slack_signing_secret, SystemClock().now, reply)
        self._telegram = TelegramButtons(router, settings.telegram_hook_token, chats(channels))

    def routes(self) -> list[Route]:
        return [*self._slack.routes(), *self._telegram.routes()]

    def change_channels(self, channels: Channels) -> None:
        """For presses from now on."""
        self._telegram.change_chats(chats(channels))
