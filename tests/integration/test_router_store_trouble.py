"""The store full, locked, shared: senders are told to come again, workers wait, and nothing is half done."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.intake.inbox import Inbox
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.errors import NotAllowed, StoreBusy
from alarms.model.incident import TransitionKind
from alarms.model.receipt import Receipt, ReceiptState
from alarms.router.router import Router
from alarms.stores import sqlite as sqlite_store
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.hooks import alert, alertmanager
from tests.support.router import PLATFORM, SHIPPED_POLICY, Scene, numbered_ids
from tests.support.router_store_contract import enqueue, notification

MINUTE = timedelta(minutes=1)
RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


def payload(name: str) -> bytes:
    import json

    return json.dumps(alertmanager(alert(name))).encode()


def test_a_full_disk_refuses_whole_changes_and_everything_goes_on_once_there_is_room(tmp_path: Path) -> None:
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    scene = Scene(store=store)
    kept = scene.receive(burn_alert())
    with store.writing() as session:
        ((pages,),) = session.rows("PRAGMA page_count")
        session.rows(f"PRAGMA max_page_count = {pages + 4}")
    lost: list[str] = []
    reasons: set[str] = set()
    for number in range(200):
        try:
            scene.router.receive(foreign_alert("Filling", component=f"c{number}", note="x" * 500))
        except StoreBusy as full:
            lost.append(f"c{number}")
            reasons.add(str(full))
    assert lost
    assert all("full" in reason for reason in reasons)
    assert scene.router.incident(kept.id).is_open
    for incident in scene.router.open_incidents():
        numbers = [entry.number for entry in scene.router.timeline(incident.id)]
        assert numbers == list(range(1, incident.number + 1))
    with store.writing() as session:
        session.rows("PRAGMA max_page_count = 1000000")
    for component in lost:
        scene.router.receive(foreign_alert("Filling", component=component, note="x" * 500))
    members = {a.member for i in scene.router.open_incidents() for a in store.alerts(i.id)}
    assert len(members) == 201
    scene.close()


async def test_a_full_disk_is_503_for_senders_who_then_lose_nothing(tmp_path: Path) -> None:
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    clock = ManualClock(MONDAY_10)
    inbox = Inbox(store, clock, numbered_ids("receipt-"))
    with store.writing() as session:
        ((pages,),) = session.rows("PRAGMA page_count")
        session.rows(f"PRAGMA max_page_count = {pages + 2}")
    names = [f"Alert{number}" for number in range(100)]
    outcomes = await asyncio.gather(
        *[inbox.keep("alertmanager", payload(n)) for n in names], return_exceptions=True
    )
    refused = [n for n, outcome in zip(names, outcomes, strict=True) if isinstance(outcome, StoreBusy)]
    assert refused
    assert store.count_receipts(ReceiptState.PENDING) == 100 - len(refused)
    with store.writing() as session:
        session.rows("PRAGMA max_page_count = 1000000")
    for name in refused:
        await inbox.keep("alertmanager", payload(name))
    assert {r.payload for r in store.receipts(ReceiptState.PENDING, 1000)} == {
        payload(name) for name in names
    }
    store.close()


def test_a_store_that_is_gone_for_a_while_is_busy_and_then_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_store, "BUSY_SECONDS", 0.05)
    store = SqliteRouterStore(tmp_path / "router.sqlite")
    scene = Scene(store=store)
    incident = scene.receive(burn_alert())
    store.append_receipts([Receipt("receipt-1", "alertmanager", MONDAY_10, payload("Waiting"))])
    enqueue(store, notification("elsewhere"))
    scene.clock.advance(15 * MINUTE)
    other = sqlite3.connect(tmp_path / "router.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    worker = IntakeWorker(store, scene.router, RULES, scene.clock)
    for attempt in (scene.router.tick, worker.run_once, scene.dispatcher.run_once):
        with pytest.raises(StoreBusy):
            attempt()
    other.execute("ROLLBACK")
    other.close()
    scene.clock.advance(15 * MINUTE)
    scene.router.tick()
    worker.drain()
    scene.dispatcher.drain()
    told = [(n.target, n.step.value) for n in scene.pager.sent if n.incident_id == incident.id]
    assert told[1:] == [("data-engineering", "backup"), ("data-engineering", "escalation")]
    assert {i.title for i in scene.router.open_incidents()} >= {"Waiting"}
    assert "elsewhere" in {n.incident_id for n in scene.pager.sent}
    assert scene.router.incident(incident.id).overdue
    scene.close()


def two_routers(tmp_path: Path) -> tuple[Router, Router, ManualClock]:
    clock = ManualClock(MONDAY_10)
    stores = [SqliteRouterStore(tmp_path / "router.sqlite") for _ in range(2)]
    ids = numbered_ids()
    first, second = (Router(store, SHIPPED_POLICY, clock, ids, topology=PLATFORM) for store in stores)
    return first, second, clock


def at_once(*actions: object) -> None:
    barrier = threading.Barrier(len(actions))

    def run(action: object) -> None:
        barrier.wait()
        assert callable(action)
        action()

    threads = [threading.Thread(target=run, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_an_acknowledgement_racing_the_escalation_is_before_it_or_after_it(tmp_path: Path) -> None:
    outcomes = set()
    for turn in range(15):
        folder = tmp_path / str(turn)
        folder.mkdir()
        one, two, clock = two_routers(folder)
        incident_id = one.receive(burn_alert())
        assert incident_id is not None
        clock.advance(15 * MINUTE)
        at_once(lambda: one.acknowledge(incident_id, "ana"), two.tick)  # noqa: B023 - joined within the turn
        kinds = [t.kind for t in one.timeline(incident_id)]
        told = [d.notification.step.value for d in one.notifications(incident_id)]
        if TransitionKind.ACK_MISSED in kinds:
            assert kinds == [TransitionKind.OPENED, TransitionKind.ACK_MISSED, TransitionKind.ACKNOWLEDGED]
            assert told == ["first", "backup"]
        else:
            assert kinds == [TransitionKind.OPENED, TransitionKind.ACKNOWLEDGED]
            assert told == ["first"]
        outcomes.add(len(kinds))
        for router in (one, two):
            router.close()
    assert outcomes <= {2, 3}


def test_two_routers_ticking_at_once_fire_each_timer_once(tmp_path: Path) -> None:
    one, two, clock = two_routers(tmp_path)
    for number in range(30):
        one.receive(burn_alert(slo_id=f"credit/slo-{number}"))
    clock.advance(31 * MINUTE)
    at_once(one.tick, two.tick)
    steps = [d.notification.step.value for d in one.notifications(limit=1000)]
    assert (steps.count("first"), steps.count("backup"), steps.count("escalation")) == (30, 30, 30)
    for router in (one, two):
        router.close()


def test_two_workers_on_one_inbox_work_each_receipt_off_once(tmp_path: Path) -> None:
    one, two, clock = two_routers(tmp_path)
    store = SqliteRouterStore(tmp_path / "router.sqlite")

    async def fill() -> None:
        inbox = Inbox(store, clock, numbered_ids("receipt-"))
        await asyncio.gather(*[inbox.keep("alertmanager", payload(f"A{n}")) for n in range(60)])

    asyncio.run(fill())
    stores = [SqliteRouterStore(tmp_path / "router.sqlite") for _ in range(2)]
    workers = [IntakeWorker(s, r, RULES, clock) for s, r in zip(stores, (one, two), strict=True)]
    at_once(*[worker.drain for worker in workers])
    incidents = one.incidents(limit=1000)
    assert len(incidents) == 60
    assert all(alert_.times_seen == 1 for i in incidents for alert_ in store.alerts(i.id))
    for each in (store, *stores):
        each.close()
    for router in (one, two):
        router.close()


def test_an_action_on_what_another_process_resolved_says_so(tmp_path: Path) -> None:
    one, two, _ = two_routers(tmp_path)
    incident_id = one.receive(burn_alert())
    assert incident_id is not None
    two.resolve(incident_id, "bia")
    with pytest.raises(NotAllowed, match=r"resolved at .* by bia"):
        one.acknowledge(incident_id, "ana")
    for router in (one, two):
        router.close()
