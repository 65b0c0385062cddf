"""The hooks: who may send, what a 2xx means, and that trouble of ours is 503 and never loses an alert."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Any

import httpx
import pytest

from alarms.http.auth import HOOKS, READ, WRITE, AuthenticatorChain, BearerTokens, Principal, SignedBodies
from alarms.http.bodies import KEPT_OF_OVERSIZED, LARGEST, UNPROVEN_AT_ONCE
from alarms.http.desk_api import DeskApi
from alarms.http.hooks import Hooks
from alarms.intake.inbox import Flood, Inbox
from alarms.intake.normalise import intake_rules
from alarms.intake.sns_message import SnsVerifier
from alarms.intake.worker import IntakeWorker
from alarms.model.errors import StoreBusy
from alarms.model.receipt import Receipt, ReceiptState
from tests.support.alerts import MONDAY_10
from tests.support.hooks import (
    TOPIC,
    MadeSns,
    alert,
    alertmanager,
    eventbridge_event,
    grafana,
    grafana_alert,
)
from tests.support.router import SHIPPED_POLICY, Scene, numbered_ids
from tests.support.router_application import create_application

SENDER = {"authorization": "Bearer hook-token"}
PERSON = {"authorization": "Bearer ana-token"}
READER = {"authorization": "Bearer reader-token"}
GRAFANA = {"authorization": "Bearer grafana-token"}


class Site:
    """The application over a store in memory, with whatever it asked the outside for."""

    def __init__(self, **inbox: Any) -> None:
        self.scene = Scene()
        self.store = self.scene.store
        self.sns = MadeSns()
        self.confirmed: list[str] = []
        tokens = BearerTokens.of(
            {
                "hook-token": Principal("alertmanager", frozenset({HOOKS})),
                "ana-token": Principal("ana", frozenset({READ, WRITE})),
                "reader-token": Principal("reader", frozenset({READ})),
                "grafana-token": Principal("boards", frozenset({HOOKS}), frozenset({"grafana"})),
            }
        )
        who = AuthenticatorChain(tokens, SignedBodies({"signer": b"shared"}))
        self.inbox = Inbox(self.store, self.scene.clock, numbered_ids("receipt-"), **inbox)
        hooks = Hooks(
            self.inbox,
            who,
            self.scene.clock,
            sns=SnsVerifier(frozenset({TOPIC}), self.sns),
            confirm=self._confirm,
        )
        rules = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
        self.worker = IntakeWorker(
            self.store, self.scene.router, rules, self.scene.clock, left=self.inbox.worked_off
        )
        application = create_application(hooks, DeskApi(self.scene.router, who))
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(application), base_url="http://router")

    async def _confirm(self, url: str) -> None:
        self.confirmed.append(url)

    def kept(self) -> Sequence[Receipt]:
        return self.store.receipts(ReceiptState.PENDING, 1000)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    made = Site()
    yield made
    await made.client.aclose()
    made.scene.close()


async def test_a_2xx_means_that_the_payload_is_on_file_as_it_came(site: Site) -> None:
    body = json.dumps(alertmanager(alert())).encode()
    answer = await site.client.post("/hooks/alertmanager", content=body, headers=SENDER)
    assert answer.status_code == 200
    assert [receipt.payload for receipt in site.kept()] == [body]
    assert site.worker.drain() == 1
    (incident,) = site.scene.router.open_incidents()
    assert incident.title == "DiskFull"


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": "Bearer wrong"}, {"authorization": "Basic x"}, {"authorization": "Basic w6k="}],
)
async def test_strangers_are_refused_and_nothing_of_theirs_is_kept(
    site: Site, headers: dict[str, str]
) -> None:
    answer = await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert site.kept() == []


@pytest.mark.parametrize(
    ("headers", "read"), [({}, 0), ({"authorization": "Bearer wrong"}, 0), (READER, 0), (SENDER, 3)]
)
async def test_nothing_is_read_of_whoever_shows_no_credentials(
    site: Site, headers: dict[str, str], read: int
) -> None:
    chunks = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal chunks
        for _ in range(3):
            chunks += 1
            yield b"x" * 1_000_000

    answer = await site.client.post("/hooks/alertmanager", content=body(), headers=headers)
    assert answer.status_code == (200 if read else 403 if headers == READER else 401)
    if not read:
        assert chunks <= 1, "what a client had in hand already"


async def test_a_sender_that_knows_no_bearer_gives_its_token_as_a_password(site: Site) -> None:
    answer = await site.client.post(
        "/hooks/alertmanager", json=alertmanager(alert()), auth=("anything", "hook-token")
    )
    assert answer.status_code == 200
    assert [receipt.sender for receipt in site.kept()] == ["alertmanager"]


async def test_who_may_only_read_is_told_so(site: Site) -> None:
    answer = await site.client.post("/hooks/grafana", json=grafana(grafana_alert()), headers=READER)
    assert answer.status_code == 403
    assert answer.json()["detail"] == "reader may read; this needs a token that may send"
    assert site.kept() == []


async def test_who_may_only_send_reads_and_changes_nothing(site: Site) -> None:
    for method, path in (
        ("GET", ""),
        ("GET", "/quarantine"),
        ("POST", "/x/acknowledge"),
        ("GET", "/silences"),
    ):
        answer = await site.client.request(method, f"/v1/alerts{path}", headers=SENDER)
        assert answer.status_code == 403
        assert "alertmanager may send; this needs a token that may" in answer.json()["detail"]


async def test_a_token_for_one_hook_sends_to_no_other(site: Site) -> None:
    good = await site.client.post("/hooks/grafana", json=grafana(grafana_alert()), headers=GRAFANA)
    bad = await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=GRAFANA)
    assert (good.status_code, bad.status_code) == (200, 403)
    assert bad.json()["detail"] == "boards may send to grafana only"
    assert [receipt.sender for receipt in site.kept()] == ["boards"]


async def test_grafana_and_any_json_are_taken_in_and_their_sender_is_known(site: Site) -> None:
    for path, document in (("grafana", grafana(grafana_alert("Full"))), ("json/shop", {"title": "Till"})):
        assert (await site.client.put(f"/hooks/{path}", json=document, headers=SENDER)).status_code == 200
    assert {(kept.kind, kept.sender) for kept in site.kept()} == {
        ("grafana", "alertmanager"),
        ("json/shop", "alertmanager"),
    }
    site.worker.drain()
    titles = {incident.title for incident in site.scene.router.open_incidents()}
    assert titles == {
        "Full",
        "Quarantined: alertmanager: json/shop payload: hook: intakes.yaml has no json: shop (it has: none)",
    }


@pytest.mark.parametrize("name", ["-", "A", "x" * 25, "%2e%2e", "ã"])
async def test_a_json_hook_whose_name_cannot_be_one_is_quarantined_under_no_name(
    site: Site, name: str
) -> None:
    answer = await site.client.post(f"/hooks/json/{name}", json={"title": "Till"}, headers=SENDER)
    assert answer.status_code == 200
    assert [kept.kind for kept in site.kept()] == ["json/-"]


async def test_only_few_bodies_are_in_memory_whose_senders_are_unknown(site: Site) -> None:
    reading, most = 0, 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal reading, most
        yield b"x"
        reading += 1
        most = max(most, reading)
        await asyncio.sleep(0)
        yield b"y"
        reading -= 1

    claimed = {"x-mirante-signature": "sha256=" + "0" * 64}
    asked = [site.client.post("/hooks/alertmanager", content=body(), headers=claimed) for _ in range(60)]
    answers = await asyncio.gather(*asked)
    assert {answer.status_code for answer in answers} == {401}
    assert most <= UNPROVEN_AT_ONCE


async def test_a_signature_of_nothing_is_no_credential_for_a_body(site: Site) -> None:
    signature = "sha256=" + hmac.new(b"shared", b"", hashlib.sha256).hexdigest()
    answer = await site.client.post(
        "/hooks/alertmanager", json=alertmanager(alert()), headers={"x-mirante-signature": signature}
    )
    assert answer.status_code == 401


async def test_a_body_that_never_ends_is_given_up_and_may_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alarms.http import bodies

    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.0)

    async def body() -> AsyncIterator[bytes]:
        yield b"x"
        await asyncio.sleep(0.01)
        yield b"y"

    answer = await site.client.post("/hooks/alertmanager", content=body(), headers=SENDER)
    assert answer.status_code == 503
    assert site.kept() == []


async def test_a_signature_over_the_body_is_as_good_as_a_token(site: Site) -> None:
    body = json.dumps(alertmanager(alert())).encode()
    signature = "sha256=" + hmac.new(b"shared", body, hashlib.sha256).hexdigest()
    good = await site.client.post(
        "/hooks/alertmanager", content=body, headers={"x-mirante-signature": signature}
    )
    bad = await site.client.post(
        "/hooks/alertmanager", content=body + b" ", headers={"x-mirante-signature": signature}
    )
    assert (good.status_code, bad.status_code) == (200, 401)


async def test_what_cannot_be_read_is_kept_apart_and_listed(site: Site) -> None:
    answer = await site.client.post("/hooks/alertmanager", content=b"{not json", headers=SENDER)
    assert answer.status_code == 200
    site.worker.drain()
    listed = await site.client.get("/v1/alerts/quarantine", headers=PERSON)
    (shown,) = listed.json()["quarantined"]
    assert (shown["begins"], shown["kind"]) == ("{not json", "alertmanager")
    assert "is not JSON" in shown["problem"]


async def test_an_oversized_payload_is_said_to_be_so_and_costs_bounded_space(site: Site) -> None:
    answer = await site.client.post("/hooks/alertmanager", content=b"x" * (LARGEST + 1), headers=SENDER)
    assert answer.status_code == 200
    site.worker.drain()
    bearer_only = site.store.receipts(ReceiptState.QUARANTINED)
    assert all(len(receipt.payload) <= 65_536 for receipt in bearer_only)
    assert len(bearer_only) == 1


async def test_what_is_compressed_is_unpacked_and_a_bomb_is_cut(site: Site) -> None:
    packed = {**SENDER, "Content-Encoding": "gzip"}
    body = json.dumps(alertmanager(alert())).encode()
    for content in (gzip.compress(body), gzip.compress(b" " * 50_000_000)):
        answer = await site.client.post("/hooks/alertmanager", content=content, headers=packed)
        assert answer.status_code == 200
    kept = site.kept()
    assert {one.kind: len(one.payload) for one in kept} == {
        "alertmanager": len(body),
        "oversized": KEPT_OF_OVERSIZED,
    }
    site.worker.drain()
    assert {one.name for one in site.scene.router.open_incidents()} == {"DiskFull", "Quarantined"}


async def test_a_store_that_fails_is_503_and_the_sender_comes_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise StoreBusy("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(site.store, "append_receipts", full)
        first = await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=SENDER)
    second = await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=SENDER)
    assert (first.status_code, second.status_code) == (503, 200)
    assert first.headers["retry-after"] == "5"
    assert "disk" not in first.text
    assert len(site.kept()) == 1


async def test_overload_is_503_and_never_a_4xx() -> None:
    site = Site(most_pending=3)
    answers = [
        await site.client.post("/hooks/alertmanager", json=alertmanager(alert(f"A{n}")), headers=SENDER)
        for n in range(5)
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 503, 503]
    site.worker.drain()
    again = await site.client.post("/hooks/alertmanager", json=alertmanager(alert("A4")), headers=SENDER)
    assert again.status_code == 200
    await site.client.aclose()
    site.scene.close()


def test_a_flood_puts_off_what_is_not_urgent_but_never_for_long() -> None:
    seconds = [100.0]
    flood = Flood(lambda: seconds[0])
    on = []
    for _ in range(600):  # a minute at 300 a second
        flood.arrived(30)
        on.append(flood.is_on())
        seconds[0] += 0.1
    assert on[:10] == [False] * 10
    assert 150 < sum(on) < 450
    assert not all(on[300:])
    seconds[0] += 3.0
    assert not flood.is_on()
    quiet = Flood(lambda: seconds[0])
    for _ in range(100):
        quiet.arrived(10)
        seconds[0] += 0.1
    assert not quiet.is_on()


async def test_while_flooded_only_what_may_be_urgent_is_worked_off(site: Site) -> None:
    flooded = [True]
    rules = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
    worker = IntakeWorker(site.store, site.scene.router, rules, site.scene.clock, flooded=lambda: flooded[0])
    for name, severity in (("Mild", "P3"), ("Outage", "P1")):
        document = alertmanager(alert(name, severity=severity))
        await site.client.post("/hooks/alertmanager", json=document, headers=SENDER)
    worker.drain()
    assert [incident.title for incident in site.scene.router.open_incidents()] == ["Outage"]
    flooded[0] = False
    worker.drain()
    assert [incident.title for incident in site.scene.router.open_incidents()] == ["Outage", "Mild"]


async def test_many_senders_share_a_commit_and_each_payload_is_kept(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    append = site.store.append_receipts

    def counted(receipts: Sequence[Receipt]) -> None:
        sizes.append(len(receipts))
        append(receipts)

    monkeypatch.setattr(site.store, "append_receipts", counted)
    answers = await asyncio.gather(
        *[
            site.client.post("/hooks/alertmanager", json=alertmanager(alert(f"A{n}")), headers=SENDER)
            for n in range(200)
        ]
    )
    assert {answer.status_code for answer in answers} == {200}
    assert sum(sizes) == 200
    assert len(sizes) < 100
    assert len({receipt.payload for receipt in site.kept()}) == 200


async def test_eventbridge_is_taken_in_with_a_token(site: Site) -> None:
    answer = await site.client.post("/hooks/eventbridge", json=eventbridge_event(), headers=SENDER)
    assert answer.status_code == 200
    site.worker.drain()
    assert [incident.title for incident in site.scene.router.open_incidents()] == ["cpu-high"]


async def test_a_signed_sns_message_is_taken_in_and_a_replay_changes_nothing(site: Site) -> None:
    body = site.sns.message()
    answers = [await site.client.post("/hooks/sns", content=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(site.kept()) == 1
    site.worker.drain()
    again = await site.client.post("/hooks/sns", content=body)
    assert again.status_code == 200
    assert site.kept() == []


@pytest.mark.parametrize(
    "forgery",
    [
        {"Message": "other"},
        {"topic": "arn:aws:sns:sa-east-1:123456789012:other"},
        {"at": MONDAY_10 - timedelta(hours=3)},
        {"url": "https://evil.example/x.pem"},
        {"version": "3"},
    ],
)
async def test_a_forged_sns_message_is_401_and_nothing_is_kept(site: Site, forgery: dict[str, Any]) -> None:
    answer = await site.client.post("/hooks/sns", content=site.sns.message(**forgery))
    assert answer.status_code == 401
    assert site.kept() == []
    assert site.confirmed == []


async def test_only_a_proven_subscription_is_confirmed_and_only_at_sns_itself(site: Site) -> None:
    good = site.sns.message(kind="SubscriptionConfirmation")
    elsewhere = site.sns.message(kind="SubscriptionConfirmation", SubscribeURL="https://evil.example/")
    unsigned = json.dumps({**json.loads(good), "Signature": "AAAA"}).encode()
    statuses = [
        (await site.client.post("/hooks/sns", content=b)).status_code for b in (good, elsewhere, unsigned)
    ]
    assert statuses == [200, 401, 401]
    assert site.confirmed == ["https://sns.sa-east-1.amazonaws.com/?Action=Confirm"]


async def test_a_truncated_group_is_an_alert_until_a_whole_one_arrives(site: Site) -> None:
    for left_out in (7, 0):
        document = alertmanager(alert(), truncatedAlerts=left_out)
        await site.client.post("/hooks/alertmanager", json=document, headers=SENDER)
        site.worker.drain()
        titles = {incident.title for incident in site.scene.router.open_incidents()}
        assert titles == ({"DiskFull", "AlertsTruncated"} if left_out else {"DiskFull"})


async def test_a_bug_of_ours_in_one_payload_keeps_no_other_waiting(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alarms.intake import parsers

    def fragile(payload: bytes, rules: object, received_at: object) -> object:
        if b"Cursed" in payload:
            raise RuntimeError("a fault of ours")
        return original(payload, rules, received_at)

    original: Any = parsers.PARSERS["alertmanager"]
    monkeypatch.setattr(parsers, "PARSERS", {**parsers.PARSERS, "alertmanager": fragile})
    for name in ("First", "Cursed", "Last"):
        await site.client.post("/hooks/alertmanager", json=alertmanager(alert(name)), headers=SENDER)
    site.worker.drain()
    titles = {incident.title for incident in site.scene.router.open_incidents()}
    assert titles == {"First", "Last", "Quarantined: alertmanager: RuntimeError: a fault of ours"}
    assert [r.problem for r in site.store.receipts(ReceiptState.QUARANTINED)] == [
        "RuntimeError: a fault of ours"
    ]


async def test_people_list_show_explain_acknowledge_and_resolve(site: Site) -> None:
    await site.client.post("/hooks/alertmanager", json=alertmanager(alert(severity="P1")), headers=SENDER)
    site.worker.drain()
    (listed,) = (await site.client.get("/v1/alerts", headers=READER)).json()["alerts"]
    address = f"/v1/alerts/{listed['id']}"
    shown = (await site.client.get(address, headers=READER)).json()
    assert shown["incident"]["severity"] == "P1"
    assert [entry["kind"] for entry in shown["timeline"]] == ["opened"]
    explained = (await site.client.get(f"{address}/explain", headers=READER)).json()
    assert any("if not acknowledged" in step for step in explained["future"])
    refused = await site.client.post(f"{address}/acknowledge", headers=READER)
    assert refused.status_code == 403
    done = await site.client.post(f"{address}/acknowledge", json={"note": "on it"}, headers=PERSON)
    assert (done.json()["state"], done.json()["acknowledged_by"]) == ("acknowledged", "ana")
    over = await site.client.post(f"{address}/resolve", headers=PERSON)
    assert over.json()["state"] == "resolved"
    late = await site.client.post(f"{address}/acknowledge", headers=PERSON)
    assert late.status_code == 409
    report = await site.client.get(f"{address}/postmortem", headers=READER)
    assert report.text.startswith("# DiskFull (P1)")
    assert "| acknowledged | ana | note: on it |" in report.text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("nothing-like-it/acknowledge", b"{}", 404),
        ("{id}/acknowledge", b"{", 400),
        ("{id}/acknowledge", b'{"by": "me"}', 400),
        ("{id}/reassign", b'{"to": "nobody"}', 409),
        ("{id}/reassign", b"{}", 400),
        ("{id}/snooze", b'{"until": "2026-03-02T10:00:00"}', 400),
        ("{id}/snooze", b'{"until": "2026-01-01T10:00:00Z"}', 409),
        ("{id}/notes", b"\xff", 400),
    ],
)
async def test_a_mistake_is_told_in_words(site: Site, path: str, body: bytes, status: int) -> None:
    await site.client.post("/hooks/alertmanager", json=alertmanager(alert()), headers=SENDER)
    site.worker.drain()
    incident = site.scene.router.open_incidents()[0].id
    answer = await site.client.post(f"/v1/alerts/{path.format(id=incident)}", content=body, headers=PERSON)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert "Traceback" not in answer.text


async def test_nobody_reads_without_a_token(site: Site) -> None:
    for path in ("/v1/alerts", "/v1/alerts/x", "/v1/alerts/quarantine"):
        assert (await site.client.get(path)).status_code == 401
    assert (await site.client.get("/elsewhere")).status_code == 404
    assert (await site.client.get("/hooks/sns")).status_code == 405
