"""RouterReadiness says what a router cannot do, in words."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from alarms.model.errors import StoreBusy, TemporaryFailure
from alarms.model.notification import Notification
from alarms.model.receipt import Receipt
from alarms.model.severity import Severity
from alarms.notify.dispatcher import Dispatcher
from alarms.router.readiness import LEAST_FREE, RouterReadiness
from alarms.stores.sqlite import SqliteRouterStore
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.router import Scene
from tests.support.small_disk import fill, small_disk


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_a_router_that_can_do_everything_has_no_problem(scene: Scene) -> None:
    scene.receive(burn_alert())
    assert RouterReadiness(scene.store, scene.clock, lambda: LEAST_FREE).problems() == []


def test_a_full_disk_is_said(scene: Scene) -> None:
    assert "disk is full" in RouterReadiness(scene.store, scene.clock, lambda: LEAST_FREE - 1).problems()[0]


def test_messages_that_do_not_leave_are_said(scene: Scene) -> None:
    scene.router.receive(burn_alert())
    scene.clock.advance(timedelta(minutes=6))
    assert "messages do not leave" in RouterReadiness(scene.store, scene.clock).problems()[0]


def test_messages_that_do_not_leave_are_said_while_others_come(scene: Scene) -> None:
    """The first hangs in its receiver, and what sends them has no other hand."""
    answers = threading.Event()
    scene.pager.failing = lambda _: answers.wait()  # type: ignore[assignment]
    stuck = Dispatcher(scene.store, {"default": scene.pager}, scene.clock, "stuck", concurrency=1)
    for number in range(7):
        scene.router.receive(foreign_alert(f"Alert{number}", Severity.P1))
        stuck.pump()
        scene.clock.advance(timedelta(minutes=1))
    said = RouterReadiness(scene.store, scene.clock).problems()
    answers.set()
    stuck.close()
    assert "messages do not leave" in said[0]


def test_a_disk_that_is_really_full_is_said_and_nothing_is_accepted(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk") as disk:
        store = SqliteRouterStore(disk / "router.sqlite")
        fill(disk / "rest")
        with pytest.raises(StoreBusy):
            store.append_receipts([Receipt("r", "alertmanager", MONDAY_10, b"x" * 100_000)])
        readiness = RouterReadiness(store, ManualClock(MONDAY_10), lambda: shutil.disk_usage(disk).free)
        assert "the disk is full: 0 KiB are left" in readiness.problems()[0]
        store.close()


def test_a_store_whose_file_was_damaged_is_said(tmp_path: Path) -> None:
    path = tmp_path / "router.sqlite"
    store = SqliteRouterStore(path)
    store.append_receipts([Receipt("r", "alertmanager", MONDAY_10, b"x" * 100_000)])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (size - 4096))
    (said,) = RouterReadiness(store, ManualClock(MONDAY_10)).problems()
    assert said.startswith("the store cannot be read: ")
    store.close()


def test_a_receiver_that_is_away_is_no_fault_of_the_router(scene: Scene) -> None:
    def away(_: Notification) -> None:
        raise TemporaryFailure("chat", "no answer")

    scene.pager.failing = away
    scene.receive(burn_alert())
    scene.pass_time(timedelta(minutes=30))
    assert RouterReadiness(scene.store, scene.clock).problems() == []


def test_alerts_that_are_not_worked_off_are_said(scene: Scene) -> None:
    scene.store.append_receipts([Receipt("r", "alertmanager", MONDAY_10, b"{}")])
    scene.clock.advance(timedelta(minutes=3))
    assert "not worked off" in RouterReadiness(scene.store, scene.clock).problems()[0]


def test_a_store_that_cannot_be_read_is_said(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> None:
        raise StoreBusy("disk I/O error")

    monkeypatch.setattr(SqliteRouterStore, "next_attempt", broken)
    assert RouterReadiness(scene.store, scene.clock).problems() == [
        "the store cannot be read: disk I/O error"
    ]


def test_a_row_that_cannot_be_read_is_remarked_and_later_alerts_are_paged(scene: Scene) -> None:
    torn = scene.receive(burn_alert())
    with scene.store.writing() as session:  # type: ignore[attr-defined]
        session.change("UPDATE incidents SET body = :torn WHERE id = :id", {"torn": b"{", "id": torn.id})
    told = len(scene.pager.sent)
    again = scene.receive(burn_alert("page-slow"))
    assert again.id != torn.id
    assert scene.told_since(told) == [("operations", "first")]
    readiness = RouterReadiness(scene.store, scene.clock)
    assert readiness.problems() == []
    assert torn.id in readiness.remarks()[0]
    scene.pass_time(timedelta(minutes=1))
    assert any(torn.id in incident.title for incident in scene.router.open_incidents())
