"""RouterReadiness says what a router cannot do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alarms.model.errors import StoreBusy, TemporaryFailure
from alarms.model.notification import Notification
from alarms.model.receipt import Receipt
from alarms.router.readiness import LEAST_FREE, RouterReadiness
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import MONDAY_10, burn_alert
from tests.support.router import Scene


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

    monkeypatch.setattr(SqliteRouterStore, "latest_attempt", broken)
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
