"""Severity that follows the alerts, and clocks that never give less time than they gave."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from alarms.model.alert import Alert
from alarms.model.incident import IncidentState, TimerKind, TransitionKind
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)


def disk(severity: Severity, instance: str) -> Alert:
    return foreign_alert("Disk", severity, instance=instance)


def deadlines(scene: Scene, incident_id: str) -> dict[TimerKind, int]:
    """In minutes from the beginning."""
    return {t.kind: (t.deadline - MONDAY_10) // MINUTE for t in scene.store.timers(incident_id)}


def test_a_milder_severity_never_shortens_a_clock_that_runs() -> None:
    """Reassigned after ten minutes, its new owner has until the 40th; a milder level has 30 from the page."""
    levels = tuple(replace(level, acknowledge_within=30 * MINUTE) for level in SHIPPED_POLICY.levels)
    scene = Scene(policy=replace(SHIPPED_POLICY, levels=levels))
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.receive(disk(Severity.P3, "b"))
    scene.receive(ended(disk(Severity.P2, "a"), MONDAY_10))
    scene.pass_time(10 * MINUTE)
    scene.router.reassign(incident.id, "development", "ana")
    assert deadlines(scene, incident.id)[TimerKind.ACKNOWLEDGE] == 40
    scene.pass_time(6 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P3
    assert deadlines(scene, incident.id)[TimerKind.ACKNOWLEDGE] == 40
    scene.close()


def test_a_milder_severity_gives_a_clock_that_runs_the_milder_levels_time() -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.receive(disk(Severity.P3, "b"))
    scene.receive(ended(disk(Severity.P2, "a"), MONDAY_10))
    scene.pass_time(16 * MINUTE)
    assert deadlines(scene, incident.id)[TimerKind.ACKNOWLEDGE] == 8 * 60
    scene.close()


def test_a_worse_severity_pages_again_and_keeps_the_earlier_deadline_of_the_second_clock() -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.pass_time(115 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    raised = scene.receive(disk(Severity.P1, "b"))
    assert (raised.state, raised.acknowledged_by) == (IncidentState.OPEN, None)
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds[-2:] == [TransitionKind.ALERT_JOINED, TransitionKind.SEVERITY_RAISED]
    assert deadlines(scene, incident.id) == {TimerKind.ACKNOWLEDGE: 130, TimerKind.UNRESOLVED: 120}
    scene.close()


def test_what_got_worse_again_waits_the_whole_time_anew_before_it_is_lowered() -> None:
    scene = Scene()
    worse = disk(Severity.P1, "a")
    incident = scene.receive(worse)
    scene.receive(disk(Severity.P2, "b"))
    scene.receive(ended(worse, MONDAY_10))
    scene.pass_time(10 * MINUTE)
    again = replace(worse, starts_at=scene.clock.now())
    scene.receive(again)
    scene.pass_time(4 * MINUTE)
    scene.receive(ended(again, scene.clock.now()))
    scene.pass_time(14 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    scene.pass_time(MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P2
    scene.close()


def test_whoever_was_told_in_an_earlier_cycle_only_hears_nothing_of_the_end_of_this_one() -> None:
    scene = Scene()
    scene.receive(disk(Severity.P1, "a"))
    scene.pass_time(16 * MINUTE)
    assert ("data-engineering", "backup") in scene.pager.told()
    scene.receive(ended(disk(Severity.P1, "a"), scene.clock.now()))
    scene.pass_time(MINUTE)
    again = replace(disk(Severity.P1, "a"), starts_at=scene.clock.now())
    assert scene.receive(again).cycle == 2
    before = len(scene.pager.sent)
    scene.receive(ended(again, scene.clock.now()))
    assert scene.told_since(before) == [("operations", "resolved")]
    scene.close()
