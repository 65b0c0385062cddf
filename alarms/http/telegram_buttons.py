"""``/hooks/telegram``: the bot's updates, of which a pressed Acknowledge button is carried out."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from alarms.http.bodies import UNPROVEN_LARGEST, body_of
from alarms.http.chat_buttons import SeenPresses, acknowledge, presser
from alarms.http.problems import problem
from alarms.notify.telegram import ACKNOWLEDGE_DATA
from alarms.router.desk import Desk

LOG = logging.getLogger(__name__)
SECRET_HEADER = "x-telegram-bot-api-secret-token"  # noqa: S105 - its name
LONGEST_ANSWER = 200


class TelegramButtons:
    """A press counts in one of ``chats``, those of the channels, or where a person was told."""

    def __init__(self, desk: Desk, token: str, chats: Collection[str]) -> None:
        self._desk = desk
        self._token = token.encode()
        self.change_chats(chats)
        self._seen = SeenPresses()

    def change_chats(self, chats: Collection[str]) -> None:
        """For presses from now on."""
        self._chats = frozenset(chats)

    def routes(self) -> list[Route]:
        return [Route("/hooks/telegram", self.update, methods=["POST"])]

    async def update(self, request: Request) -> Response:
        """200 to whatever the bot hears; Telegram would send it again otherwise."""
        given = request.headers.get(SECRET_HEADER, "").encode()
        if not self._token:
            return problem(401, "presses of buttons are not accepted here: telegram_hook_token is not set")
        if not hmac.compare_digest(self._token, given):
            return problem(401, "the secret token is not that of telegram_hook_token")
        try:
            body = await body_of(request, UNPROVEN_LARGEST)
        except ClientDisconnect:
            return problem(400, "the sender disconnected")
        except TimeoutError:
            return problem(503, "the body did not arrive in time")
        update = _update(body)
        query = _mapping(update.get("callback_query"))
        data = str(query.get("data", ""))
        identity = str(update.get("update_id"))
        if not data.startswith(ACKNOWLEDGE_DATA) or not self._seen.first(identity):
            return Response(status_code=200)
        return await self._carried_out(query, data.removeprefix(ACKNOWLEDGE_DATA), identity)

    async def _carried_out(self, query: Mapping[str, Any], incident_id: str, identity: str) -> Response:
        chat = _mapping(_mapping(query.get("message")).get("chat"))
        if not await asyncio.to_thread(self._was_told, chat, incident_id):
            LOG.warning("a button was pressed in a chat that was not told", extra={"chat": chat.get("id")})
            return _told(query, "This chat was not told of it / Este chat não foi avisado")
        person = _mapping(query.get("from"))
        name = " ".join(str(person[part]) for part in ("first_name", "last_name") if person.get(part))
        by = presser(name, "Telegram", person.get("username") or person.get("id"))
        outcome = await asyncio.to_thread(acknowledge, self._desk, incident_id, by)
        if not outcome.settled:
            self._seen.forget(identity)
        return _told(query, f"{outcome.text.en} / {outcome.text.pt}")

    def _was_told(self, chat: Mapping[str, Any], incident_id: str) -> bool:
        names = {str(chat.get("id")), f"@{chat.get('username')}"}
        if names & self._chats:
            return True
        sent = self._desk.notifications(incident_id)
        return any(delivery.notification.address in names for delivery in sent)


def _told(query: Mapping[str, Any], text: str) -> Response:
    """An answer to the update is a call of the bot: it shows the text to whoever pressed."""
    told = {"callback_query_id": str(query.get("id", "")), "text": text[:LONGEST_ANSWER]}
    return JSONResponse({"method": "answerCallbackQuery", **told})


def _update(body: bytes) -> Mapping[str, Any]:
    """Empty where it is none."""
    try:
        return _mapping(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        return {}


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
