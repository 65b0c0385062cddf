"""Timers: each step once, in order, whatever the clock and the process do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarms.model.errors import NotAllowed
from alarms.model.incident import IncidentState, Timer, TimerKind, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.policy import RoutingPolicy
from tests.support.alerts import MONDAY_10, burn_alert, ended
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
ESCALATIONS = (TransitionKind.ACK_MISSED, TransitionKind.ESCALATED, TransitionKind.REPEATED)


def escalations(scene: Scene, incident_id: str) -> list[str]:
    return [t.kind.value for t in scene.router.timeline(incident_id) if t.kind in ESCALATIONS]


def test_after_three_days_down_each_missed_step_fires_once_and_in_order() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.jump(timedelta(days=3))
    assert (
        escalations(scene, incident.id)
        == ["acknowledgement-missed", "escalated"] + ["escalation-repeated"] * 3
    )
    due = [t.due_at for t in scene.router.timeline(incident.id) if t.due_at is not None]
    assert [(at - MONDAY_10) // MINUTE for at in due] == [15, 30, 60, 90, 120]
    assert scene.router.tick() == 0
    scene.close()


def test_a_clock_put_back_fires_nothing_again() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.pass_time(31 * MINUTE)
    before = len(scene.pager.sent)
    scene.clock.current -= timedelta(hours=1)
    scene.pass_time(50 * MINUTE)
    assert len(scene.pager.sent) == before
    assert escalations(scene, incident.id) == ["acknowledgement-missed", "escalated"]
    history = [t.at for t in scene.router.timeline(incident.id)]
    assert history == sorted(history)
    scene.close()


def test_what_people_do_while_the_clock_is_back_comes_after_what_was_done_before() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.clock.current -= timedelta(hours=1)
    scene.router.note(incident.id, "ana", "looking")
    assert [entry.at for entry in scene.router.timeline(incident.id)] == [MONDAY_10, MONDAY_10]
    scene.close()


def test_a_page_decided_while_the_clock_is_back_still_leaves_at_once() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert("page-slow"))
    scene.clock.current -= timedelta(hours=1)
    scene.receive(burn_alert("page-fast"))
    assert scene.router.incident(incident.id).severity is Severity.P1
    assert scene.pager.told()[1:] == [("operations", "first")]
    scene.close()


@given(jumps=st.lists(st.integers(min_value=-90, max_value=90), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_however_the_clock_jumps_each_step_happens_at_most_once_and_in_order(jumps: list[int]) -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    for minutes in jumps:
        scene.clock.current += minutes * MINUTE
        scene.router.tick()
        scene.dispatcher.drain()
    expected = ["acknowledgement-missed", "escalated"] + ["escalation-repeated"] * 3
    done = escalations(scene, incident.id)
    assert done == expected[: len(done)]
    assert len({n.dedup_id for n in scene.pager.sent}) == len(scene.pager.sent)
    scene.close()


def test_resolving_stops_both_clocks_and_tells_whoever_was_told() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.pass_time(20 * MINUTE)
    before = len(scene.pager.sent)
    scene.router.resolve(incident.id, "ana", "rolled back")
    scene.dispatcher.drain()
    assert scene.told_since(before) == [("data-engineering", "resolved"), ("operations", "resolved")]
    assert list(scene.store.timers(incident.id)) == []
    scene.jump(timedelta(days=1))
    assert len(scene.pager.sent) == before + 2
    scene.close()


def test_a_snooze_puts_off_what_would_have_come_meanwhile() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.router.snooze(incident.id, MONDAY_10 + timedelta(hours=2), "ana", "known, fix is on its way")
    scene.pass_time(timedelta(minutes=119))
    assert scene.pager.told() == [("operations", "first")]
    scene.pass_time(MINUTE)
    assert scene.pager.told()[1:] == [("data-engineering", "backup"), ("data-engineering", "escalation")]
    scene.close()


def test_a_snooze_into_the_past_is_refused() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    with pytest.raises(NotAllowed, match="in the future"):
        scene.router.snooze(incident.id, MONDAY_10 - MINUTE, "ana")
    scene.close()


def test_a_reassigned_incident_pages_its_new_owner_who_has_the_whole_time() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.pass_time(10 * MINUTE)
    scene.router.acknowledge(incident.id, "ana")
    scene.router.reassign(incident.id, "development:bia", "ana", "it is the release")
    scene.dispatcher.drain()
    assert scene.pager.told()[1:] == [("development:bia", "first")]
    assert scene.router.incident(incident.id).state is IncidentState.OPEN
    deadlines = {t.kind: (t.deadline - MONDAY_10) // MINUTE for t in scene.store.timers(incident.id)}
    assert deadlines == {TimerKind.ACKNOWLEDGE: 25, TimerKind.UNRESOLVED: 30}
    with pytest.raises(NotAllowed, match="Name one of"):
        scene.router.reassign(incident.id, "nobody", "ana")
    scene.close()


def test_acknowledging_twice_is_acknowledging_once() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    first = scene.router.acknowledge(incident.id, "ana")
    assert scene.router.acknowledge(incident.id, "bia") == first
    assert scene.router.resolve(incident.id, "ana") == scene.router.resolve(incident.id, "bia")
    with pytest.raises(NotAllowed, match="resolved at"):
        scene.router.acknowledge(incident.id, "ana")
    scene.close()


def test_an_incident_keeps_the_policy_it_was_opened_under() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    scene.router.change_policy(_everything_after(timedelta(minutes=1)))
    scene.pass_time(14 * MINUTE)
    assert scene.pager.told() == [("operations", "first")]
    second = scene.receive(burn_alert(slo_id="credit/transaction-errors"))
    assert second.policy_id != incident.policy_id
    before = len(scene.pager.sent)
    scene.pass_time(MINUTE)
    told = {(n.incident_id, n.target, n.step.value) for n in scene.pager.sent[before:]}
    assert (incident.id, "data-engineering", "backup") in told
    assert (second.id, "data-engineering", "backup") in told
    scene.close()


def test_the_snapshot_outlives_the_process() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    later = Scene(start=MONDAY_10, store=scene.store, policy=_everything_after(timedelta(minutes=1)))
    later.pass_time(14 * MINUTE)
    assert later.pager.told() == []
    later.pass_time(MINUTE)
    assert later.pager.told() == [("data-engineering", "backup")]
    assert later.router.incident(incident.id).policy_id == incident.policy_id
    scene.close()


def test_what_is_to_come_can_be_read_beforehand() -> None:
    scene = Scene()
    incident = scene.receive(burn_alert())
    future = scene.router.explain(incident.id).future
    assert future[0] == (
        "2026-03-02T13:15:00+00:00: if not acknowledged, data-engineering is notified (backup)"
    )
    assert future[1] == (
        "2026-03-02T13:30:00+00:00: if not resolved, data-engineering is notified (escalation)"
    )
    assert future[2].startswith(
        "2026-03-02T14:00:00+00:00: if not acknowledged, again operations is notified"
    )
    scene.receive(ended(burn_alert(), MONDAY_10))
    assert scene.router.explain(incident.id).future == []
    scene.close()


@pytest.mark.parametrize("become", ["resolved", "held", "acknowledged"])
def test_a_clock_that_should_have_been_stopped_tells_nobody(become: str) -> None:
    """Each of these stops the clock; should it run all the same, it is looked at before anybody is woken."""
    scene = Scene()
    incident = scene.receive(burn_alert())
    if become == "resolved":
        scene.router.resolve(incident.id, "ana")
    elif become == "acknowledged":
        scene.router.acknowledge(incident.id, "ana")
    else:
        everything = [Matcher("environment", "=", "test")]
        scene.router.silence(everything, MONDAY_10, MONDAY_10 + timedelta(hours=9), "ana", "known")
    scene.dispatcher.drain()
    before = len(scene.pager.sent)
    with scene.store.transaction() as tx:
        tx.set_timer(Timer(incident.id, TimerKind.ACKNOWLEDGE, MONDAY_10 + MINUTE))
    scene.pass_time(2 * MINUTE)
    assert scene.told_since(before) == []
    assert not scene.router.incident(incident.id).overdue
    scene.close()


def _everything_after(duration: timedelta) -> RoutingPolicy:
    from dataclasses import replace

    levels = tuple(
        replace(level, acknowledge_within=duration, escalate_after=duration)
        for level in SHIPPED_POLICY.levels
    )
    return replace(SHIPPED_POLICY, levels=levels)
