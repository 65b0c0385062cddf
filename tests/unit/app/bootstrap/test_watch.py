"""What the judge knows, as a scrape sees it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prometheus_client import CollectorRegistry

from app.bootstrap.slo_view import SloView
from exporters.collectors.slo_status import SloStatusCollector
from exporters.server import build_registry
from foundation.clock import ManualClock
from slo.ledger.ledger import LedgerRow, SeriesKey
from tests.support.catalogues import shipped
from tests.support.memory_ledger import MemoryLedger

NOW = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
SLO = shipped().slo("credit/decision-latency")
LABELS = {
    "environment": "test",
    "service": "credit",
    "slo": SLO.id,
    "objective": SLO.objectives[0].name,
    "group": "",
}


def view_of(ledger: MemoryLedger) -> SloView:
    catalogue = replace(shipped(), slos=(SLO,))
    return SloView(catalogue, ledger, "test", ManualClock(NOW), list)


def exposed(ledger: MemoryLedger) -> CollectorRegistry:
    latest = view_of(ledger)
    latest.refresh()
    return build_registry("test", [SloStatusCollector(latest.last)])


def ledger_with(good: int, total: int, minutes: int) -> MemoryLedger:
    ledger = MemoryLedger()
    series = SeriesKey("test", SLO.id, SLO.objectives[0].name, SLO.revision, SLO.unit)
    start = NOW - timedelta(minutes=minutes)
    ledger.write(
        LedgerRow(series, start + timedelta(minutes=minute), "api/1", good, total)
        for minute in range(minutes)
    )
    return ledger


def test_the_engines_own_numbers_are_what_a_scrape_sees() -> None:
    registry = exposed(ledger_with(good=90, total=100, minutes=120))
    assert registry.get_sample_value("slo_burn_rate_ratio", LABELS | {"window": "1h"}) == 2.0
    assert registry.get_sample_value("slo_objective_target_ratio", LABELS) == 0.95
    assert registry.get_sample_value("slo_has_data", LABELS) == 1
    assert registry.get_sample_value("slo_good_events", LABELS) == 120 * 90
    assert registry.get_sample_value("slo_error_budget_remaining_ratio", LABELS) is not None


def test_an_objective_without_rows_is_blind_and_exposes_no_burn_and_no_budget() -> None:
    registry = exposed(MemoryLedger())
    assert registry.get_sample_value("slo_has_data", LABELS) == 0
    assert registry.get_sample_value("slo_burn_rate_ratio", LABELS | {"window": "1h"}) is None
    assert registry.get_sample_value("slo_error_budget_remaining_ratio", LABELS) is None


def test_before_the_first_evaluation_nothing_is_exposed() -> None:
    registry = build_registry("test", [SloStatusCollector(view_of(MemoryLedger()).last)])
    assert registry.get_sample_value("slo_has_data", LABELS) is None
