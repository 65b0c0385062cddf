"""Severity that follows the alerts, and clocks that never give less time than they gave."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alarms.model.alert import Alert, AlertState
from alarms.model.incident import IncidentState, TimerKind, TransitionKind
from alarms.model.severity import Severity
from alarms.router.context import IncidentUpdate
from alarms.router.reassess import lower
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


def classified(scene: Scene, incident_id: str) -> list[tuple[str, str]]:
    """Outcome and reason of what was decided on its severity beyond the alert's own."""
    decisions = scene.router.explain(incident_id).decisions
    return [(d.outcome, d.reason) for d in decisions if d.rule in ("severity", "lower_after")]


def test_every_change_of_severity_says_why() -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.receive(disk(Severity.P1, "b"))
    scene.receive(ended(disk(Severity.P1, "b"), MONDAY_10))
    scene.pass_time(16 * MINUTE)
    (raised, why), (kept, until), (lowered, after) = classified(scene, incident.id)
    assert (raised, why) == ("P1", "raised from P2, at once")
    assert (kept, until) == ("kept", f"P2 has to last until {(MONDAY_10 + 15 * MINUTE).isoformat()}")
    assert (lowered, after) == ("P2", "nothing above P2 for 0:15:00")
    scene.close()


def test_what_is_to_be_lowered_waits_from_when_it_eased_whatever_else_comes_or_eases() -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P1, "a"))
    scene.receive(disk(Severity.P3, "b"))
    scene.receive(disk(Severity.P2, "c"))
    scene.receive(ended(disk(Severity.P1, "a"), MONDAY_10))
    assert scene.router.incident(incident.id).lowering_to is Severity.P2
    scene.pass_time(5 * MINUTE)
    scene.receive(disk(Severity.P2, "d"))
    scene.pass_time(5 * MINUTE)
    assert [outcome for outcome, _ in classified(scene, incident.id)] == ["kept"]
    for instance in ("c", "d"):
        scene.receive(ended(disk(Severity.P2, instance), scene.clock.now()))
    assert scene.router.incident(incident.id).lowering_to is Severity.P3
    assert deadlines(scene, incident.id)[TimerKind.LOWER] == 15
    scene.pass_time(5 * MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P3
    scene.close()


@pytest.mark.parametrize("again", [Severity.P2, Severity.P1], ids=["as bad again", "worse"])
def test_what_got_worse_again_is_no_longer_to_be_lowered(again: Severity) -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.receive(disk(Severity.P3, "b"))
    scene.receive(ended(disk(Severity.P2, "a"), MONDAY_10))
    assert TimerKind.LOWER in deadlines(scene, incident.id)
    scene.receive(disk(again, "c"))
    assert TimerKind.LOWER not in deadlines(scene, incident.id)
    assert scene.router.incident(incident.id).lowering_to is None
    scene.close()


@pytest.mark.parametrize("firing", [[], [disk(Severity.P2, "b")]], ids=["nothing", "as bad as it was"])
def test_nothing_is_lowered_unless_what_fires_is_milder(firing: list[Alert]) -> None:
    scene = Scene()
    gone = disk(Severity.P2, "a")
    incident = scene.receive(gone)
    for alert in firing:
        scene.receive(alert)
    with scene.store.transaction() as tx:
        record = tx.alert(gone.member)
        assert record is not None
        tx.save_alert(replace(record, state=AlertState.RESOLVED))
        waiting = replace(scene.router.incident(incident.id), lowering_to=Severity.P3)
        tx.save_incident(waiting)
        lower(IncidentUpdate(scene.router.routing, tx, waiting, MONDAY_10))
    after = scene.router.incident(incident.id)
    assert (after.severity, after.lowering_to, after.number) == (
        Severity.P2,
        None,
        incident.number + len(firing),
    )
    scene.close()


def test_no_timer_of_what_is_over_runs_on() -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P2, "a"))
    scene.receive(disk(Severity.P3, "b"))
    scene.receive(ended(disk(Severity.P2, "a"), MONDAY_10))
    assert set(deadlines(scene, incident.id)) == {
        TimerKind.ACKNOWLEDGE,
        TimerKind.UNRESOLVED,
        TimerKind.LOWER,
        TimerKind.MORE,
    }
    scene.router.resolve(incident.id, "ana")
    assert deadlines(scene, incident.id) == {}
    scene.close()


@pytest.mark.parametrize(("note", "detail"), [("disk replaced", {"note": "disk replaced"}), ("", {})])
def test_a_note_of_who_resolves_it_stands_in_its_history(note: str, detail: dict[str, str]) -> None:
    scene = Scene()
    incident = scene.receive(disk(Severity.P3, "a"))
    scene.router.resolve(incident.id, "ana", note)
    last = scene.router.timeline(incident.id)[-1]
    assert (last.kind, last.actor, last.detail) == (TransitionKind.RESOLVED, "ana", detail)
    scene.close()
