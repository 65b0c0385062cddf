"""What one more incident costs does not grow with those that are open and have nothing to do with it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alarms.model.incident import TimerKind
from alarms.model.severity import Severity
from alarms.router import router as router_module
from alarms.stores.sql_transaction import SqlTransaction
from tests.support.alerts import MONDAY_10, burn_alert, ended, foreign_alert
from tests.support.router import Scene


def test_an_alert_of_nothing_in_the_catalogue_reads_no_other_incident(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scene = Scene()
    reads = 0
    original = SqlTransaction.open_incidents

    def counted(self: SqlTransaction) -> object:
        nonlocal reads
        reads += 1
        return original(self)

    monkeypatch.setattr(SqlTransaction, "open_incidents", counted)
    for component in (None, "of-nobody"):
        alert = foreign_alert(f"Disk{component}", Severity.P3, component=component)
        scene.receive(alert)
        scene.receive(ended(alert, MONDAY_10))
    assert reads == 0
    scene.receive(foreign_alert("AuroraDown", Severity.P1, component="aurora"))
    scene.receive(burn_alert())
    assert reads == 2
    scene.close()


def test_the_auditor_takes_turns_and_misses_none(monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene()
    monkeypatch.setattr(router_module, "AUDITED_AT_ONCE", 3)
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
    scene.close()
