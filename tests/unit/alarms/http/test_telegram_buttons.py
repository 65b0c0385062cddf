"""Pressed buttons of Telegram: of the bot's own webhook only, in chats that were told, each update once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from telegram import Update
from telegram.constants import CallbackQueryLimit

from alarms.http.auth import BearerTokens
from alarms.http.desk_api import DeskApi
from alarms.http.telegram_buttons import TelegramButtons
from alarms.model.errors import StoreBusy
from alarms.notify.telegram import document
from alarms.policy.channel import BOTH
from tests.support.alerts import burn_alert
from tests.support.router import Scene, asking
from tests.support.router_application import create_application

TOKEN = "secret-token"
CHAT = "-1001234567890"


class Site:
    """The endpoint over a store in memory, for a bot of one chat."""

    def __init__(self, token: str = TOKEN) -> None:
        self.scene = Scene()
        self.buttons = buttons = TelegramButtons(self.scene.router, token, [CHAT, "@alarms_public"])
        desk = DeskApi(self.scene.router, BearerTokens.of({}))
        application = create_application(None, desk, buttons.routes())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://router")
        self.incident = self.scene.receive(burn_alert())

    def update(self, number: int = 1, chat: dict[str, Any] | None = None) -> dict[str, Any]:
        """As Telegram sends it for the message that was posted; its types understand it."""
        sent = document(asking(self.scene.pager.sent[0]), BOTH, interactive=True)
        message = {
            "message_id": 7,
            "date": 1_767_225_600,
            "chat": chat or {"id": int(CHAT), "type": "supergroup", "title": "on call"},
            "text": "[P1]",
            "reply_markup": sent["reply_markup"],
        }
        made = {
            "update_id": number,
            "callback_query": {
                "id": "4382bfdwdsb323b2d9",
                "from": {
                    "id": 42,
                    "is_bot": False,
                    "first_name": "Ana",
                    "last_name": "Souza",
                    "username": "ana",
                },
                "message": message,
                "chat_instance": "1",
                "data": sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
            },
        }
        understood = Update.de_json(made, None)
        assert understood.callback_query is not None
        assert understood.callback_query.data == f"acknowledge:{self.incident.id}"
        return made

    async def post(self, update: Any, token: str | None = TOKEN) -> httpx.Response:
        headers = {} if token is None else {"X-Telegram-Bot-Api-Secret-Token": token}
        return await self.client.post("/hooks/telegram", json=update, headers=headers)

    @property
    def acknowledged_by(self) -> str | None:
        return self.scene.router.incident(self.incident.id).acknowledged_by


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()
    made.scene.close()


async def test_a_press_acknowledges_and_whoever_pressed_is_answered(site: Site) -> None:
    answer = await site.post(site.update())
    assert site.acknowledged_by == "Ana Souza (Telegram ana)"
    told = answer.json()
    assert (told["method"], told["callback_query_id"]) == ("answerCallbackQuery", "4382bfdwdsb323b2d9")
    assert told["text"].startswith("Acknowledged by Ana Souza (Telegram ana) / Assumido por Ana Souza")
    assert len(told["text"]) <= CallbackQueryLimit.ANSWER_CALLBACK_QUERY_TEXT_LENGTH


@pytest.mark.parametrize("token", [None, "", "other", f"{TOKEN}x", "é".encode()])
async def test_who_does_not_know_the_secret_token_changes_nothing(site: Site, token: Any) -> None:
    assert (await site.post(site.update(), token)).status_code == 401
    assert site.acknowledged_by is None


async def test_without_a_token_of_ours_nothing_is_taken() -> None:
    made = Site(token="")
    answer = await made.post(made.update(), "")
    assert (answer.status_code, "telegram_hook_token is not set" in answer.text) == (401, True)
    await made.client.aclose()
    made.scene.close()


async def test_an_update_that_comes_again_is_not_carried_out_again(site: Site) -> None:
    await site.post(site.update(number=5))
    site.scene.router.reassign(site.incident.id, "business", "bob")
    assert (await site.post(site.update(number=5))).status_code == 200
    assert site.acknowledged_by is None
    await site.post(site.update(number=6))
    assert site.acknowledged_by is not None


async def test_a_chat_that_was_not_told_may_not_acknowledge(site: Site) -> None:
    answer = await site.post(site.update(chat={"id": 666, "type": "private", "username": "stranger"}))
    assert (answer.status_code, "was not told" in answer.json()["text"]) == (200, True)
    assert site.acknowledged_by is None


async def test_the_chats_of_a_changed_file_are_those_that_count(site: Site) -> None:
    site.buttons.change_chats(["-1009"])
    assert "was not told" in (await site.post(site.update(number=1))).json()["text"]
    assert site.acknowledged_by is None
    site.buttons.change_chats([CHAT])
    await site.post(site.update(number=2))
    assert site.acknowledged_by is not None


async def test_a_channel_is_known_by_its_name_and_a_person_by_the_address_that_was_told(site: Site) -> None:
    public = {"id": -100777, "type": "channel", "title": "alarms", "username": "alarms_public"}
    await site.post(site.update(number=1, chat=public))
    assert site.acknowledged_by is not None
    site.scene.router.reassign(site.incident.id, "business", "bob")
    told = replace(site.scene.pager.sent[0], address="42", dedup_id="to-ana")
    with site.scene.store.transaction() as tx:
        tx.enqueue(told)
    await site.post(site.update(number=2, chat={"id": 42, "type": "private", "first_name": "Ana"}))
    assert site.acknowledged_by is not None


async def test_too_late_is_harmless_and_is_said(site: Site) -> None:
    site.scene.router.resolve(site.incident.id, "bob")
    answer = await site.post(site.update())
    assert answer.json()["text"] == "Already resolved / Já resolvido"
    assert site.acknowledged_by is None


async def test_what_could_not_be_stored_may_come_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise StoreBusy("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(site.scene.router, "acknowledge", busy)
        assert "Não foi assumido" in (await site.post(site.update())).json()["text"]
    await site.post(site.update())
    assert site.acknowledged_by is not None


@pytest.mark.parametrize(
    "update",
    [{}, [], 7, {"update_id": 1, "message": {"text": "hello"}}, {"callback_query": {"data": "other:1"}}],
)
async def test_what_is_not_a_press_of_our_button_is_taken_and_ignored(site: Site, update: Any) -> None:
    assert (await site.post(update)).status_code == 200
    assert site.acknowledged_by is None
