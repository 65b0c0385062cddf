"""Which incident explains which, rule by rule: each of them keeps a page from being lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alarms.model.decision import Stage
from alarms.model.incident import Hold, HoldKind, Incident, IncidentState, TimerKind, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.router.context import IncidentUpdate
from alarms.router.correlate import cause_of, is_cause, symptoms_of
from alarms.router.inhibit import held_for_its_cause
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import PLATFORM, Scene
from tests.support.router_store_contract import incident

MINUTE = timedelta(minutes=1)


def fault(number: int = 1, **more: Any) -> Incident:
    """Of a component that the decision API leans on."""
    return replace(incident(number), component="aurora", **more)


def symptom(number: int = 9, **more: Any) -> Incident:
    """A burn of an SLO that is measured on the decision API."""
    return replace(incident(number), slo_id="credit/decision-latency", **more)


def test_a_fault_below_explains_the_burn_and_the_component_above() -> None:
    assert is_cause(fault(), symptom(), PLATFORM)
    assert is_cause(fault(), replace(incident(9), component="decision-api"), PLATFORM)


@pytest.mark.parametrize(
    "cause",
    [
        pytest.param(fault(number=9), id="the incident itself"),
        pytest.param(fault(state=IncidentState.RESOLVED), id="what is over"),
        pytest.param(fault(cause_id="incident-5"), id="a symptom of something else"),
        pytest.param(fault(slo_id="credit/transaction-errors"), id="a burn"),
        pytest.param(fault(environment="prod"), id="another environment"),
        pytest.param(replace(incident(1), component=None), id="what is of no component"),
        pytest.param(replace(incident(1), component="kinesis"), id="what nothing leans on"),
    ],
)
def test_is_never_a_cause(cause: Incident) -> None:
    assert not is_cause(cause, symptom(), PLATFORM)


def test_nothing_explains_a_fault_of_what_it_leans_on() -> None:
    above = replace(incident(1), component="decision-api")
    assert not is_cause(above, replace(incident(9), component="aurora"), PLATFORM)


def test_of_several_causes_the_most_severe_then_the_oldest_is_named() -> None:
    older = fault(3, opened_at=MONDAY_10)
    younger = fault(2, opened_at=MONDAY_10 + MINUTE)
    milder = fault(1, severity=Severity.P3, opened_at=MONDAY_10 - MINUTE)
    assert cause_of(symptom(), [milder, younger, older], PLATFORM) == older
    assert cause_of(symptom(), [milder], PLATFORM) == milder
    assert cause_of(symptom(), [], PLATFORM) is None


def test_a_cause_takes_only_symptoms_that_nothing_explained_until_now() -> None:
    free, taken = symptom(8), symptom(9, cause_id="incident-5")
    assert symptoms_of(fault(), [free, taken], PLATFORM) == [free]


def test_a_cause_that_is_over_lets_go_its_own_symptoms_only() -> None:
    scene = Scene()
    aurora = scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    redis = foreign_alert("RedisDown", Severity.P2, component="redis")
    scene.receive(redis)
    held = scene.receive(burn_alert())
    assert held.cause_id == aurora.id
    scene.receive(ended(redis, MONDAY_10))
    scene.pass_time(5 * MINUTE)
    still = scene.router.incident(held.id)
    assert still.cause_id == aurora.id
    assert still.hold is not None
    assert still.hold.kind is HoldKind.CAUSE
    scene.close()


def kinds(scene: Scene, incident_id: str) -> list[TransitionKind]:
    return [entry.kind for entry in scene.router.timeline(incident_id)]


def test_a_symptom_whose_alert_comes_again_is_attached_once() -> None:
    scene = Scene()
    scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    held = scene.receive(burn_alert())
    scene.receive(burn_alert())
    assert kinds(scene, held.id).count(TransitionKind.ATTACHED) == 1
    scene.close()


def test_an_incident_that_nothing_explains_says_so() -> None:
    scene = Scene()
    alone = scene.receive(burn_alert())
    decisions = scene.router.explain(alone.id).decisions
    outcomes = [one.outcome for one in decisions if one.stage is Stage.CORRELATE]
    assert outcomes == ["alone"]
    scene.close()


def holds_end(scene: Scene, incident_id: str) -> list[datetime]:
    return [timer.deadline for timer in scene.store.timers(incident_id) if timer.kind is TimerKind.HOLD]


def test_a_symptom_that_is_silenced_keeps_the_end_of_its_silence_when_its_cause_is_over() -> None:
    scene, end = Scene(), MONDAY_10 + 60 * MINUTE
    down = foreign_alert("AuroraDown", Severity.P1, component="aurora")
    scene.router.silence([Matcher("slo", "=~", ".+")], MONDAY_10, end, "ana", "move", everything=True)
    scene.receive(down)
    silenced = scene.receive(burn_alert())
    scene.receive(ended(down, MONDAY_10))
    assert scene.router.incident(silenced.id).cause_id is None
    assert holds_end(scene, silenced.id) == [end]
    scene.close()


def test_a_symptom_that_nothing_holds_waits_for_nothing_when_its_cause_is_over() -> None:
    scene = Scene()
    down = foreign_alert("AuroraDown", Severity.P2, component="aurora")
    scene.receive(down)
    paged = scene.receive(burn_alert())
    assert paged.hold is None
    scene.receive(ended(down, MONDAY_10))
    scene.pass_time(5 * MINUTE)
    assert scene.router.incident(paged.id).cause_id is None
    assert holds_end(scene, paged.id) == []
    scene.close()


def test_a_symptom_that_was_there_first_is_held_from_when_its_cause_is_known_and_says_why() -> None:
    scene = Scene()
    burn = scene.receive(burn_alert())
    down = scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    assert kinds(scene, burn.id)[-2:] == [TransitionKind.ATTACHED, TransitionKind.HELD]
    told = [d for d in scene.router.explain(burn.id).decisions if d.stage is Stage.INHIBIT]
    assert [(d.outcome, d.reason, d.rule) for d in told] == [
        ("held", f"incident {down.id} explains it", down.id)
    ]
    scene.close()


def test_a_symptom_that_was_there_first_and_is_worse_than_its_cause_goes_on_paging() -> None:
    scene = Scene()
    burn = scene.receive(burn_alert())
    scene.receive(foreign_alert("AuroraSlow", Severity.P2, component="aurora"))
    assert kinds(scene, burn.id)[-1] is TransitionKind.ATTACHED
    assert scene.router.incident(burn.id).hold is None
    scene.close()


def test_a_symptom_that_was_silenced_first_stays_held_by_its_silence() -> None:
    scene = Scene()
    end = MONDAY_10 + 60 * MINUTE
    scene.router.silence([Matcher("slo", "=~", ".+")], MONDAY_10, end, "ana", "move", everything=True)
    burn = scene.receive(burn_alert())
    scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    assert kinds(scene, burn.id) == [TransitionKind.OPENED, TransitionKind.HELD, TransitionKind.ATTACHED]
    held = scene.router.incident(burn.id).hold
    assert held is not None
    assert held.kind is HoldKind.SILENCE
    scene.close()


@pytest.mark.parametrize(
    ("cause", "severity", "held"),
    [
        (fault(), Severity.P1, True),
        (fault(severity=Severity.P2), Severity.P1, False),
        (fault(severity=Severity.P2), Severity.P2, True),
        (fault(state=IncidentState.RESOLVED), Severity.P1, False),
    ],
    ids=["as severe", "worse than its cause", "no worse", "its cause is over"],
)
def test_a_symptom_is_held_while_a_cause_as_severe_is_open(
    cause: Incident, severity: Severity, held: bool
) -> None:
    scene = Scene()
    with scene.store.transaction() as tx:
        tx.save_incident(cause)
        held_back = symptom(severity=severity, cause_id=cause.id)
        update = IncidentUpdate(scene.router.routing, tx, held_back, MONDAY_10)
        found = held_for_its_cause(update)
    assert found == (Hold(HoldKind.CAUSE, cause.id, update.now) if held else None)
    scene.close()
