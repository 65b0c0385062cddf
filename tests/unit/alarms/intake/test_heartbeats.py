"""A source that goes quiet pages; one that could not be heard because no router was there does not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from alarms.intake.heartbeats import BeatState, Heartbeats, SignsOfLife
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.expected_beat import ExpectedBeat
from alarms.model.incident import IncidentState
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10
from tests.support.hooks import alert, alertmanager
from tests.support.router import SHIPPED_POLICY, Scene

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)
MINUTE = timedelta(minutes=1)
BACKUP = ExpectedBeat("backup", 5 * MINUTE, MINUTE, Severity.P1)
PROMETHEUS = ExpectedBeat("prometheus", 5 * MINUTE, MINUTE, Severity.P2, sender="prom", alert="Watchdog")
GRAFANA = ExpectedBeat(
    "grafana", 5 * MINUTE, MINUTE, Severity.P3, sender="boards", labels={"component": "redis"}
)


class Watched:
    """A router and what it expects; ``restart`` is another process on the same store."""

    def __init__(self, scene: Scene, *beats: ExpectedBeat) -> None:
        self.scene = scene
        self.expected: Mapping[str, ExpectedBeat] = {beat.name: beat for beat in beats}
        self.restart()

    def restart(self) -> None:
        scene = self.scene
        self.heartbeats = Heartbeats(scene.store, scene.router, scene.clock, self.expected)
        self.worker = IntakeWorker(
            scene.store, scene.router, RULES, scene.clock, signs=SignsOfLife(self.expected)
        )

    def pass_time(self, minutes: float) -> None:
        """As the running process does, every ten seconds."""
        for _ in range(round(minutes * 6)):
            self.scene.clock.advance(timedelta(seconds=10))
            self.worker.drain()
            self.heartbeats.run_once()
            self.scene.dispatcher.drain()

    def arrives(self, kind: str, payload: bytes, sender: str = "", *, worked_off: bool = True) -> None:
        known = sum(self.scene.store.count_receipts(state) for state in ReceiptState)
        at = self.scene.clock.now()
        receipt = Receipt(f"r-{known:05d}", kind, at, payload, sender=sender)
        self.scene.store.append_receipts([receipt])
        if worked_off:
            self.worker.drain()

    def beat(self, name: str = "backup") -> None:
        self.arrives("heartbeat", name.encode())

    def quiet(self) -> list[str]:
        return sorted(i.name for i in self.scene.router.open_incidents() if i.name.startswith("Quiet"))


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_a_source_that_goes_quiet_pages_once_and_its_next_beat_ends_it(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    for _ in range(4):
        watched.beat()
        watched.pass_time(5)
        assert watched.quiet() == []
    watched.pass_time(1)
    (incident,) = scene.router.open_incidents()
    assert (incident.name, incident.severity) == ("Quiet: backup", Severity.P1)
    assert incident.title == "No sign of life from backup"
    assert "was last heard from at 2026-03-02T13:15:00+00:00; expected every 5min + 1min" in incident.summary
    assert "deu o último sinal" in incident.summary_pt
    watched.pass_time(10)
    assert [note.step.value for note in scene.pager.sent] == ["first"]
    watched.beat()
    watched.pass_time(1)
    assert scene.router.incident(incident.id).state is IncidentState.RESOLVED
    assert scene.router.open_incidents() == []


def test_one_that_is_never_heard_from_pages_after_its_first_interval(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.pass_time(5.9)
    assert watched.quiet() == []
    watched.pass_time(0.5)
    (incident,) = scene.router.open_incidents()
    assert "has not been heard from since" in incident.summary


def test_each_source_is_an_incident_of_its_own(scene: Scene) -> None:
    watched = Watched(scene, BACKUP, GRAFANA)
    watched.pass_time(7)
    assert watched.quiet() == ["Quiet: backup", "Quiet: grafana"]
    watched.beat()
    watched.pass_time(1)
    assert watched.quiet() == ["Quiet: grafana"]


def test_what_is_resolved_by_hand_while_it_is_quiet_comes_back(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.pass_time(7)
    (incident,) = scene.router.open_incidents()
    scene.router.resolve(incident.id, "ana")
    watched.pass_time(12)
    assert watched.quiet() == ["Quiet: backup"]


@pytest.mark.parametrize("away", [2, 60, 60 * 24 * 7])
def test_nobody_is_quiet_because_the_router_was_away(scene: Scene, away: int) -> None:
    watched = Watched(scene, BACKUP)
    watched.beat()
    watched.pass_time(4)
    scene.clock.current += away * MINUTE
    watched.restart()
    watched.pass_time(5)
    assert watched.quiet() == []
    watched.beat()
    watched.pass_time(5)
    assert watched.quiet() == []


def test_who_stays_quiet_after_a_restart_pages_after_one_interval(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.beat()
    watched.pass_time(4)
    scene.clock.current += 60 * MINUTE
    watched.restart()
    watched.pass_time(6.5)
    assert watched.quiet() == ["Quiet: backup"]


def test_restarts_more_often_than_the_interval_hide_no_quiet_source(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.beat()
    for _ in range(3):
        watched.pass_time(3)
        watched.restart()
    watched.pass_time(0.5)
    assert watched.quiet() == ["Quiet: backup"]


def test_one_that_is_quiet_stays_so_over_a_restart_and_is_not_told_twice(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.pass_time(7)
    watched.restart()
    watched.pass_time(3)
    assert watched.quiet() == ["Quiet: backup"]
    assert len(scene.pager.sent) == 1


def test_a_beat_that_waits_to_be_worked_off_is_one(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.beat()
    scene.clock.advance(5 * MINUTE)
    watched.arrives("heartbeat", b"backup", worked_off=False)
    scene.clock.advance(3 * MINUTE)
    watched.heartbeats.run_once()
    assert watched.quiet() == []
    watched.pass_time(4)
    assert watched.quiet() == ["Quiet: backup"]


@pytest.mark.parametrize("payload", [json.dumps(alertmanager(alert())).encode(), b"{torn"])
def test_whatever_a_sender_sends_is_a_sign_of_its_life(scene: Scene, payload: bytes) -> None:
    watched = Watched(scene, GRAFANA)
    for _ in range(3):
        watched.arrives("alertmanager", payload, "boards")
        watched.pass_time(4)
    watched.arrives("alertmanager", payload, "another")
    assert watched.quiet() == []
    watched.pass_time(3)
    assert watched.quiet() == ["Quiet: grafana"]


def watchdog(**more: Any) -> bytes:
    return json.dumps(alertmanager(alert("Watchdog", **more), alert("DiskFull"))).encode()


def test_a_watchdog_is_a_sign_of_life_and_no_incident_and_the_rest_is_one(scene: Scene) -> None:
    watched = Watched(scene, PROMETHEUS)
    for _ in range(3):
        watched.arrives("alertmanager", watchdog(), "prom")
        watched.pass_time(5)
    assert {incident.name for incident in scene.router.open_incidents()} == {"DiskFull"}
    watched.arrives("alertmanager", watchdog(status="resolved"), "prom")
    watched.pass_time(2)
    assert watched.quiet() == ["Quiet: prometheus"]


def test_the_watchdog_of_another_sender_is_an_alert_like_any(scene: Scene) -> None:
    watched = Watched(scene, PROMETHEUS)
    watched.arrives("alertmanager", watchdog(), "other")
    assert "Watchdog" in {incident.name for incident in scene.router.open_incidents()}


def test_a_source_that_is_not_expected_any_more_is_over(scene: Scene) -> None:
    watched = Watched(scene, BACKUP)
    watched.pass_time(7)
    watched.expected = {}
    watched.restart()
    watched.pass_time(1)
    assert scene.router.open_incidents() == []


def test_a_source_that_is_expected_again_is_as_one_that_is_new(scene: Scene) -> None:
    watched = Watched(scene, BACKUP, GRAFANA)
    watched.beat()
    watched.pass_time(4)
    watched.expected = {GRAFANA.name: GRAFANA}
    watched.restart()
    watched.pass_time(60)
    watched.expected = {GRAFANA.name: GRAFANA, BACKUP.name: BACKUP}
    watched.restart()
    watched.pass_time(5.5)
    assert watched.quiet() == ["Quiet: grafana"]
    watched.pass_time(1)
    assert watched.quiet() == ["Quiet: backup", "Quiet: grafana"]


def test_what_is_expected_is_listed_with_its_state(scene: Scene) -> None:
    watched = Watched(scene, BACKUP, GRAFANA, PROMETHEUS)
    watched.pass_time(4)
    watched.beat()
    watched.pass_time(3)
    watched.arrives("heartbeat", b"grafana")
    listed = {status.beat.name: status for status in watched.heartbeats.statuses()}
    assert {name: status.state for name, status in listed.items()} == {
        "backup": BeatState.ALIVE,
        "grafana": BeatState.QUIET,  # until it is looked at again
        "prometheus": BeatState.QUIET,
    }
    assert listed["backup"].heard_at == MONDAY_10 + 4 * MINUTE
    assert listed["backup"].due == MONDAY_10 + 10 * MINUTE
    assert listed["prometheus"].heard_at is None


def test_nothing_is_written_where_nothing_is_expected(scene: Scene) -> None:
    watched = Watched(scene)
    watched.pass_time(5)
    assert scene.store.listened_until() is None
