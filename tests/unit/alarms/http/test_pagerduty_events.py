"""The hook that PagerDuty's senders are pointed to answers as they expect and keeps no credential."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from alarms.http.bodies import LARGEST, UNPROVEN_AT_ONCE, UNPROVEN_LARGEST
from alarms.model.receipt import ReceiptState
from tests.support.hooks import pagerduty
from tests.unit.alarms.http.test_hooks import GRAFANA, SENDER, Site

TOKEN = "hook-token"


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()
    made.scene.close()


@pytest.mark.parametrize("path", ["/v2/enqueue", "/hooks/pagerduty"])
async def test_the_key_in_the_body_is_the_credential_and_is_not_kept(site: Site, path: str) -> None:
    answer = await site.client.post(path, json=pagerduty(routing_key=TOKEN))
    assert answer.status_code == 202
    assert answer.json() == {"status": "success", "message": "Event processed", "dedup_key": "db1/disk"}
    (kept,) = site.kept()
    assert (kept.kind, kept.sender) == ("pagerduty", "alertmanager")
    assert TOKEN.encode() not in kept.payload
    assert json.loads(kept.payload)["routing_key"] == "alertmanager"
    site.worker.drain()
    assert [incident.title for incident in site.scene.router.open_incidents()] == ["Disk of db1 is 97 % full"]


async def test_a_key_is_made_where_none_is_given_and_ends_the_alert(site: Site) -> None:
    begun = await site.client.post("/v2/enqueue", json=pagerduty(key=None, routing_key=TOKEN))
    again = await site.client.post("/v2/enqueue", json=pagerduty(key=None, routing_key=TOKEN))
    key = begun.json()["dedup_key"]
    assert key != again.json()["dedup_key"]
    for made in (key, again.json()["dedup_key"]):
        end = {"routing_key": TOKEN, "event_action": "resolve", "dedup_key": made}
        assert (await site.client.post("/v2/enqueue", json=end)).json()["dedup_key"] == made
    site.worker.drain()
    assert site.scene.router.open_incidents() == []
    assert len(site.scene.router.incidents()) == 1


@pytest.mark.parametrize(
    "body",
    [
        pagerduty(),
        pagerduty(routing_key="grafana-token"),
        pagerduty(routing_key="reader-token"),
        pagerduty(routing_key=5),
        {"event_action": "trigger"},
        [],
        None,
    ],
)
async def test_a_stranger_is_refused_in_pagerdutys_words(site: Site, body: Any) -> None:
    answer = await site.client.post("/v2/enqueue", json=body)
    assert answer.status_code == 400
    assert answer.json()["status"] == "invalid event"
    assert answer.json()["errors"]
    assert site.kept() == []


async def test_what_is_larger_than_any_event_is_refused_unread(site: Site) -> None:
    body = json.dumps(pagerduty(routing_key=TOKEN, more="x" * UNPROVEN_LARGEST)).encode()
    answer = await site.client.post("/v2/enqueue", content=body)
    assert (answer.status_code, answer.json()["status"]) == (400, "invalid event")
    assert site.kept() == []


async def test_a_known_sender_may_show_its_token_ahead_and_send_anything(site: Site) -> None:
    odd = [b"{not json", b"[]", b'{"event_action": "open"}', b"x" * (LARGEST + 1)]
    for body in odd:
        answer = await site.client.post("/v2/enqueue", content=body, headers=SENDER)
        assert (answer.status_code, answer.json()["status"]) == (202, "success")
    site.worker.drain()
    assert site.store.count_receipts(ReceiptState.QUARANTINED) == len(odd)


async def test_an_odd_event_of_a_known_key_is_kept_and_told(site: Site) -> None:
    answer = await site.client.post("/v2/enqueue", json={"routing_key": TOKEN, "event_action": "resolve"})
    assert answer.status_code == 202
    site.worker.drain()
    assert [i.name for i in site.scene.router.open_incidents()] == []
    odd = {"routing_key": TOKEN, "event_action": "open"}
    assert (await site.client.post("/v2/enqueue", json=odd)).status_code == 202
    site.worker.drain()
    (told,) = site.scene.router.open_incidents()
    assert told.title.startswith("Quarantined: alertmanager: pagerduty payload: event_action")


async def test_a_token_for_another_hook_is_refused_by_name(site: Site) -> None:
    answer = await site.client.post("/v2/enqueue", json=pagerduty(), headers=GRAFANA)
    assert answer.json()["errors"] == ["boards may send to grafana only"]


async def test_only_few_bodies_are_in_memory_whose_senders_are_unknown(site: Site) -> None:
    reading, most = 0, 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal reading, most
        yield b"{"
        reading += 1
        most = max(most, reading)
        await asyncio.sleep(0)
        yield b"}"
        reading -= 1

    answers = await asyncio.gather(*[site.client.post("/v2/enqueue", content=body()) for _ in range(60)])
    assert {answer.status_code for answer in answers} == {400}
    assert most <= UNPROVEN_AT_ONCE
