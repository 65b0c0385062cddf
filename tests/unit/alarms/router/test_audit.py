"""The auditor finds and fixes what a half-done change would leave; on a whole store it finds nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alarms.model.errors import PermanentFailure
from alarms.model.incident import TimerKind, TransitionKind
from alarms.model.notification import Notification
from alarms.model.silence import Matcher
from alarms.notify.dispatcher import Dispatcher
from alarms.router.heartbeat import HeartbeatSender
from tests.support.alerts import MONDAY_10, burn_alert, foreign_alert
from tests.support.router import Scene
from tests.support.router_store_contract import enqueue, notification

MINUTE = timedelta(minutes=1)


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    scene = Scene()
    scene.router.silence([Matcher("alertname", "=", "Quiet")], MONDAY_10, MONDAY_10 + 60 * MINUTE, "ana", "x")
    scene.receive(foreign_alert("Quiet"))
    scene.receive(burn_alert())
    scene.receive(burn_alert(slo_id="credit/decision-latency", at=MONDAY_10))
    acknowledged = scene.receive(burn_alert("page-slow", slo_id="credit/transaction-errors"))
    scene.router.acknowledge(acknowledged.id, "ana")
    for _ in range(70):
        assert scene.router.audit() == []
        scene.pass_time(MINUTE)
    scene.close()


def test_a_lost_clock_is_set_again_from_the_page_on() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    with scene.store.transaction() as tx:
        tx.clear_timer(incident.id, TimerKind.ACKNOWLEDGE)
        tx.clear_timer(incident.id, TimerKind.UNRESOLVED)
    scene.clock.advance(20 * MINUTE)
    assert len(scene.router.audit()) == 2
    assert scene.router.audit() == []
    scene.router.tick()
    scene.dispatcher.drain()
    assert scene.pager.told()[1:] == [("data-engineering", "backup")]
    assert {t.kind: t.deadline for t in scene.store.timers(incident.id)} == {
        TimerKind.UNRESOLVED: MONDAY_10 + 30 * MINUTE
    }
    assert TransitionKind.REPAIRED in [t.kind for t in scene.router.timeline(incident.id)]
    scene.close()


def test_an_incident_nobody_was_told_of_is_paged() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    with scene.store.transaction() as tx:
        tx.save_incident(replace(incident, cycle=2))
    assert scene.router.audit() == [f"{incident.id}: nobody had been notified"]
    scene.dispatcher.drain()
    assert scene.pager.told()[1:] == [("operations", "first")]
    scene.close()


def test_a_hold_that_nothing_will_end_is_looked_at_again() -> None:
    scene = Scene()
    scene.router.silence([Matcher("environment", "=", "test")], MONDAY_10, MONDAY_10 + 5 * MINUTE, "ana", "x")
    incident = scene.receive(burn_alert())
    with scene.store.transaction() as tx:
        tx.clear_timer(incident.id, TimerKind.HOLD)
    scene.clock.advance(10 * MINUTE)
    assert len(scene.router.audit()) == 1
    scene.pass_time(MINUTE)
    assert scene.pager.told() == [("operations", "first")]
    scene.close()


def test_a_page_that_died_without_anybody_hearing_of_it_goes_to_the_next_in_line() -> None:
    scene = Scene()
    scene.dispatcher.close()
    scene.dispatcher = Dispatcher(scene.store, {"default": scene.pager}, scene.clock, "deaf")

    def refuse(message: Notification) -> None:
        if message.team == "operations":
            raise PermanentFailure("sns", "NotFound")

    scene.pager.failing = refuse
    scene.receive(burn_alert())
    assert scene.pager.told() == []
    assert len(scene.router.audit()) == 1
    assert scene.router.audit() == []
    scene.dispatcher.drain()
    assert scene.pager.told() == [("data-engineering", "backup")]
    scene.close()


def test_the_heartbeat_stops_when_timers_or_messages_are_stuck() -> None:
    scene = Scene()
    beats: list[int] = []
    heart = HeartbeatSender(scene.store, scene.clock, lambda: beats.append(1))
    assert not heart.run_once()
    heart.ticked()
    assert heart.run_once()
    enqueue(scene.store, notification(at=scene.clock.now()))
    scene.clock.advance(MINUTE)
    assert heart.run_once()
    scene.clock.advance(5 * MINUTE)
    heart.ticked()
    assert not heart.run_once()
    assert "a message has been waiting" in (heart.reason_to_be_silent() or "")
    scene.dispatcher.drain()
    assert heart.run_once()
    scene.clock.advance(3 * MINUTE)
    assert heart.reason_to_be_silent() == "timers have not been checked recently"
    assert len(beats) == 3
    scene.close()
