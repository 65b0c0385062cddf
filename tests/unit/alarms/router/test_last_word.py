"""What a source said last of an alert decides, and its times drop nothing; an old message that comes again is
known as such."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.hooks import alert, alertmanager, cloudwatch_alarm
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
DISK = foreign_alert("DiskFull", Severity.P1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def firsts(scene: Scene) -> int:
    return scene.pager.told().count(("operations", "first"))


def test_an_alert_that_fires_again_with_the_start_it_had_is_heard(scene: Scene) -> None:
    """A gap between Prometheus and Alertmanager: resolved, then firing with the original start."""
    scene.receive(DISK)
    scene.pass_time(10 * MINUTE)
    scene.receive(ended(DISK, scene.clock.now()))
    assert scene.router.open_incidents() == []
    scene.pass_time(timedelta(seconds=22))
    assert scene.receive(DISK).is_open
    assert firsts(scene) == 2


def test_an_end_in_the_future_does_not_swallow_the_next_firing(scene: Scene) -> None:
    """The sender's clock is ahead."""
    scene.receive(DISK)
    scene.router.receive(ended(DISK, MONDAY_10 + 60 * MINUTE))
    scene.pass_time(2 * MINUTE)
    again = replace(DISK, starts_at=scene.clock.now())
    assert scene.receive(again).is_open
    assert firsts(scene) == 2


@pytest.mark.parametrize("start", [MONDAY_10, MONDAY_10 + 3 * MINUTE], ids=["the old start", "a new start"])
def test_an_end_that_is_told_once_more_does_not_end_what_fires_anew(scene: Scene, start: datetime) -> None:
    over = ended(DISK, MONDAY_10 + MINUTE)
    scene.receive(DISK)
    scene.router.receive(over)
    scene.clock.advance(3 * MINUTE)
    incident = scene.receive(replace(DISK, starts_at=start))
    for _ in range(3):
        scene.router.receive(over)
    assert scene.router.incident(incident.id).is_open
    scene.router.receive(ended(replace(DISK, starts_at=start), scene.clock.now() + MINUTE))
    assert not scene.router.incident(incident.id).is_open


def test_an_end_of_nothing_known_swallows_nothing(scene: Scene) -> None:
    assert scene.router.receive(ended(DISK, MONDAY_10 + MINUTE)) is None
    assert scene.receive(DISK).is_open
    assert firsts(scene) == 1


def work_off(scene: Scene, *receipts: Receipt) -> None:
    scene.store.append_receipts(receipts)
    IntakeWorker(scene.store, scene.router, IntakeRules("test"), scene.clock).drain()
    scene.dispatcher.drain()


def webhook(number: int, status: str, urgency: int, second: int) -> Receipt:
    ends = None if status == "firing" else MONDAY_10 + MINUTE
    body = alertmanager(alert("DiskFull", status, MONDAY_10, ends, severity="P1"))
    at = MONDAY_10 + timedelta(seconds=second)
    return Receipt(f"receipt-{number}", "alertmanager", at, json.dumps(body).encode(), urgency)


@pytest.mark.parametrize(("first", "last"), [("resolved", "firing"), ("firing", "resolved")])
def test_what_came_in_last_decides_in_whatever_order_it_is_worked_off(
    scene: Scene, first: str, last: str
) -> None:
    """The urgent are taken before the rest, so the newer may be worked off before the older."""
    work_off(scene, webhook(1, first, 3, 1), webhook(2, last, 1, 2))
    assert bool(scene.router.open_incidents()) is (last == "firing")


def test_a_clock_that_was_put_back_drops_nothing(scene: Scene) -> None:
    work_off(scene, webhook(1, "firing", 1, 7200), webhook(2, "resolved", 1, 7201))
    work_off(scene, webhook(3, "firing", 1, 60))
    assert scene.router.open_incidents()


def test_a_source_that_orders_its_messages_by_its_own_clock_is_taken_at_its_word(scene: Scene) -> None:
    """CloudWatch by a queue that shuffles."""
    for number, (state, minute) in enumerate([("ALARM", 0), ("OK", 2), ("ALARM", 1)]):
        body = cloudwatch_alarm("cpu-high", state, MONDAY_10 + minute * MINUTE)
        at = MONDAY_10 + timedelta(seconds=number)
        work_off(scene, Receipt(f"r-{number}", "cloudwatch", at, json.dumps(body).encode()))
    assert scene.router.open_incidents() == []
    body = cloudwatch_alarm("cpu-high", "ALARM", MONDAY_10 + 3 * MINUTE)
    work_off(scene, Receipt("r-9", "cloudwatch", MONDAY_10 + MINUTE, json.dumps(body).encode()))
    assert len(scene.router.open_incidents()) == 1
