"""A silence over what was told already: it goes on afterwards where it stood, and is no new incident."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from alarms.model.incident import TimerKind, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from tests.support.alerts import MONDAY_10, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
DOWN = [Matcher("alertname", "=", "Down")]


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def quieten(scene: Scene, length: timedelta) -> None:
    now = scene.clock.now()
    scene.router.silence(DOWN, now, now + length, "ana", "a look")
    scene.pass_time(length + MINUTE)


def deadlines(scene: Scene, incident_id: str) -> dict[TimerKind, timedelta]:
    return {timer.kind: timer.deadline - MONDAY_10 for timer in scene.router.explain(incident_id).timers}


def test_what_somebody_has_stays_quiet_and_is_escalated_that_much_later(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("Down", Severity.P1))
    scene.pass_time(5 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    before = len(scene.pager.sent)
    quieten(scene, 10 * MINUTE)
    assert scene.told_since(before) == []
    scene.router.audit()
    assert deadlines(scene, incident.id) == {TimerKind.UNRESOLVED: 40 * MINUTE}


def test_what_nobody_has_is_told_once_more_and_its_deadlines_are_that_much_later(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("Down", Severity.P1))
    scene.pass_time(5 * MINUTE)
    before = len(scene.pager.sent)
    quieten(scene, MINUTE)
    assert scene.told_since(before) == [("operations", "first")]
    scene.router.audit()
    assert deadlines(scene, incident.id) == {
        TimerKind.ACKNOWLEDGE: 16 * MINUTE,
        TimerKind.UNRESOLVED: 31 * MINUTE,
    }


def test_what_was_overdue_before_it_was_silenced_is_paged_anew(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("Down", Severity.P1))
    scene.pass_time(16 * MINUTE)
    before = len(scene.pager.sent)
    quieten(scene, 10 * MINUTE)
    assert ("operations", "first") in scene.told_since(before)
    assert set(deadlines(scene, incident.id)) == {TimerKind.ACKNOWLEDGE, TimerKind.UNRESOLVED}


def test_what_was_escalated_before_and_acknowledged_is_not_escalated_again(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("Down", Severity.P1))
    scene.pass_time(31 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    quieten(scene, 10 * MINUTE)
    scene.router.audit()
    scene.pass_time(60 * MINUTE)
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds.count(TransitionKind.ESCALATED) == 1


def test_what_nobody_had_heard_of_is_paged_as_if_it_began_at_the_end(scene: Scene) -> None:
    now = scene.clock.now()
    scene.router.silence(DOWN, now, now + 10 * MINUTE, "ana", "a look")
    incident = scene.receive(foreign_alert("Down", Severity.P1))
    scene.pass_time(11 * MINUTE)
    assert scene.pager.told() == [("operations", "first")]
    assert deadlines(scene, incident.id)[TimerKind.ACKNOWLEDGE] == 25 * MINUTE
