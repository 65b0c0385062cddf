"""Pressed buttons of Slack: signed as its own SDK signs, fresh, once, harmless when too late."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from slack_sdk.signature import SignatureVerifier

from alarms.http.auth import HOOKS, BearerTokens, Principal
from alarms.http.desk_api import DeskApi
from alarms.http.slack_buttons import SlackButtons
from alarms.model.errors import StoreBusy
from alarms.notify.slack import document
from tests.support.alerts import burn_alert
from tests.support.router import Scene, asking
from tests.support.router_application import create_application

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"
REPLY = "https://hooks.slack.com/actions/T1/1/abc"


class Site:
    """The endpoint over a store in memory, and what it answered Slack."""

    def __init__(self, secret: str = SECRET) -> None:
        self.scene = Scene()
        self.replies: list[tuple[str, Mapping[str, Any]]] = []
        buttons = SlackButtons(
            self.scene.router, secret, self.scene.clock.now, lambda *told: self.replies.append(told)
        )
        tokens = BearerTokens.of({"token": Principal("sender", frozenset({HOOKS}))})
        application = create_application(None, DeskApi(self.scene.router, tokens), buttons.routes())
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://router")
        self.incident = self.scene.receive(burn_alert())

    def payload(self, incident_id: str = "", **more: Any) -> dict[str, Any]:
        """As Slack sends it for the message that was posted."""
        sent = document(asking(self.scene.pager.sent[0]), interactive=True)
        (actions,) = [block for block in sent["blocks"] if block["type"] == "actions"]
        button = {**actions["elements"][0], "value": incident_id or self.incident.id}
        return {
            "type": "block_actions",
            "user": {"id": "U024BE7LH", "username": "ana", "team_id": "T1"},
            "response_url": REPLY,
            "message": sent,
            "actions": [button],
            **more,
        }

    async def post(
        self, payload: Any, *, secret: str = SECRET, age: int = 0, **headers: str
    ) -> httpx.Response:
        body = urlencode({"payload": json.dumps(payload)})
        stamp = str(int(self.scene.clock.now().timestamp()) - age)
        signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
        assert signature is not None
        told = {"x-slack-request-timestamp": stamp, "x-slack-signature": signature, **headers}
        return await self.client.post("/hooks/slack", content=body, headers=told)

    @property
    def acknowledged_by(self) -> str | None:
        return self.scene.router.incident(self.incident.id).acknowledged_by


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()
    made.scene.close()


async def test_a_press_acknowledges_and_the_timeline_names_who_pressed(site: Site) -> None:
    assert (await site.post(site.payload())).status_code == 200
    assert site.acknowledged_by == "ana (Slack U024BE7LH)"
    last = site.scene.router.timeline(site.incident.id)[-1]
    assert (last.kind.value, last.actor) == ("acknowledged", "ana (Slack U024BE7LH)")


async def test_the_message_loses_its_button_and_says_who_has_it(site: Site) -> None:
    await site.post(site.payload())
    ((address, told),) = site.replies
    assert address == REPLY
    assert told["replace_original"] is True
    assert "mirante-acknowledge" not in json.dumps(told)
    assert told["blocks"][0]["type"] == "header"
    said = told["blocks"][-1]["elements"][0]["text"]
    assert "Acknowledged by ana (Slack U024BE7LH) / Assumido por ana (Slack U024BE7LH)" in said


@pytest.mark.parametrize(
    ("spoilt", "said"),
    [
        ({"secret": "f" * 32}, "the signature is not that of the app's signing secret"),
        ({"x-slack-signature": "v0=" + "0" * 64}, "the signature is not"),
        ({"x-slack-signature": "é"}, "the signature is not"),
        ({"age": 301}, "older than five minutes"),
        ({"age": -301}, "older than five minutes"),
        ({"x-slack-request-timestamp": "soon"}, "has no timestamp"),
        ({"x-slack-request-timestamp": "²"}, "has no timestamp"),
    ],
)
async def test_who_cannot_prove_to_be_slack_changes_nothing(
    site: Site, spoilt: dict[str, Any], said: str
) -> None:
    spoilt = {name: value.encode() if name.startswith("x-") else value for name, value in spoilt.items()}
    answer = await site.post(site.payload(), **spoilt)
    assert (answer.status_code, said in answer.json()["detail"]) == (401, True), answer.text
    assert site.acknowledged_by is None
    assert site.replies == []


async def test_the_token_of_a_sender_of_alerts_does_not_stand_for_slack(site: Site) -> None:
    answer = await site.post(site.payload(), secret="other", authorization="Bearer token")
    assert answer.status_code == 401
    assert site.acknowledged_by is None


async def test_another_body_under_a_good_signature_is_refused(site: Site) -> None:
    stamp = str(int(site.scene.clock.now().timestamp()))
    good = SignatureVerifier(SECRET).generate_signature(timestamp=stamp, body="payload=%7B%7D") or ""
    body = urlencode({"payload": json.dumps(site.payload())})
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": good}
    assert (await site.client.post("/hooks/slack", content=body, headers=headers)).status_code == 401


async def test_a_replayed_press_does_not_acknowledge_what_was_reassigned_since(site: Site) -> None:
    assert (await site.post(site.payload())).status_code == 200
    site.scene.router.reassign(site.incident.id, "business", "bob")
    assert site.acknowledged_by is None
    assert (await site.post(site.payload())).status_code == 200
    assert site.acknowledged_by is None
    site.scene.clock.advance(timedelta(seconds=1))
    assert (await site.post(site.payload())).status_code == 200
    assert site.acknowledged_by == "ana (Slack U024BE7LH)", "a press of now is one"


async def resolved(site: Site) -> str:
    site.scene.router.resolve(site.incident.id, "bob")
    return site.incident.id


async def taken(site: Site) -> str:
    site.scene.router.acknowledge(site.incident.id, "bob")
    return site.incident.id


async def gone(_: Site) -> str:
    return "nowhere"


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (resolved, "Already resolved / Já resolvido"),
        (taken, "Acknowledged by bob / Assumido por bob"),
        (gone, "There is no such incident / Esse incidente não existe"),
    ],
)
async def test_too_late_is_harmless_and_is_said(site: Site, before: Callable[[Site], Any], said: str) -> None:
    incident_id = await before(site)
    was = site.scene.router.incident(site.incident.id)
    assert (await site.post(site.payload(incident_id))).status_code == 200
    assert site.scene.router.incident(site.incident.id) == was
    assert said in site.replies[0][1]["blocks"][-1]["elements"][0]["text"]


async def test_what_could_not_be_stored_is_said_and_may_be_pressed_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise StoreBusy("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(site.scene.router, "acknowledge", busy)
        assert (await site.post(site.payload())).status_code == 200
    assert site.replies[0][1]["response_type"] == "ephemeral"
    assert "Não foi assumido" in site.replies[0][1]["text"]
    await site.post(site.payload())
    assert site.acknowledged_by == "ana (Slack U024BE7LH)"


@pytest.mark.parametrize(
    "payload",
    [
        {"type": "view_submission"},
        {"type": "block_actions", "actions": [{"action_id": "mirante-open"}]},
        {"type": "block_actions", "actions": "all"},
        {"type": "block_actions", "actions": [7]},
        [],
        "text",
        None,
    ],
)
async def test_what_is_not_a_press_of_our_button_is_taken_and_ignored(site: Site, payload: Any) -> None:
    assert (await site.post(payload)).status_code == 200
    assert site.acknowledged_by is None


@pytest.mark.parametrize("address", ["https://evil.example/x", "http://hooks.slack.com/x", "https://[", ""])
async def test_nobody_but_slack_is_answered(site: Site, address: str) -> None:
    assert (await site.post(site.payload(response_url=address))).status_code == 200
    assert site.acknowledged_by is not None
    assert site.replies == []


async def test_without_a_signing_secret_nothing_is_taken() -> None:
    made = Site(secret="")
    answer = await made.post(made.payload(), secret="x")
    assert (answer.status_code, "slack_signing_secret is not set" in answer.text) == (401, True)
    await made.client.aclose()
    made.scene.close()


async def test_a_body_without_end_is_not_read_to_its_end(site: Site) -> None:
    stamp = str(int(site.scene.clock.now().timestamp()))
    headers = {"x-slack-request-timestamp": stamp, "x-slack-signature": "v0=0"}
    answer = await site.client.post("/hooks/slack", content=b"x" * 3_000_000, headers=headers)
    assert answer.status_code == 401
