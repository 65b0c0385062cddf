"""Who goes off duty hands over what nobody has acknowledged; what somebody has stays with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from alarms.model.incident import Incident, IncidentState, TransitionKind
from alarms.model.severity import Severity
from alarms.policy.schedule import Rotation, Schedule, Schedules
from tests.support.alerts import MONDAY_10, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAILY = Schedule(
    "UTC", (Rotation(datetime.fromisoformat("2026-01-05T00:00"), timedelta(days=1), ("ana", "bia")),)
)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(schedules=Schedules({"operations": DAILY}))
    yield made
    made.close()


def opened(scene: Scene, severity: Severity = Severity.P1) -> Incident:
    return scene.receive(foreign_alert("Down", severity, instance="db1"))


def stands_in(scene: Scene, incident: Incident) -> str:
    """The other person has the duty from now on."""
    other = "bia" if incident.assignee == "ana" else "ana"
    now = scene.clock.now()
    scene.router.override_duty("operations", other, now, now + 3 * HOUR, "ana")
    scene.pass_time(MINUTE)
    return f"operations:{other}"


def told(scene: Scene, since: int) -> set[str]:
    return {target for target, _ in scene.told_since(since) if target.startswith("operations")}


def test_an_urgent_one_that_nobody_has_is_told_to_who_comes_on_duty_and_no_more_than_once(
    scene: Scene,
) -> None:
    incident = opened(scene)
    other = stands_in(scene, incident)
    before = len(scene.pager.sent)
    for _ in range(3):
        scene.router.audit()
        scene.pass_time(MINUTE)
    assert scene.told_since(before) == [(other, "first")]
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds.count(TransitionKind.REASSIGNED) == 1


def joins(scene: Scene) -> None:
    for number in range(12):
        scene.receive(foreign_alert("Down", Severity.P3, instance=f"web{number}"))


def gets_worse(scene: Scene) -> None:
    scene.receive(foreign_alert("Down", Severity.P2, instance="db1"))


@pytest.mark.parametrize("happens", [joins, gets_worse])
def test_a_milder_one_is_told_to_who_has_the_duty_when_it_is_told_next(
    scene: Scene, happens: Callable[[Scene], None]
) -> None:
    incident = opened(scene, Severity.P3)
    other = stands_in(scene, incident)
    before = len(scene.pager.sent)
    scene.router.audit()
    scene.pass_time(MINUTE)
    assert told(scene, before) == set()
    happens(scene)
    scene.pass_time(6 * MINUTE)
    assert told(scene, before) <= {other, "operations"}


def test_who_acknowledged_keeps_it(scene: Scene) -> None:
    incident = opened(scene)
    scene.router.acknowledge(incident.id, "ana")
    stands_in(scene, incident)
    before = len(scene.pager.sent)
    scene.router.audit()
    scene.pass_time(MINUTE)
    kept = scene.router.incident(incident.id)
    assert (kept.assignee, kept.state) == (incident.assignee, IncidentState.ACKNOWLEDGED)
    assert told(scene, before) == set()


def test_who_was_given_it_by_hand_keeps_it(scene: Scene) -> None:
    incident = opened(scene)
    given = f"operations:{incident.assignee}"
    scene.router.reassign(incident.id, given, "ana")
    stands_in(scene, incident)
    before = len(scene.pager.sent)
    scene.router.audit()
    scene.pass_time(MINUTE)
    assert told(scene, before) == set()
    assert scene.router.incident(incident.id).assignee == incident.assignee


def test_the_clock_of_what_is_handed_over_runs_on(scene: Scene) -> None:
    incident = opened(scene)
    stands_in(scene, incident)
    scene.router.audit()
    scene.pass_time(15 * MINUTE)
    missed = [e for e in scene.router.timeline(incident.id) if e.kind is TransitionKind.ACK_MISSED]
    assert [entry.due_at for entry in missed] == [MONDAY_10 + 15 * MINUTE]
