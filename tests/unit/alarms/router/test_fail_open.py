"""Nothing that raises on an alert's way swallows it: it is paged plainly, with what went wrong, a bounded
number of times, and what fails is an incident of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

from alarms.model.alert import Alert
from alarms.model.errors import StoreBusy
from alarms.model.incident import HoldKind, TransitionKind
from alarms.model.severity import Severity
from alarms.model.silence import Matcher, Silence
from alarms.notify.compose import Composer
from alarms.policy.policy import SeverityRule
from alarms.router import audit as audit_module
from alarms.router import pipeline
from alarms.router import tell as tell_module
from alarms.router.fail_open import PLAIN
from alarms.router.pipeline import STAGES
from alarms.stores.sqlite import SqliteRouterStore
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

MINUTE = timedelta(minutes=1)
STORM = 10_000 if os.environ.get("MIRANTE_PROOF") == "full" else 400
NAMES = [stage.__name__ for stage in STAGES]


def raises(*_: Any, **__: Any) -> NoReturn:
    raise RuntimeError("a fault of ours")


def breaking(stage: str, patch: pytest.MonkeyPatch) -> None:
    """That stage raises on every alert, after the others have done their part."""

    def broken(_: object) -> NoReturn:
        raise RuntimeError("a fault of ours")

    broken.__name__ = stage
    patch.setattr(pipeline, "STAGES", tuple(broken if s.__name__ == stage else s for s in STAGES))


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def pages_of(scene: Scene, name: str) -> list[str]:
    """Bodies of the first pages that tell of that alert."""
    named = {i.id for i in scene.router.incidents(limit=100_000) if i.name == name}
    return [n.message.body for n in scene.pager.sent if n.incident_id in named and n.step.value == "first"]


@pytest.mark.parametrize("stage", NAMES)
@pytest.mark.parametrize(
    "alert", [burn_alert(), foreign_alert("DiskFull", Severity.P1)], ids=["own", "foreign"]
)
def test_a_stage_that_fails_is_passed_by_and_the_alert_is_paged(
    stage: str, alert: Alert, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(stage, monkeypatch)
    incident = scene.receive(alert)
    (page,) = pages_of(scene, alert.name)
    assert stage in page
    assert "a fault of ours" in page
    trouble = next(i for i in scene.router.open_incidents() if i.name == "RouterPartFails")
    assert f"stage {stage}" in trouble.title
    assert pages_of(scene, "RouterPartFails")
    assert incident.severity is Severity.P1
    scene.pass_time(16 * MINUTE)
    assert ("data-engineering", "backup") in scene.pager.told(), "its clocks run"


@pytest.mark.parametrize("stage", NAMES)
def test_a_stage_that_fails_pages_an_alert_once_however_often_it_comes(
    stage: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(stage, monkeypatch)
    for _ in range(5):
        scene.receive(foreign_alert("DiskFull", Severity.P3))
    assert len(pages_of(scene, "DiskFull")) == 1


@pytest.mark.parametrize("stage", NAMES)
def test_a_stage_that_fails_in_a_storm_makes_a_bounded_number_of_pages_that_say_how_many(
    stage: str, scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(stage, monkeypatch)
    alerts = [foreign_alert(f"Alert{n % 97}", Severity.P3, component=f"node-{n}") for n in range(STORM)]
    for start in range(0, STORM, 100):
        scene.router.receive_all(alerts[start : start + 100])
        scene.clock.advance(timedelta(seconds=1))
    scene.dispatcher.drain()
    assert len(scene.pager.sent) < 2 * SHIPPED_POLICY.storm.overall
    trouble = next(i for i in scene.router.open_incidents() if i.name == "RouterPartFails")
    told = [n.message.body for n in scene.pager.sent if n.incident_id == trouble.id]
    assert "So far" in told[-1]
    record = next(iter(scene.store.alerts(trouble.id)))
    assert record.times_seen == STORM


def test_when_the_plain_way_fails_too_somebody_is_told_without_an_incident(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking("deduplicate", monkeypatch)
    monkeypatch.setattr(pipeline, "PLAIN", {**PLAIN, "deduplicate": raises})
    for _ in range(20):
        assert scene.router.receive(foreign_alert("DiskFull", Severity.P1)) is None
    scene.dispatcher.drain()
    told = [n for n in scene.pager.sent if "DiskFull" in n.message.subject]
    assert len(told) == 1
    assert "a fault of ours" in told[0].message.body


def test_a_store_that_cannot_commit_is_told_to_the_sender_and_nothing_is_kept(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> NoReturn:
        raise StoreBusy("database or disk is full")

    full.__name__ = "silence"
    monkeypatch.setattr(pipeline, "STAGES", tuple(full if s.__name__ == "silence" else s for s in STAGES))
    with pytest.raises(StoreBusy):
        scene.router.receive(burn_alert())
    assert scene.router.incidents() == []
    assert not scene.router.routing.troubles


def stored_raw(path: Path, silence: Silence) -> None:
    """As a version that did not look at patterns stored it."""
    with closing(sqlite3.connect(path)) as db, db:
        ends = int(silence.ends_at.timestamp() * 1_000_000)
        db.execute("INSERT INTO silences VALUES (?, ?, ?)", (silence.id, ends, msgspec.json.encode(silence)))


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher("host", "=~", "("),
        Matcher("host", "~~", "x"),
        Matcher("host", "=~", "(?=a)"),
        Matcher("", "=~", "(a"),
    ],
    ids=str,
)
def test_a_silence_that_was_stored_broken_silences_nothing_and_is_told_of(
    matcher: Matcher, tmp_path: Path
) -> None:
    path = tmp_path / "router.sqlite"
    scene = Scene(store=SqliteRouterStore(path))
    stored_raw(path, Silence("old", (matcher,), MONDAY_10, MONDAY_10 + 60 * MINUTE, "ana", "x"))
    good = [Matcher("alertname", "=", "Quiet")]
    scene.router.silence(good, MONDAY_10, MONDAY_10 + 60 * MINUTE, "ana", "still in force")
    scene.receive(foreign_alert("DiskFull", Severity.P1, host="a"))
    quiet = scene.receive(foreign_alert("Quiet", Severity.P1, host="a"))
    scene.pass_time(61 * MINUTE)  # timers and the auditor meet it, too
    scene.router.audit()
    assert pages_of(scene, "DiskFull")
    assert quiet.hold is not None
    assert quiet.hold.kind is HoldKind.SILENCE
    trouble = next(i for i in scene.router.open_incidents() if i.name == "RouterPartFails")
    assert "silence old" in trouble.title
    scene.close()


def test_a_row_that_is_no_silence_silences_nothing(tmp_path: Path) -> None:
    path = tmp_path / "router.sqlite"
    scene = Scene(store=SqliteRouterStore(path))
    with closing(sqlite3.connect(path)) as db, db:
        ends = int((MONDAY_10 + 60 * MINUTE).timestamp() * 1_000_000)
        db.execute("INSERT INTO silences VALUES ('torn', ?, ?)", (ends, b'{"id": "torn", "matc'))
    scene.receive(burn_alert())
    scene.pass_time(MINUTE)
    assert ("operations", "first") in scene.pager.told()
    assert any("silences torn" in i.title for i in scene.router.open_incidents())
    scene.close()


def test_a_rule_whose_pattern_is_none_leaves_classification_out() -> None:
    rule = SeverityRule("old", (Matcher("host", "=~", "("),), Severity.P4)
    scene = Scene(policy=replace(SHIPPED_POLICY, rules=(rule,)))
    scene.receive(foreign_alert("DiskFull", Severity.P1))
    (page,) = pages_of(scene, "DiskFull")
    assert "classify" in page
    scene.close()


def test_a_text_that_cannot_be_made_is_told_plainly_and_people_can_still_resolve(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Composer, "message", raises)
    incident = scene.receive(burn_alert())
    (page,) = pages_of(scene, incident.name)
    assert "a fault of ours" in page
    scene.pass_time(15 * MINUTE)
    assert ("data-engineering", "backup") in scene.pager.told()
    assert not scene.router.resolve(incident.id, "ana").is_open
    assert any("text of pages" in i.title for i in scene.router.open_incidents())


def test_a_timer_whose_work_fails_is_told_and_keeps_no_other_waiting(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alarms.router import escalate

    failing = scene.receive(burn_alert())
    other = scene.receive(foreign_alert("Other", Severity.P1, component="x"))
    original = tell_module.tell

    def tell(update: Any, *rest: Any) -> None:
        if update.incident.id == failing.id:
            raise RuntimeError("a fault of ours")
        original(update, *rest)

    monkeypatch.setattr(escalate, "tell", tell)
    before = len(scene.pager.sent)
    scene.pass_time(20 * MINUTE)
    told = scene.pager.sent[before:]
    assert [
        n.message.body for n in told if n.incident_id == failing.id and "a fault of ours" in n.message.body
    ]
    assert [n for n in told if n.incident_id == other.id and n.step.value == "backup"]
    assert TransitionKind.FAILED_OPEN in {t.kind for t in scene.router.timeline(failing.id)}


def test_an_incident_that_cannot_be_audited_keeps_no_other_unaudited(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from alarms.model.incident import TimerKind
    from alarms.router import router as router_module

    failing = scene.receive(burn_alert())
    other = scene.receive(foreign_alert("Other", Severity.P1, component="x"))
    with scene.store.transaction() as tx:
        tx.clear_timer(other.id, TimerKind.ACKNOWLEDGE)
    original = audit_module.audit

    def audit(update: Any) -> list[str]:
        if update.incident.id == failing.id:
            raise RuntimeError("a fault of ours")
        return original(update)

    monkeypatch.setattr(router_module, "audit", audit)
    assert [finding for finding in scene.router.audit() if other.id in finding]


def test_a_policy_that_can_no_longer_be_read_is_todays(tmp_path: Path) -> None:
    path = tmp_path / "router.sqlite"
    first = Scene(store=SqliteRouterStore(path))
    incident = first.receive(burn_alert("page-slow"))
    first.close()
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE policies SET body = ?", (b"{torn",))
    scene = Scene(store=SqliteRouterStore(path))
    scene.router.receive(burn_alert("page-fast"))
    scene.pass_time(MINUTE)
    assert scene.router.incident(incident.id).severity is Severity.P1
    assert [n for n in scene.pager.sent if n.incident_id == incident.id and n.severity is Severity.P1]
    scene.close()


def test_what_is_told_of_a_trouble_is_told_again_when_ten_times_as_many_have_come(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking("silence", monkeypatch)
    for number in range(100):
        scene.receive(foreign_alert("DiskFull", Severity.P4, component=f"c{number % 3}"))
    trouble = next(i for i in scene.router.open_incidents() if i.name == "RouterPartFails")
    told = [n.message.body for n in scene.pager.sent if n.incident_id == trouble.id]
    assert ["So far 10." in body for body in told] == [False, True, False]
    assert "So far 100." in told[-1]


def test_the_end_of_an_alert_whose_stage_fails_ends_nothing(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    incident = scene.receive(burn_alert())
    breaking("deduplicate", monkeypatch)
    scene.router.receive(ended(burn_alert(), MONDAY_10))
    assert scene.router.incident(incident.id).is_open


ASKED: dict[str, Callable[[], list[Matcher]]] = {
    "no pattern": lambda: [Matcher("host", "=~", "(")],
    "no operator": lambda: [Matcher("host", "~~", "x")],
    "look-around": lambda: [Matcher("host", "=~", "(?=a)b")],
    "no label": lambda: [Matcher("", "=", "x")],
    "everything": lambda: [Matcher("host", "!=", "x"), Matcher("any", "=~", ".*")],
    "nothing": list,
    "too long": lambda: [Matcher("host", "=", "x" * 5000)],
}


@pytest.mark.parametrize("asked", ASKED)
def test_a_silence_that_cannot_be_meant_is_refused_at_the_door(asked: str, scene: Scene) -> None:
    from alarms.model.errors import InvalidRequest

    with pytest.raises(InvalidRequest) as raised:
        scene.router.silence(ASKED[asked](), MONDAY_10, MONDAY_10 + MINUTE, "ana", "x")
    assert raised.value.fix
    assert scene.router.silences() == []
