"""What nobody can read is kept, pages somebody once for each sender and reason, and can be corrected."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from alarms.intake.corrections import readable
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.errors import MalformedPayload, NotAllowed, UnknownReceipt
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from tests.support.alerts import MONDAY_10
from tests.support.hooks import alert, alertmanager, cloudwatch_alarm
from tests.support.router import SHIPPED_POLICY, Scene

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene(readable=readable(lambda: RULES))
    yield made
    made.close()


def take(scene: Scene, *payloads: bytes, kind: str = "alertmanager") -> None:
    known = sum(scene.store.count_receipts(state) for state in ReceiptState)
    scene.store.append_receipts(
        [Receipt(f"r-{known + n}", kind, MONDAY_10, payload) for n, payload in enumerate(payloads)]
    )
    IntakeWorker(scene.store, scene.router, RULES, scene.clock).drain()
    scene.dispatcher.drain()


@pytest.mark.parametrize(
    ("payload", "severity"),
    [
        (b"{not json", Severity.P2),
        (b'{"alerts": 5, "labels": {"severity": "P1"}}', Severity.P1),
        (b'{"alerts": "x", "severity": "info"}', Severity.P4),
        (b"", Severity.P2),
    ],
)
def test_what_cannot_be_read_pages_at_the_severity_that_can_be_read_in_it(
    scene: Scene, payload: bytes, severity: Severity
) -> None:
    take(scene, payload)
    (incident,) = scene.router.open_incidents()
    assert (incident.name, incident.severity) == ("Quarantined", severity)
    assert [n.step.value for n in scene.pager.sent] == ["first"]
    assert "mirante alerts quarantine" in scene.pager.sent[0].message.body


def test_one_incident_for_each_sender_and_reason_with_a_count(scene: Scene) -> None:
    for number in range(12):
        take(scene, f'{{"version": "{number}"'.encode(), b'{"alerts": 5}')
    take(scene, b"nothing", kind="eventbridge")
    incidents = scene.router.open_incidents()
    assert len(incidents) == 3
    told = [n.message.body for n in scene.pager.sent]
    assert len(told) == 3 + 2
    assert sum("So far 10." in body for body in told) == 2


def test_one_alert_that_is_none_is_quarantined_by_itself_and_the_others_page(scene: Scene) -> None:
    body: dict[str, Any] = alertmanager(alert("First", severity="P1"), alert("Last", severity="P1"))
    body["alerts"].insert(1, "no alert")
    take(scene, json.dumps(body).encode())
    assert {i.name for i in scene.router.open_incidents()} == {"First", "Last", "Quarantined"}
    (kept,) = scene.router.quarantined()
    assert json.loads(scene.router.quarantined_one(kept.id).payload)["alerts"] == ["no alert"]


def test_what_was_sent_to_the_wrong_hook_is_taken_and_told_once(scene: Scene) -> None:
    take(scene, json.dumps(cloudwatch_alarm()).encode())
    take(scene, json.dumps(cloudwatch_alarm()).encode())
    alarm, told = scene.router.open_incidents()
    assert (alarm.name, told.name, told.severity) == ("cpu-high", "WrongHook", Severity.P4)
    assert told.title == "WrongHook: alertmanager: cloudwatch sent as alertmanager"
    assert "/hooks/sns" in told.summary
    assert sum(note.incident_id == told.id for note in scene.pager.sent) == 1


def test_many_payloads_at_the_wrong_hook_are_told_once(scene: Scene) -> None:
    take(scene, *(json.dumps(cloudwatch_alarm(state="OK")).encode() for _ in range(120)))
    (told,) = scene.router.open_incidents()
    assert (told.name, len(scene.pager.sent)) == ("WrongHook", 1)


def test_a_sender_that_goes_on_at_the_wrong_hook_keeps_its_incident_open(scene: Scene) -> None:
    worker = IntakeWorker(scene.store, scene.router, RULES, scene.clock)
    for number in range(60):
        payload = json.dumps(cloudwatch_alarm(state="OK")).encode()
        scene.store.append_receipts([Receipt(f"r-{number}", "alertmanager", scene.clock.now(), payload)])
        worker.drain()
        scene.pass_time(timedelta(hours=1), step=timedelta(minutes=20))
    (told,) = scene.router.open_incidents()
    assert (told.name, told.cycle) == ("WrongHook", 1)


MENDED = json.dumps(alertmanager(alert("Mended")))


def test_what_is_requeued_as_corrected_is_an_incident_and_the_original_stays_until_then(scene: Scene) -> None:
    take(scene, b"{torn")
    (kept,) = scene.router.quarantined()
    scene.clock.advance(timedelta(minutes=1))
    scene.router.requeue(kept.id, "ana", MENDED)
    assert scene.router.quarantined() == [kept], "it was not read yet"
    take(scene)
    assert "Mended" in {i.name for i in scene.router.open_incidents()}
    assert scene.router.quarantined() == []
    original, correction = scene.store.receipt(kept.id), scene.store.receipt(f"{kept.id}.corrected")
    assert original is not None
    assert (original.payload, original.state) == (b"{torn", ReceiptState.DONE)
    assert correction is not None
    assert (correction.corrects, correction.state) == (kept.id, ReceiptState.DONE)
    with pytest.raises(UnknownReceipt):
        scene.router.requeue(kept.id, "ana")


def test_one_has_one_correction(scene: Scene) -> None:
    take(scene, b"{torn")
    (kept,) = scene.router.quarantined()
    scene.router.requeue(kept.id, "ana", MENDED)
    with pytest.raises(NotAllowed, match="it was corrected"):
        scene.router.requeue(kept.id, "bia", MENDED)


@pytest.mark.parametrize("payload", ["{bad", None, '{"version": "4", "alerts": ["none"]}'])
def test_what_still_cannot_be_read_is_refused_and_changes_nothing(scene: Scene, payload: str | None) -> None:
    take(scene, b"{torn")
    (kept,) = scene.router.quarantined()
    told = len(scene.pager.sent)
    with pytest.raises(MalformedPayload):
        scene.router.requeue(kept.id, "ana", payload)
    take(scene)
    assert scene.router.quarantined() == [kept]
    assert scene.router.quarantined_one(kept.id).payload == "{torn"
    assert len(scene.pager.sent) == told


def test_a_fault_of_ours_in_a_correction_leaves_both_and_its_correction_ends_both(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(scene, b"{torn")
    (kept,) = scene.router.quarantined()
    scene.router.requeue(kept.id, "ana", MENDED)
    with monkeypatch.context() as broken:
        broken.setattr(scene.router, "process", fails_once(scene.router.process))
        take(scene)
    names = {kept.id, f"{kept.id}.corrected"}
    assert {one.id for one in scene.router.quarantined()} == names
    scene.router.requeue(f"{kept.id}.corrected", "ana", MENDED)
    take(scene)
    assert scene.router.quarantined() == []


def fails_once(process: Callable[..., Any]) -> Callable[..., Any]:
    """For the batch, and for the one alone."""
    left = [1, 1]

    def failing(*given: Any) -> Any:
        if left:
            left.pop()
            raise RuntimeError("a fault of ours")
        return process(*given)

    return failing


def test_what_is_requeued_as_it_was_once_it_can_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(scene.router, "process", fails_once(scene.router.process))
        take(scene, MENDED.encode())
    (kept,) = scene.router.quarantined()
    scene.router.requeue(kept.id, "ana")
    take(scene)
    assert scene.router.quarantined() == []
    assert "Mended" in {i.name for i in scene.router.open_incidents()}


def test_numbers_are_masked_in_what_makes_it_one_incident_and_not_in_what_people_read(scene: Scene) -> None:
    take(scene, b'{"alerts": x}')
    take(scene, b'{"alerts":         x}')
    (incident,) = scene.router.open_incidents()
    assert "#" in incident.labels["about"]
    told = scene.pager.sent[0].message
    for text in (incident.title, told.subject, told.body, told.short, told.body_pt, told.short_pt):
        assert "#" not in text
