"""Every alert of every payload is accounted for: none goes missing, whatever kind it is and however broken.

Payloads of all kinds, made by a seed, go into one router over SQLite: a tenth through its hooks, the others
as receipts. Each alert becomes an incident, joins one, ends something, or is known already; what holds none
says so; what cannot be read is in quarantine, and somebody is told of it.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import httpx
import pytest
from starlette.applications import Starlette

from alarms.http.auth import HOOKS as MAY_SEND
from alarms.http.auth import BearerTokens, Principal
from alarms.http.hooks import Hooks
from alarms.intake import parsers
from alarms.intake.inbox import Inbox, urgency_of
from alarms.intake.normalise import intake_rules
from alarms.intake.sns_message import SnsVerifier
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert, AlertState
from alarms.model.incident import AlertRecord
from alarms.model.receipt import Receipt, ReceiptState
from alarms.router.router import Router
from alarms.router.troubles import PUT_ASIDE
from alarms.stores.protocol import RouterTransaction
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.hooks import TOPIC, MadeSns
from tests.support.made_payloads import MAKERS, MAPPINGS, SHOP, payload
from tests.support.router import PLATFORM, SHIPPED_POLICY, Scene, numbered_ids

FULL = os.environ.get("MIRANTE_PROOF") == "full"
PAYLOADS = 50_000 if FULL else 2_000
TOGETHER = 50  # payloads that lie there at once
BY_HOOK = 0.1
TOKEN = {"authorization": "Bearer token"}
RULES = intake_rules(
    "test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels, mappings=MAPPINGS
)
SNS = MadeSns()
PATHS = {**parsers.HOOKS, SHOP: "/hooks/json/shop"}

pytestmark = pytest.mark.proof


def test_every_parser_has_payloads_made_for_it() -> None:
    assert set(MAKERS) == {*parsers.PARSERS, SHOP}


@dataclass
class Accounts:
    """What became of the alerts of each payload, by when it came in."""

    of: dict[datetime, list[str]] = field(default_factory=dict)
    incidents: set[str] = field(default_factory=set)

    def outcome(self, alert: Alert, before: AlertRecord | None, after: AlertRecord | None, of: str) -> str:
        """Raises AssertionError: it is none that anybody would know of."""
        assert after is not None, f"nothing is known of {alert.name}"
        again = before is not None and after.times_seen == before.times_seen + 1
        fired = before is not None and before.state is AlertState.FIRING
        if of and of not in self.incidents:
            self.incidents.add(of)
            return "incident"
        if before is not None and (after.state, after.received_at) == (before.state, before.received_at):
            assert again, f"{alert.name} left no trace"
            return "duplicate"
        if alert.state is AlertState.RESOLVED:
            return "resolution" if fired else "end of nothing that fired"
        assert of, f"{alert.name} fires and is of no incident"
        return "duplicate" if fired and before is not None and before.incident_id == of else "join"


class AccountedRouter(Router):
    """Writes down what became of each alert that the worker brings."""

    accounts: Accounts

    def process(
        self, tx: RouterTransaction, alerts: Iterable[Alert], received_at: datetime | None = None
    ) -> list[str | None]:
        if received_at is None:
            return super().process(tx, alerts, received_at)
        found: list[str | None] = []
        outcomes = self.accounts.of[received_at] = []
        for alert in alerts:
            before = tx.alert(alert.member)
            (of,) = super().process(tx, [alert], received_at)
            outcomes.append(self.accounts.outcome(alert, before, tx.alert(alert.member), of or ""))
            found.append(of)
        return found


class Site:
    def __init__(self, folder: Path) -> None:
        self.store = SqliteRouterStore(folder / "router.sqlite")
        self.scene = Scene(store=self.store)
        self.accounts = Accounts()
        router = AccountedRouter(
            self.store, SHIPPED_POLICY, self.scene.clock, numbered_ids(), topology=PLATFORM
        )
        router.accounts = self.accounts
        self.scene.router = router
        self.worker = IntakeWorker(self.store, router, RULES, self.scene.clock)
        who = BearerTokens.of({"token": Principal("test", frozenset({MAY_SEND}))})
        self._inbox = Inbox(self.store, self.scene.clock, numbered_ids("hook-"))
        hooks = Hooks(self._inbox, who, self.scene.clock, sns=SnsVerifier(frozenset({TOPIC}), SNS))
        transport = httpx.ASGITransport(Starlette(routes=hooks.routes()))
        self._client = httpx.AsyncClient(transport=transport, base_url="http://router")
        self._runner = asyncio.Runner()
        self._number = 0

    def put(self, kind: str, content: bytes) -> None:
        self._number += 1
        at = self.scene.clock.now() + timedelta(seconds=1, microseconds=self._number)  # none like a hook's
        receipt = Receipt(f"put-{self._number}", kind, at, content, urgency_of(content), sender="test")
        self.store.append_receipts([receipt])

    def post(self, kind: str, content: bytes) -> None:
        """As its sender would: an alarm of CloudWatch's inside SNS's envelope."""
        self._number += 1
        if kind == "cloudwatch":
            text = content.decode("utf-8", "replace")
            content = SNS.message(text, at=self.scene.clock.now(), message_id=f"m-{self._number}")
        asked = self._client.post(PATHS[kind], content=content, headers=TOKEN)
        answer = self._runner.run(asked)
        assert answer.status_code in (200, 202), (kind, answer.status_code, answer.text)

    def pass_time(self) -> None:
        self.scene.clock.advance(timedelta(seconds=20))
        self.scene.router.tick()
        self.scene.dispatcher.drain()

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self.scene.close()


@contextmanager
def open_site(folder: Path) -> Iterator[Site]:
    site = Site(folder)
    try:
        yield site
    finally:
        site.close()


def test_of_all_alerts_that_come_in_none_goes_missing(tmp_path: Path) -> None:
    random, counts = Random(12), Counter[str]()
    with open_site(tmp_path) as site:
        for begin in range(0, PAYLOADS, TOGETHER):
            number = min(TOGETHER, PAYLOADS - begin)
            for _ in range(number):
                kind = random.choice(list(MAKERS))
                way = site.post if kind in PATHS and random.random() < BY_HOOK else site.put
                way(kind, payload(kind, random))
            with site.store.transaction() as tx:
                waiting = tx.pending_receipts(2 * TOGETHER)
            assert len(waiting) == number
            told_of = aside_as_told(site)
            site.worker.drain()
            outcomes = [outcome for receipt in waiting for outcome in outcomes_of(site, receipt)]
            assert aside_as_told(site) - told_of == outcomes.count("quarantined")
            counts.update(outcomes)
            counts["payloads"] += number
            site.pass_time()
        for _ in range(40):
            site.pass_time()
        everybody_was_told(site)
        counts["told"] = len(site.scene.pager.sent)
    print(f"{PAYLOADS} payloads: {dict(sorted(counts.items()))}")
    assert counts["payloads"] == PAYLOADS
    for expected in ("incident", "join", "resolution", "duplicate", "quarantined"):
        assert counts[expected], expected


def outcomes_of(site: Site, receipt: Receipt) -> list[str]:
    """Of each of its alerts; of one without any, what it was."""
    settled = site.store.receipt(receipt.id)
    assert settled is not None
    if settled.state is ReceiptState.QUARANTINED:
        assert settled.problem
        assert "Error:" not in settled.problem, settled.problem
        return ["quarantined"]
    assert settled.state is ReceiptState.DONE
    outcomes = site.accounts.of.pop(receipt.received_at)
    parts = 0
    while site.store.receipt(f"{receipt.id}.{parts}") is not None:
        parts += 1
    listed = alerts_in(receipt)
    assert listed is None or len(outcomes) + parts >= listed, (receipt, outcomes, parts)
    return [*outcomes, *["quarantined"] * parts] or ["holds no alert"]


def alerts_in(receipt: Receipt) -> int | None:
    """How many it holds at least, read without any of the router's parsers; None: hard to tell."""
    if receipt.kind == parsers.HEARTBEAT:
        return 0
    document = json.loads(receipt.payload)
    if isinstance(document, dict) and isinstance(document.get("alerts"), list):
        return len(document["alerts"])
    if isinstance(document, dict) and document.get("event_action") == "acknowledge":
        return 0
    if isinstance(document, list):
        return len(document)
    return None if receipt.kind == SHOP else 1


def aside_as_told(site: Site) -> int:
    """How many are in quarantine, as the incidents about them say."""
    return sum(record.times_seen for record in site.store.firing("self") if record.name == PUT_ASIDE)


def everybody_was_told(site: Site) -> None:
    """Of each open incident, unless something holds it, and of all that is in quarantine."""
    told = {notification.incident_id for notification in site.scene.pager.sent}
    firing = {record.member: record for record in site.store.firing("self")}
    aside = [record for record in firing.values() if record.name == PUT_ASIDE]
    assert aside
    assert {record.incident_id for record in aside} <= told
    assert not [record for record in firing.values() if record.name == "RouterPartFails"]
    for incident in site.store.open_incidents():
        assert incident.id in told or incident.hold is not None, incident
