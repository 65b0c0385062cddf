"""What one more incident costs does not grow with those that are open, nor one slice of what looks at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest

from alarms.model.incident import HoldKind, Incident, TimerKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.router import actions, correlate, escalate, reassess
from alarms.stores.sql_transaction import SqlTransaction
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def test_no_alert_reads_all_that_are_open(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: SqlTransaction) -> object:
        raise AssertionError("all of them were read")

    monkeypatch.setattr(SqlTransaction, "open_incidents", refused)
    for component in (None, "of-nobody", "redis", "aurora", "decision-api"):
        alert = foreign_alert(f"Disk{component}", Severity.P3, component=component)
        scene.receive(alert)
        scene.receive(ended(alert, MONDAY_10))
    scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    assert scene.receive(burn_alert()).cause_id is not None
    assert not scene.router.routing.troubles


def test_the_auditor_takes_turns_and_misses_none(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 3)
    ids = []
    for number in range(10):
        scene.clock.advance(timedelta(minutes=1))
        ids.append(scene.receive(foreign_alert(f"Alert{number}", Severity.P2)).id)
    with scene.store.transaction() as tx:
        for identity in ids:
            tx.clear_timer(identity, TimerKind.UNRESOLVED)
    findings = scene.router.audit()
    assert len(findings) == 10
    assert scene.router.audit() == []


def several(scene: Scene, number: int = 7) -> list[Incident]:
    """Symptoms of aurora's, one a minute."""
    found = []
    for each in range(number):
        scene.clock.advance(MINUTE)
        alert = foreign_alert(f"Slow{each}", Severity.P3, component="decision-api")
        found.append(scene.receive(alert))
    return found


def explained(scene: Scene, incidents: list[Incident]) -> int:
    return sum(scene.router.incident(one.id).cause_id is not None for one in incidents)


def test_a_cause_of_many_takes_some_at_once_and_the_others_by_its_timer(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correlate, "AT_ONCE", 2)
    monkeypatch.setattr(reassess, "AT_ONCE", 2)
    monkeypatch.setattr(escalate, "LATER", 3)
    symptoms = several(scene)
    down = foreign_alert("AuroraDown", Severity.P1, component="aurora")
    cause = scene.receive(down)
    assert explained(scene, symptoms) == 2
    assert any("explains" in step for step in scene.router.explain(cause.id).future)
    scene.pass_time(timedelta(seconds=2), timedelta(seconds=2))
    assert explained(scene, symptoms) == 5
    scene.pass_time(MINUTE)
    assert explained(scene, symptoms) == 7
    assert TimerKind.SYMPTOMS not in {timer.kind for timer in scene.store.timers(cause.id)}
    scene.receive(ended(down, MONDAY_10))
    assert explained(scene, symptoms) == 5
    scene.pass_time(MINUTE)
    scene.pass_time(MINUTE)
    assert explained(scene, symptoms) == 0


def test_a_cause_that_is_a_symptom_by_now_takes_no_more(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(correlate, "AT_ONCE", 2)
    symptoms = several(scene)
    cause = scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    with scene.store.transaction() as tx:
        saved = tx.incident(cause.id)
        assert saved is not None
        update = scene.router._update_of(tx, saved)
        update.amend(cause_id="another")
    scene.pass_time(MINUTE)
    assert explained(scene, symptoms) == 2
    assert TimerKind.SYMPTOMS not in {timer.kind for timer in scene.store.timers(cause.id)}


def turns(store: SqliteRouterStore, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many transactions there were, as its length."""
    taken: list[int] = []
    original = store.transaction

    @contextmanager
    def counted() -> Iterator[SqlTransaction]:
        taken.append(1)
        with original() as tx:
            yield tx

    monkeypatch.setattr(store, "transaction", counted)
    return taken


def test_a_silence_takes_turns_too_when_it_begins_and_when_it_is_ended(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "AT_ONCE", 2)
    opened = several(scene, 6)
    assert isinstance(scene.store, SqliteRouterStore)
    taken = turns(scene.store, monkeypatch)
    end = scene.clock.now() + 60 * MINUTE
    asked = Matcher("component", "=", "decision-api")
    silence = scene.router.silence([asked], scene.clock.now(), end, "ana", "move")
    assert len(taken) == 1 + 3
    held = [scene.router.incident(one.id).hold for one in opened]
    assert [hold and hold.kind for hold in held] == [HoldKind.SILENCE] * 6
    scene.router.expire_silence(silence.id, "ana")
    assert len(taken) == 2 * (1 + 3)
    scene.pass_time(MINUTE)
    assert [scene.router.incident(one.id).hold for one in opened] == [None] * 6


def test_the_auditor_finds_what_a_silence_that_was_ended_still_holds(scene: Scene) -> None:
    (opened,) = several(scene, 1)
    end = scene.clock.now() + 60 * MINUTE
    silence = scene.router.silence(
        [Matcher("component", "=", "decision-api")], scene.clock.now(), end, "ana", "move"
    )
    assert scene.router.audit() == []
    scene.router.expire_silence(silence.id, "ana")
    with scene.store.transaction() as tx:  # as if the process had ended before it came to this one
        hold = scene.router.incident(opened.id)
        scene.router._update_of(tx, hold).set_timer(TimerKind.HOLD, end)
    assert len(scene.router.audit()) == 1
    assert scene.router.audit() == []
    scene.pass_time(MINUTE)
    assert scene.router.incident(opened.id).hold is None
