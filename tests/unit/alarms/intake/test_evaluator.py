"""Findings of our own evaluator as alerts: what begins, what goes on, what ends and what silence hides."""

from __future__ import annotations

from datetime import timedelta

from alarms.intake.evaluator import alerts_of
from alarms.model.alert import AlertState
from alarms.model.severity import Severity
from alarms.router.topology import Topology
from slo.judge.evaluate import evaluate
from slo.ledger.ledger import LedgerRow, SeriesKey
from slo.loaders.catalogue_files import load_catalogue
from slo.model.spec import Slo
from tests.support.alerts import MONDAY_10
from tests.support.memory_ledger import MemoryLedger
from tests.support.router import Scene

MINUTE = timedelta(minutes=1)
CATALOGUE = load_catalogue()
ERRORS = CATALOGUE.slo("credit/transaction-errors")


def rows(slo: Slo, minutes: int, good: int, total: int, until_ago: int = 0) -> list[LedgerRow]:
    """The last ``minutes`` before ten o'clock, all the same; ``until_ago`` of the newest are missing."""
    key = SeriesKey("test", slo.id, slo.objectives[0].name, slo.revision, slo.unit)
    first = MONDAY_10 - minutes * MINUTE
    return [LedgerRow(key, first + i * MINUTE, "s", good, total) for i in range(minutes - until_ago)]


def found(ledger: MemoryLedger, scene: Scene | None = None, at=MONDAY_10):  # type: ignore[no-untyped-def]
    firing = [] if scene is None else scene.router.firing("evaluator")
    return alerts_of(evaluate([ERRORS], ledger, "test", at), firing)


def test_a_burn_is_an_alert_per_tier_with_one_key_and_its_arithmetic() -> None:
    ledger = MemoryLedger()
    ledger.write(rows(ERRORS, 90, good=90, total=100))
    alerts = found(ledger)
    assert {alert.alert_key for alert in alerts} == {alerts[0].alert_key}
    assert {alert.severity for alert in alerts} == {Severity.P1, Severity.P2, Severity.P3, Severity.P4}
    fast = next(alert for alert in alerts if alert.tier == "page-fast")
    assert fast.burn is not None
    assert (fast.burn.long_good, fast.burn.long_total, fast.burn.factor) == (5400, 6000, "14.4")
    assert fast.burn.long_burn == 100.0
    assert fast.burn.objective == "99.9 %"
    assert fast.summary_pt
    assert fast.runbook == "credit-transaction-errors"


def test_a_healthy_ledger_says_nothing() -> None:
    ledger = MemoryLedger()
    ledger.write(rows(ERRORS, 90, good=100, total=100))
    assert found(ledger) == []


def test_the_tiers_of_a_burn_are_one_p1_incident_that_ends_when_no_tier_fires() -> None:
    scene = Scene(topology=Topology(CATALOGUE.components))
    ledger = MemoryLedger()
    ledger.write(rows(ERRORS, 90, good=90, total=100))
    ids = set(scene.router.receive_all(found(ledger, scene)))
    assert len(ids) == 1
    (incident,) = scene.router.open_incidents()
    assert incident.severity is Severity.P1
    scene.dispatcher.drain()
    assert scene.pager.told() == [("operations", "first")]
    healthy = MemoryLedger()
    healthy.write(rows(ERRORS, 90, good=100, total=100))
    scene.clock.advance(5 * MINUTE)
    ends = found(healthy, scene)
    assert {alert.state for alert in ends} == {AlertState.RESOLVED}
    scene.router.receive_all(ends)
    assert scene.router.open_incidents() == []
    scene.close()


def test_an_alert_keeps_the_time_at_which_it_began() -> None:
    scene = Scene()
    ledger = MemoryLedger()
    ledger.write(rows(ERRORS, 90, good=90, total=100))
    scene.router.receive_all(found(ledger, scene))
    later = found(ledger, scene, MONDAY_10 + MINUTE)
    assert {alert.starts_at for alert in later} == {MONDAY_10}
    scene.close()


def test_a_burn_that_loses_its_data_goes_on_and_the_silence_is_an_incident_of_its_own() -> None:
    scene = Scene()
    burning = MemoryLedger()
    burning.write(rows(ERRORS, 90, good=90, total=100))
    scene.router.receive_all(found(burning, scene))
    later = MONDAY_10 + timedelta(days=8)
    scene.clock.current = later
    alerts = found(burning, scene, later)
    assert [(alert.name, alert.state) for alert in alerts] == [
        ("CreditTransactionErrorsNoData", AlertState.FIRING)
    ]
    scene.router.receive_all(alerts)
    assert len(scene.router.open_incidents()) == 2
    silent = next(i for i in scene.router.open_incidents() if i.runbook == "no-data")
    assert silent.title == "Financial transactions without error: no data"
    scene.close()


def test_another_environments_alerts_are_not_ended() -> None:
    scene = Scene()
    ledger = MemoryLedger()
    ledger.write(rows(ERRORS, 90, good=90, total=100))
    scene.router.receive_all(found(ledger, scene))
    elsewhere = evaluate([ERRORS], MemoryLedger(), "other", MONDAY_10, watching_since=MONDAY_10)
    assert alerts_of(elsewhere, scene.router.firing("evaluator")) == []
    scene.close()
