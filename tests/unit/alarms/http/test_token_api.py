"""Tokens over HTTP: who has one sends where it may, and only the operator makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from alarms.http.auth import (
    HOOKS,
    READ,
    TOKENS,
    WRITE,
    AuthenticatorChain,
    BearerTokens,
    Principal,
    StoredTokens,
)
from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.http.token_api import TokenApi
from alarms.intake.inbox import Inbox
from alarms.model.access_token import AccessToken
from alarms.model.errors import StoreBusy
from alarms.model.receipt import ReceiptState
from tests.support.hooks import alert, alertmanager, grafana, grafana_alert, pagerduty
from tests.support.router import Scene, numbered_ids
from tests.support.router_application import create_application

OPERATOR = {"authorization": "Bearer operator-token"}


class Site:
    """A router's application whose operator has a token, and nobody else has one yet."""

    def __init__(self) -> None:
        self.scene = Scene()
        operator = Principal("operator", frozenset({READ, WRITE, HOOKS, TOKENS}))
        known = BearerTokens.of({"operator-token": operator})
        who = AuthenticatorChain(known, StoredTokens(self.scene.store))
        inbox = Inbox(self.scene.store, self.scene.clock, numbered_ids("receipt-"))
        hooks = Hooks(inbox, who, self.scene.clock, heartbeats=lambda: ["backup"])
        api = TokenApi(self.scene.router.tokens, who)
        application = create_application(hooks, DeskApi(self.scene.router, who), before=api.routes())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://router")

    async def make(self, name: str = "shop", scope: str = "send", **more: object) -> dict[str, str]:
        document = {"name": name, "scope": scope, **more}
        answer = await self.client.post("/v1/alerts/tokens", json=document, headers=OPERATOR)
        assert answer.status_code == 200, answer.text
        return {"authorization": f"Bearer {answer.json()['secret']}"}

    def senders(self) -> list[str]:
        return [receipt.sender for receipt in self.scene.store.receipts(ReceiptState.PENDING)]


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()
    made.scene.close()


async def test_a_sender_may_only_send(site: Site) -> None:
    shop = await site.make()
    answer = await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=shop)
    assert answer.status_code == 200
    assert site.senders() == ["shop"]
    for method, path in (
        ("GET", ""),
        ("GET", "/x"),
        ("POST", "/x/acknowledge"),
        ("POST", "/silences"),
        ("GET", "/quarantine"),
        ("GET", "/tokens"),
        ("POST", "/tokens"),
        ("POST", "/tokens/shop/revoke"),
    ):
        refused = await site.client.request(method, f"/v1/alerts{path}", headers=shop)
        assert refused.status_code == 403
        assert refused.json()["detail"].startswith("shop may send; this needs a token that may")


async def test_a_token_of_one_hook_sends_to_no_other(site: Site) -> None:
    shop = await site.make(hooks=["grafana", "json/shop"])
    asked = {
        "/hooks/grafana": grafana(grafana_alert()),
        "/hooks/json/shop": {},
        "/hooks/json/other": {},
        "/hooks/alertmanager": alertmanager(alert()),
    }
    found = [
        (await site.client.post(path, json=document, headers=shop)).status_code
        for path, document in asked.items()
    ]
    assert found == [200, 200, 403, 403]


async def test_a_reader_reads_and_a_writer_writes_and_neither_sends_or_makes_tokens(site: Site) -> None:
    reader, writer = await site.make("board", "read"), await site.make("bot", "write")
    assert (await site.client.get("/v1/alerts", headers=reader)).status_code == 200
    assert (await site.client.post("/v1/alerts/x/resolve", headers=reader)).status_code == 403
    assert (await site.client.post("/v1/alerts/x/resolve", headers=writer)).status_code == 404
    for headers in (reader, writer):
        assert (await site.client.post("/hooks/grafana", json={}, headers=headers)).status_code == 403
        assert (await site.client.get("/v1/alerts/tokens", headers=headers)).status_code == 403


async def test_a_revoked_token_is_refused_by_the_next_request(site: Site) -> None:
    shop = await site.make()
    revoked = await site.client.post("/v1/alerts/tokens/shop/revoke", headers=OPERATOR)
    assert revoked.json()[0]["revoked_by"] == "operator"
    assert (await site.client.post("/hooks/grafana", json={}, headers=shop)).status_code == 401
    assert (
        await site.client.post("/v2/enqueue", json=pagerduty(routing_key=shop["authorization"][7:]))
    ).status_code == 400
    assert site.senders() == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_sign_of_life_needs_a_token_and_is_worked_off_first(site: Site, method: str) -> None:
    shop = await site.make(hooks=["heartbeat/backup"])
    path = "/hooks/heartbeat/backup"
    assert (await site.client.request(method, path)).status_code == 401
    assert (await site.client.request(method, path, headers=shop)).status_code == 200
    (kept,) = site.scene.store.receipts(ReceiptState.PENDING)
    assert (kept.kind, kept.payload, kept.sender, kept.urgency) == ("heartbeat", b"backup", "shop", 1)


async def test_a_sign_of_life_that_nobody_expects_is_refused(site: Site) -> None:
    answer = await site.client.get("/hooks/heartbeat/bakcup", headers=OPERATOR)
    assert answer.status_code == 404
    assert answer.json()["detail"] == "intakes.yaml has no such heartbeat (it has: backup)"
    assert site.senders() == []


async def test_a_token_is_a_routing_key(site: Site) -> None:
    shop = await site.make(hooks=["pagerduty"])
    answer = await site.client.post("/v2/enqueue", json=pagerduty(routing_key=shop["authorization"][7:]))
    assert answer.status_code == 202
    assert site.senders() == ["shop"]


async def test_a_store_that_cannot_say_is_503_and_the_sender_comes_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = await site.make()

    def gone(_: str) -> AccessToken | None:
        raise StoreBusy("the disk is gone")

    with monkeypatch.context() as patched:
        patched.setattr(site.scene.store, "token", gone)
        for path in ("/hooks/grafana", "/v1/alerts"):
            answer = (
                await site.client.post(path, json={}, headers=shop)
                if "hooks" in path
                else (await site.client.get(path, headers=shop))
            )
            assert answer.status_code == 503
        key = pagerduty(routing_key=shop["authorization"][7:])
        assert (await site.client.post("/v2/enqueue", json=key)).status_code == 503
        assert (await site.client.get("/v1/alerts", headers=OPERATOR)).status_code == 200
    assert (await site.client.post("/hooks/grafana", json={}, headers=shop)).status_code == 200


async def test_nothing_is_read_of_a_revoked_token(site: Site) -> None:
    shop = await site.make()
    await site.client.post("/v1/alerts/tokens/shop/revoke", headers=OPERATOR)
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(3):
            chunks += 1
            yield b"x" * 1_000_000

    answer = await site.client.post("/hooks/grafana", content=body(), headers=shop)
    assert answer.status_code == 401
    assert chunks <= 1, "what a client had in hand already"


async def test_what_is_told_of_tokens_says_who_made_them_and_no_digest(site: Site) -> None:
    on_behalf = {**OPERATOR, "mirante-on-behalf-of": "ana"}
    await site.client.post("/v1/alerts/tokens", json={"name": "shop", "scope": "send"}, headers=on_behalf)
    (told,) = (await site.client.get("/v1/alerts/tokens", headers=OPERATOR)).json()
    assert (told["created_by"], told["digest"]) == ("ana (operator)", "")


@pytest.mark.parametrize(
    "document", [{}, {"name": "shop"}, {"name": "shop", "scope": "all"}, {"name": "a b", "scope": "send"}]
)
async def test_a_token_that_cannot_be_is_refused_in_words(site: Site, document: dict[str, str]) -> None:
    answer = await site.client.post("/v1/alerts/tokens", json=document, headers=OPERATOR)
    assert answer.status_code == 400
    assert answer.json()["detail"]
