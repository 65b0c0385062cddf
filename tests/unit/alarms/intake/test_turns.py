"""The worker takes turns: what is urgent and comes in while it works waits for no more than one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from alarms.intake import worker as worker_module
from alarms.intake.normalise import intake_rules
from alarms.intake.worker import IntakeWorker
from alarms.model.alert import Alert
from alarms.model.receipt import Receipt, ReceiptState
from alarms.model.severity import Severity
from foundation.clock import ManualClock
from tests.support.alerts import MONDAY_10, foreign_alert
from tests.support.router import SHIPPED_POLICY, Scene

RULES = intake_rules("test", [], SHIPPED_POLICY.severity_words, SHIPPED_POLICY.ignored_labels)


class SlowClock(ManualClock):
    """Each look at it takes 30 ms."""

    def monotonic(self) -> float:
        self._monotonic += 0.03
        return self._monotonic


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.close()


def put(scene: Scene, number: int, alert: Alert, urgency: int) -> None:
    at = MONDAY_10 + timedelta(microseconds=number)
    scene.store.append_receipts(
        [Receipt(f"receipt-{number:02d}", "alert", at, msgspec.json.encode(alert), urgency)]
    )


def settled(scene: Scene) -> set[str]:
    return {kept.id for kept in scene.store.receipts(ReceiptState.DONE)}


def test_a_turn_ends_after_its_time_and_the_next_begins_with_the_urgent(scene: Scene) -> None:
    worker = IntakeWorker(scene.store, scene.router, RULES, SlowClock(MONDAY_10))
    for number in range(20):
        put(scene, number, foreign_alert(f"Mild{number}"), 3)
    assert worker.run_once() == 4
    assert settled(scene) == {f"receipt-{number:02d}" for number in range(4)}
    put(scene, 99, foreign_alert("Down", Severity.P1), 1)
    assert worker.run_once() == 4
    assert "receipt-99" in settled(scene)
    assert worker.drain() == 13
    assert scene.store.count_receipts(ReceiptState.PENDING) == 0


def test_a_fault_of_ours_is_met_one_at_a_time_in_turns_too(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = IntakeWorker(scene.store, scene.router, RULES, SlowClock(MONDAY_10))

    def fails(*_: object) -> int:
        raise LookupError("a fault of ours")

    monkeypatch.setattr(worker_module.IntakeWorker, "_work", fails)
    for number in range(10):
        put(scene, number, foreign_alert(f"Mild{number}"), 3)
    assert worker.run_once() == 4
    assert worker.drain() == 6
    assert scene.store.count_receipts(ReceiptState.QUARANTINED) == 10
