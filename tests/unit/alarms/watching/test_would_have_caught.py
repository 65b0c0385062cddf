"""Each fault that once lost pages after a 200, broken on purpose again: the watch pages all the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from alarms.intake import alertmanager as parser
from alarms.intake.normalise import IntakeRules, Parsed
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert, AlertState
from alarms.model.errors import MalformedPayload
from alarms.model.incident import AlertRecord, Hold, HoldKind
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.model.silence import Matcher
from alarms.router import deduplicate, notify, pipeline, reconcile, silence
from alarms.router.context import AlertContext, IncidentUpdate
from alarms.router.troubles import SELF
from alarms.stores.protocol import RouterTransaction
from alarms.watching.webhook_form import taken, webhook_form
from tests.support.alerts import MONDAY_10
from tests.support.asked import PAGE_AFTER, Watched
from tests.support.hooks import alert, alertmanager
from tests.support.router import Scene

RULES = IntakeRules("test", severity_words={"critical": Severity.P1}, ignored_labels=("instance",))
MINUTE = timedelta(minutes=1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


@pytest.fixture
def watched(scene: Scene) -> Watched:
    return Watched(scene, "DiskFull")


def fields(name: str = "DiskFull", status: str = "firing", **labels: str) -> dict[str, Any]:
    ends = None if status == "firing" else MONDAY_10 + MINUTE
    return alert(name, status, ends=ends, severity="critical", **labels)  # type: ignore[arg-type]


def listed(*items: dict[str, Any]) -> list[Alert]:
    return taken([webhook_form(item, item.get("startsAt")) for item in items], RULES, MONDAY_10)


def post(scene: Scene, *items: dict[str, Any]) -> None:
    """By the hook, which answers 200."""
    at = scene.clock.now()
    body = json.dumps(alertmanager(*items)).encode()
    scene.store.append_receipts([Receipt(f"r-{at}", "alertmanager", at, body)])
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    scene.dispatcher.drain()


def paged(scene: Scene, text: str) -> list[str]:
    """The severities of the messages that say so."""
    sent = scene.pager.sent
    return [n.severity.value for n in sent if text in n.message.subject or text in n.message.body]


def throw_away(_: IntakeWorker, tx: RouterTransaction, receipt: Receipt) -> int:
    """Quarantined without a word, whatever it holds."""
    tx.settle_receipt(receipt.id, ReceiptState.QUARANTINED, "whatever")
    return 0


def test_a_payload_thrown_away_after_200(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1: a broken silence put every alert into quarantine."""
    monkeypatch.setattr(IntakeWorker, "_work", throw_away)
    item = fields(instance="a")
    post(scene, item)
    watched.manager.fires(*listed(item))
    watched.pass_time(PAGE_AFTER)
    assert paged(scene, "DiskFull") == ["P1"]


def test_a_router_that_raises_on_every_alert(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 1, wherever it may sit: the alert is told without the way it takes."""
    process = pipeline.process

    def raises(routing: Any, tx: Any, one: Alert, *more: Any) -> Any:
        if one.source != SELF:
            raise RuntimeError("a broken silence")
        return process(routing, tx, one, *more)

    monkeypatch.setattr(reconcile, "process", raises)
    watched.manager.fires(*listed(fields(instance="a")))
    watched.pass_time(PAGE_AFTER)
    (incident,) = scene.router.open_incidents()
    assert (incident.name, incident.severity) == ("AlertsNotHeard", Severity.P1)
    assert "DiskFull fires (1)" in incident.summary
    assert "a broken silence" in incident.summary
    assert "instance=a" in incident.summary


def test_a_router_that_raises_on_everything(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(*_: Any) -> Any:
        raise RuntimeError("all is broken")

    monkeypatch.setattr(reconcile, "process", raises)
    watched.manager.fires(*listed(fields(instance="a")))
    watched.pass_time(PAGE_AFTER)
    assert paged(scene, "all is broken") == ["P1"]
    watched.pass_time(30 * MINUTE)
    assert 1 < len(paged(scene, "all is broken")) < 6  # bounded, as long as it lasts


def test_a_firing_dropped_as_stale(scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault 3: resolved, then firing with the start it had."""

    def is_old(context: AlertContext, record: AlertRecord) -> bool:
        fires = context.alert.state is AlertState.FIRING
        return fires and record.ends_at is not None and context.alert.starts_at <= record.ends_at

    monkeypatch.setattr(deduplicate, "_is_old", is_old)
    item = fields(instance="a")
    post(scene, item)
    scene.clock.advance(MINUTE)
    post(scene, fields(status="resolved", instance="a"))
    scene.clock.advance(MINUTE)
    post(scene, item)
    assert scene.router.open_incidents() == []
    watched.manager.fires(*listed(item))
    watched.pass_time(PAGE_AFTER)
    (incident,) = scene.router.open_incidents()
    assert (incident.name, incident.severity) == ("AlertsNotHeard", Severity.P1)


def test_a_silence_that_covers_a_whole_incident(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 4: quiet1 is silenced, and loud2 is not heard with it."""

    def by_the_first(update: IncidentUpdate) -> Hold | None:
        in_force = update.tx.silences(ending_after=update.now)
        covers = any(one.covers(update.incident.labels, update.now) for one in in_force)
        return Hold(HoldKind.SILENCE, "s", update.now) if covers else None

    monkeypatch.setattr(silence, "held_by_a_silence", by_the_first)
    monkeypatch.setattr(silence, "is_silenced", lambda context: by_the_first(context.update) is not None)
    monkeypatch.setattr(notify, "HOLDS", (by_the_first, *notify.HOLDS[1:]))
    now = scene.clock.now()
    quiet = Matcher("instance", "=", "quiet1")
    scene.router.silence([quiet], now, now + timedelta(hours=2), "ana", "")
    first, second = fields(instance="quiet1"), fields(instance="loud2")
    post(scene, first)
    scene.clock.advance(MINUTE)
    post(scene, second)
    assert scene.pager.sent == []
    watched.manager.fires(*listed(first, second))
    watched.pass_time(PAGE_AFTER)
    assert paged(scene, "loud2") == ["P1"]
    assert paged(scene, "quiet1") == []


def test_one_unreadable_alert_that_takes_its_webhook_with_it(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 6: the parser refuses the whole of it, and nobody is told of the quarantine."""
    parse = parser.parse

    def strict(payload: bytes, rules: IntakeRules, at: Any) -> Parsed:
        if b"odd" in payload:
            raise MalformedPayload("alertmanager", "alerts[1]", "an odd one")
        return parse(payload, rules, at)

    monkeypatch.setattr(parser, "parse", strict)
    monkeypatch.setattr(IntakeWorker, "_work", throw_away)
    first, second = fields("Fine", instance="a"), fields("Odd", instance="odd")
    post(scene, first, second)
    watched.manager.fires(*listed(first, second))
    watched.pass_time(PAGE_AFTER)
    assert paged(scene, "Fine") == ["P1"]
    assert paged(scene, "Odd")


def test_an_incident_that_cannot_be_read(
    scene: Scene, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fault 8: one bad row, and every later alert was quarantined."""
    item = fields(instance="a")
    post(scene, item)
    with scene.store.writing() as session:  # type: ignore[attr-defined]
        session.change("UPDATE incidents SET body = '{'")
    monkeypatch.setattr(IntakeWorker, "_work", throw_away)
    before = len(scene.pager.sent)
    watched.manager.fires(*listed(item))
    watched.pass_time(PAGE_AFTER)
    assert [n for n in scene.pager.sent[before:] if "DiskFull" in n.message.subject]
