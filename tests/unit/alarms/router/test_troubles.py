"""A trouble of the router's own is over when it has not been met for long enough or nothing is left of it,
and never while it goes on; the message says which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from alarms.intake.normalise import IntakeRules
from alarms.intake.worker import IntakeWorker
from alarms.model.incident import Incident
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from alarms.router.troubles import QUIET, SHOWN, Trouble, end_of, sentence
from tests.support.alerts import MONDAY_10, burn_alert
from tests.support.hooks import alert, alertmanager
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def meet(scene: Scene, times: int = 1) -> None:
    scene.router.routing.troubles.note(Trouble.of_a_part("stage silence", "a fault of ours"), times)
    scene.router.tick()
    scene.dispatcher.drain()


def incident(scene: Scene, name: str) -> Incident:
    """The newest of that name."""
    return next(one for one in scene.router.incidents() if one.name == name)


def test_a_part_that_no_longer_fails_is_over_after_an_hour_and_the_message_says_why(scene: Scene) -> None:
    meet(scene)
    scene.pass_time(QUIET - MINUTE)
    assert incident(scene, "RouterPartFails").is_open
    scene.pass_time(MINUTE)
    over = incident(scene, "RouterPartFails")
    assert not over.is_open
    last = scene.pager.sent[-1]
    assert (last.incident_id, last.step.value) == (over.id, "resolved")
    assert "stage silence: not seen for 1h" in last.message.body
    assert "não visto há 1h" in last.message.body_pt


def test_what_was_met_once_is_not_counted_and_what_is_over_ends_once(scene: Scene) -> None:
    meet(scene)
    first = incident(scene, "RouterPartFails")
    assert "So far" not in first.summary
    scene.pass_time(2 * HOUR)
    (record,) = scene.store.alerts(first.id)
    assert end_of(record, scene.clock.now() + 5 * HOUR, ()) is None


def test_what_still_happens_now_and_then_stays_open(scene: Scene) -> None:
    for _ in range(10):
        meet(scene)
        scene.pass_time(QUIET - 2 * MINUTE)
    assert incident(scene, "RouterPartFails").is_open
    assert len(scene.router.incidents()) == 1


def test_what_comes_back_is_told_again_and_counted_anew(scene: Scene) -> None:
    meet(scene, 7)
    first = incident(scene, "RouterPartFails")
    scene.pass_time(2 * HOUR)
    meet(scene, 5)
    again = incident(scene, "RouterPartFails")
    assert again.is_open
    assert again.id != first.id
    assert "So far 5." in again.summary
    assert ("operations", "first") in [
        (n.target, n.step.value) for n in scene.pager.sent if n.incident_id == again.id
    ]


def test_a_sender_at_the_wrong_hook_is_told_of_once_however_seldom_it_sends(scene: Scene) -> None:
    trouble = Trouble("WrongHook", "grafana", Trouble.of_a_part("x", "y").summary, Severity.P4)
    for _ in range(6):
        scene.router.routing.troubles.note(trouble)
        scene.pass_time(4 * HOUR, HOUR)
    assert [one.name for one in scene.router.incidents()] == ["WrongHook"]
    scene.pass_time(25 * HOUR, HOUR)
    assert scene.router.open_incidents() == []


def test_a_group_that_was_cut_short_and_never_came_whole_is_over_after_a_day(scene: Scene) -> None:
    body = json.dumps(alertmanager(alert("DiskFull"), truncatedAlerts=3)).encode()
    scene.store.append_receipts([unreadable(1, body)])
    work_off(scene)
    scene.pass_time(23 * HOUR, HOUR)
    assert incident(scene, "AlertsTruncated").is_open
    scene.pass_time(2 * HOUR, HOUR)
    over = incident(scene, "AlertsTruncated")
    assert not over.is_open
    assert over.summary == '{}:{alertname="x"}: not seen for 1d'


def test_what_an_error_says_is_made_fit_for_a_page() -> None:
    assert sentence(ValueError("no\x07 bell\nhere")) == "ValueError: no  bell here"
    long = sentence(ValueError("x" * 1000))
    assert long == f"ValueError: {'x' * (SHOWN - len('ValueError: '))}..."
    whole = "x" * (SHOWN - len("ValueError: "))
    assert sentence(ValueError(whole)) == f"ValueError: {whole}"


def unreadable(number: int, payload: bytes = b"[]") -> Receipt:
    return Receipt(f"r-{number}", "alertmanager", MONDAY_10, payload, sender="team-a")


def work_off(scene: Scene) -> None:
    IntakeWorker(scene.store, scene.router, IntakeRules("test"), scene.clock).drain()
    scene.dispatcher.drain()


def test_a_quarantine_is_over_when_nothing_of_it_is_left(scene: Scene) -> None:
    scene.store.append_receipts([unreadable(1), unreadable(2)])
    work_off(scene)
    scene.pass_time(3 * HOUR, 10 * MINUTE)
    assert incident(scene, "Quarantined").is_open, "both are there"
    good = json.dumps(alertmanager(alert("DiskFull", severity="P1")))
    scene.router.requeue("r-1", "ana", good)
    work_off(scene)
    scene.pass_time(2 * MINUTE)
    assert incident(scene, "Quarantined").is_open, "one is left"
    scene.router.requeue("r-2", "ana", good)
    work_off(scene)
    scene.pass_time(2 * MINUTE)
    over = incident(scene, "Quarantined")
    assert not over.is_open
    told = next(n for n in reversed(scene.pager.sent) if n.incident_id == over.id)
    assert "nothing of it is left in quarantine" in told.message.body


def test_what_is_requeued_and_still_cannot_be_read_is_no_end(scene: Scene) -> None:
    scene.store.append_receipts([unreadable(1)])
    work_off(scene)
    scene.router.requeue("r-1", "ana")
    work_off(scene)
    scene.pass_time(5 * MINUTE)
    assert incident(scene, "Quarantined").is_open


def test_another_senders_quarantine_keeps_none_open(scene: Scene) -> None:
    other = Receipt("r-9", "alertmanager", MONDAY_10, b"[]", sender="team-b")
    scene.store.append_receipts([unreadable(1), other])
    work_off(scene)
    assert len(scene.router.open_incidents()) == 2
    scene.router.requeue("r-1", "ana", json.dumps(alertmanager()))
    work_off(scene)
    scene.pass_time(2 * MINUTE)
    (left,) = scene.router.open_incidents()
    assert "team-b" in left.title


def test_a_quarantine_that_was_pruned_is_over(scene: Scene) -> None:
    scene.store.append_receipts([unreadable(1)])
    work_off(scene)
    scene.store.prune_receipts(ReceiptState.QUARANTINED, 0)
    scene.pass_time(2 * MINUTE)
    assert scene.router.open_incidents() == []


def test_a_row_that_is_still_met_and_still_unreadable_keeps_its_incident_open(scene: Scene) -> None:
    torn = scene.receive(burn_alert())
    good = json_body(scene, torn.id)
    write(scene, torn.id, b"{")
    pass_audited(scene, 5 * HOUR)
    assert incident(scene, "StoredRowUnreadable").is_open
    write(scene, torn.id, good)
    pass_audited(scene, 2 * HOUR)
    assert not incident(scene, "StoredRowUnreadable").is_open


def pass_audited(scene: Scene, duration: timedelta) -> None:
    """The auditor looks at all that is open, and so meets what it cannot read."""
    for _ in range(duration // (5 * MINUTE)):
        scene.pass_time(5 * MINUTE)
        scene.router.audit()


def json_body(scene: Scene, incident_id: str) -> bytes:
    with scene.store.writing() as session:  # type: ignore[attr-defined]
        return bytes(session.rows("SELECT body FROM incidents WHERE id = :id", {"id": incident_id})[0][0])


def write(scene: Scene, incident_id: str, body: bytes) -> None:
    with scene.store.writing() as session:  # type: ignore[attr-defined]
        session.change("UPDATE incidents SET body = :body WHERE id = :id", {"body": body, "id": incident_id})
