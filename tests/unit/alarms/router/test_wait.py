"""The first wait: P2 to P4 are told a moment later, unless their cause or their end makes it needless; a P1
at once, and nothing that waits is forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from alarms.model.alert import Alert
from alarms.model.decision import Stage
from alarms.model.incident import HoldKind, TimerKind, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.policy.policy import Remediation
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
WAIT = SHIPPED_POLICY.first_wait
AURORA = foreign_alert("AuroraSlow", Severity.P2, component="aurora")
SYMPTOM = burn_alert("page-slow", slo_id="credit/decision-latency")


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(policy=SHIPPED_POLICY)
    yield made
    made.close()


def first_pages(scene: Scene) -> list[str]:
    """Of which incidents, by the names of what opened them."""
    names = {incident.id: incident.name for incident in scene.router.incidents()}
    return [names[n.incident_id] for n in scene.pager.sent if n.step.value == "first"]


@pytest.mark.parametrize("severity", [Severity.P2, Severity.P3, Severity.P4])
def test_a_page_that_can_wait_is_sent_after_the_wait_and_says_that_it_is_new(
    severity: Severity, scene: Scene
) -> None:
    incident = scene.receive(foreign_alert("DiskFull", severity))
    assert incident.waits
    assert [listed.id for listed in scene.router.open_incidents()] == [incident.id]
    scene.pass_time(WAIT - SECOND, SECOND)
    assert scene.pager.sent == []
    scene.pass_time(SECOND)
    (page,) = scene.pager.sent
    assert "new incident" in page.message.subject
    assert scene.router.incident(incident.id).hold is None


def test_what_comes_next_says_until_when_it_waits(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    assert scene.router.explain(incident.id).future == [
        "waits until 2026-03-02T13:00:20+00:00, then paged unless it is over or explained by then"
    ]
    scene.pass_time(WAIT)
    decided = scene.router.explain(incident.id).decisions
    assert [d.outcome for d in decided if d.stage is Stage.WAIT] == ["waits", "waited"]


def test_both_clocks_count_from_its_beginning(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    scene.pass_time(WAIT)
    deadlines = {timer.kind: timer.deadline - MONDAY_10 for timer in scene.store.timers(incident.id)}
    assert deadlines == {TimerKind.ACKNOWLEDGE: 30 * MINUTE, TimerKind.UNRESOLVED: 120 * MINUTE}


def test_a_symptom_seconds_before_its_cause_pages_nobody(scene: Scene) -> None:
    symptom = scene.receive(SYMPTOM)
    scene.pass_time(5 * SECOND)
    cause = scene.receive(AURORA)
    scene.pass_time(10 * MINUTE)
    assert first_pages(scene) == ["AuroraSlow"]
    held = scene.router.incident(symptom.id).hold
    assert held is not None
    assert (held.kind, held.by) == (HoldKind.CAUSE, cause.id)


def test_a_symptom_whose_cause_was_over_within_the_wait_is_paged(scene: Scene) -> None:
    scene.receive(SYMPTOM)
    scene.receive(AURORA)
    scene.receive(ended(AURORA, MONDAY_10))
    scene.pass_time(3 * MINUTE)
    assert first_pages(scene) == [SYMPTOM.name]


def test_what_is_over_within_the_wait_pages_nobody_and_is_listed_and_says_so(scene: Scene) -> None:
    alert = foreign_alert("DiskFull", Severity.P3)
    scene.receive(alert)
    scene.clock.advance(5 * SECOND)
    over = scene.receive(ended(alert, scene.clock.now()))
    scene.pass_time(10 * MINUTE)
    assert scene.pager.sent == []
    assert [incident.id for incident in scene.router.incidents()] == [over.id]
    assert "before anybody was told" in scene.router.timeline(over.id)[-1].detail["note"]


def test_what_comes_back_before_anybody_was_told_does_not_wait_again(scene: Scene) -> None:
    """Something short that comes every other minute would never be told."""
    alert = foreign_alert("DiskFull", Severity.P3)
    scene.receive(alert)
    scene.receive(ended(alert, scene.clock.now()))
    scene.clock.advance(MINUTE)
    scene.receive(replace(alert, starts_at=scene.clock.now()))
    assert first_pages(scene) == ["DiskFull"]


def test_what_comes_back_after_it_was_told_waits_again(scene: Scene) -> None:
    alert = foreign_alert("DiskFull", Severity.P3)
    scene.receive(alert)
    scene.pass_time(MINUTE)
    scene.receive(ended(alert, scene.clock.now()))
    scene.clock.advance(MINUTE)
    assert scene.receive(replace(alert, starts_at=scene.clock.now())).waits
    scene.pass_time(WAIT)
    assert "the problem is back" in scene.pager.sent[-1].message.subject


def test_raised_to_p1_within_the_wait_it_is_paged_at_once(scene: Scene) -> None:
    scene.receive(burn_alert("page-slow"))
    scene.clock.advance(5 * SECOND)
    incident = scene.receive(burn_alert("page-fast"))
    (page,) = scene.pager.sent
    assert (page.severity, incident.hold) == (Severity.P1, None)
    deadlines = {timer.kind: timer.deadline - scene.clock.now() for timer in scene.store.timers(incident.id)}
    assert deadlines[TimerKind.ACKNOWLEDGE] == 15 * MINUTE
    assert TimerKind.HOLD not in deadlines
    scene.pass_time(MINUTE)
    assert len(scene.pager.sent) == 1


def test_raised_to_what_waits_too_it_waits_as_long_as_it_would_have(scene: Scene) -> None:
    scene.receive(burn_alert("ticket-fast"))
    scene.pass_time(10 * SECOND)
    scene.receive(burn_alert("page-slow"))
    scene.pass_time(9 * SECOND)
    assert scene.pager.sent == []
    scene.pass_time(SECOND)
    assert [page.severity for page in scene.pager.sent] == [Severity.P2]


def test_raised_to_p1_while_a_silence_began_it_is_held_by_the_silence(scene: Scene) -> None:
    scene.receive(burn_alert("page-slow"))
    silence_everything(scene, MONDAY_10 + 60 * MINUTE)
    incident = scene.receive(burn_alert("page-fast"))
    assert incident.hold is not None
    assert incident.hold.kind is HoldKind.SILENCE
    scene.pass_time(59 * MINUTE)
    assert scene.pager.sent == []
    scene.pass_time(2 * MINUTE)
    assert first_pages(scene) == [incident.name]


def silence_everything(scene: Scene, until: datetime) -> None:
    scene.router.silence([Matcher("environment", "=", "test")], scene.clock.now(), until, "ana", "deploy")


def test_what_a_silence_holds_from_the_beginning_does_not_wait_besides(scene: Scene) -> None:
    silence_everything(scene, MONDAY_10 + 30 * MINUTE)
    held = scene.receive(foreign_alert("DiskFull", Severity.P2)).hold
    assert held is not None
    assert held.kind is HoldKind.SILENCE


def test_a_silence_made_within_the_wait_holds_it_until_it_ends(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    silence_everything(scene, MONDAY_10 + 30 * MINUTE)
    scene.pass_time(29 * MINUTE)
    assert scene.pager.sent == []
    scene.pass_time(MINUTE)
    assert first_pages(scene) == [incident.name]


def test_those_that_join_within_the_wait_are_named_in_the_one_page(scene: Scene) -> None:
    def host(name: str) -> Alert:
        same = foreign_alert("HostDown", Severity.P2)
        return replace(same, tier=name, labels={"instance": name})

    for name in ("a", "b", "c"):
        scene.receive(host(name))
    scene.pass_time(10 * MINUTE)
    (page,) = scene.pager.sent
    assert "instance=b" in page.message.body
    assert "instance=c" in page.message.body


def test_who_acknowledges_within_the_wait_is_not_asked_to_acknowledge(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    scene.router.acknowledge(incident.id, "ana")
    scene.pass_time(40 * MINUTE)
    assert scene.pager.told() == [("operations", "first")]


def test_the_auditor_takes_what_waits_for_what_it_is(scene: Scene) -> None:
    scene.receive(foreign_alert("DiskFull", Severity.P2))
    assert scene.router.audit() == []
    scene.pass_time(WAIT)
    assert scene.router.audit() == []
    assert len(scene.pager.sent) == 1


def test_the_auditor_pages_what_waits_for_nothing(scene: Scene) -> None:
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    with scene.store.transaction() as tx:
        tx.clear_timer(incident.id, TimerKind.HOLD)
    assert incident.id in scene.router.audit()[0]
    scene.pass_time(MINUTE)
    assert first_pages(scene) == ["DiskFull"]


def test_a_router_that_was_killed_meanwhile_pages_when_it_is_back(tmp_path: Path) -> None:
    path = tmp_path / "router.sqlite"
    killed = Scene(store=SqliteRouterStore(path), policy=SHIPPED_POLICY)
    incident = killed.receive(foreign_alert("DiskFull", Severity.P2))
    killed.store.close()
    scene = Scene(MONDAY_10 + 3 * MINUTE, SqliteRouterStore(path), SHIPPED_POLICY)
    scene.jump(timedelta(0))
    assert first_pages(scene) == ["DiskFull"]
    deadlines = {timer.kind: timer.deadline - MONDAY_10 for timer in scene.store.timers(incident.id)}
    assert deadlines[TimerKind.ACKNOWLEDGE] == 30 * MINUTE
    scene.close()


def test_a_machine_is_asked_with_the_page_and_not_before(scene: Scene) -> None:
    restart = Remediation(
        "restart", (Matcher("alertname", "=", "DiskFull"),), (Severity.P2,), "default", 1, timedelta(hours=1)
    )
    scene.router.change_policy(replace(SHIPPED_POLICY, remediation=(restart,)))
    incident = scene.receive(foreign_alert("DiskFull", Severity.P2))
    assert scene.pager.sent == []
    scene.pass_time(WAIT)
    assert scene.pager.told() == [("operations", "first"), ("remediation:restart", "remediation")]
    kinds = [entry.kind for entry in scene.router.timeline(incident.id)]
    assert kinds == [TransitionKind.OPENED, TransitionKind.REMEDIATION_ASKED]


def test_the_policy_can_turn_it_off() -> None:
    scene = Scene(policy=replace(SHIPPED_POLICY, first_wait=timedelta(0)))
    scene.receive(foreign_alert("DiskFull", Severity.P2))
    assert scene.pager.told() == [("operations", "first")]
    scene.close()
