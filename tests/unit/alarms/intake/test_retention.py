"""What is done with stays on file for five weeks, or as much of it as there is room for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from alarms.intake.normalise import intake_rules
from alarms.intake.retention import DROPPED_AT_ONCE, KEPT_FOR, LOOKS_EVERY, Retention
from alarms.intake.worker import IntakeWorker
from alarms.model.receipt import RECORDED, Receipt, ReceiptState
from tests.support.alerts import MONDAY_10, burn_alert
from tests.support.router import SHIPPED_POLICY, Scene

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def on_file(scene: Scene) -> int:
    return scene.store.count_receipts(ReceiptState.DONE)


def done(number: int, ago: timedelta, size: int = 10) -> Receipt:
    return Receipt(f"r-{number:06d}", "alert", MONDAY_10 - ago, b"x" * size, state=ReceiptState.DONE)


def test_thirty_five_days_are_kept_and_older_ones_go_a_few_at_a_time(scene: Scene) -> None:
    assert timedelta(days=35) <= KEPT_FOR
    day = timedelta(days=1)
    scene.store.append_receipts([done(number, 36 * day) for number in range(DROPPED_AT_ONCE + 5)])
    scene.store.append_receipts([done(900_000 + number, number * day) for number in range(35)])
    retention = Retention(scene.store, scene.clock)
    retention.tidy()
    assert on_file(scene) == 35 + 5
    retention.tidy()
    assert on_file(scene) == 35
    scene.clock.advance(2 * day)
    retention.tidy()
    assert on_file(scene) == 34


def test_nothing_is_looked_for_more_often_than_every_hour(scene: Scene) -> None:
    retention = Retention(scene.store, scene.clock)
    retention.tidy()
    scene.store.append_receipts([done(1, timedelta(days=36))])
    retention.tidy()
    assert on_file(scene) == 1
    scene.clock.advance(LOOKS_EVERY)
    retention.tidy()
    assert on_file(scene) == 0


def test_less_is_kept_where_it_takes_more_than_there_is_room_for(scene: Scene) -> None:
    scene.store.append_receipts([done(number, number * timedelta(seconds=1), 100) for number in range(600)])
    retention = Retention(scene.store, scene.clock, most_bytes=50_000)
    retention.tidy()
    assert on_file(scene) == 100  # the newest: a part was dropped at once
    assert min(kept.received_at for kept in scene.store.receipts(ReceiptState.DONE, 1_000)) == (
        MONDAY_10 - 99 * timedelta(seconds=1)
    )
    retention.done(41_000)
    retention.tidy()
    assert on_file(scene) == 0


def test_the_worker_counts_and_tidies_what_it_has_done(scene: Scene) -> None:
    scene.store.append_receipts([done(1, timedelta(days=36))])
    payload = msgspec.json.encode(burn_alert())
    scene.store.append_receipts([Receipt("new", "alert", MONDAY_10, payload)])
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    assert [kept.id for kept in scene.store.receipts(ReceiptState.DONE)] == ["new"]


def test_what_our_own_evaluator_says_is_on_record_as_well(scene: Scene) -> None:
    scene.receive(burn_alert())
    (kept,) = scene.store.receipts(ReceiptState.DONE)
    assert (kept.kind, kept.received_at) == (RECORDED, MONDAY_10)
    scene.store.append_receipts([Receipt("again", RECORDED, MONDAY_10, kept.payload)])
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    (incident,) = scene.router.open_incidents()
    (alert,) = scene.store.alerts(incident.id)
    assert (alert.member, alert.times_seen) == (burn_alert().member, 2)
    assert scene.store.count_receipts(ReceiptState.QUARANTINED) == 0
