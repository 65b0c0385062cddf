from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from slo.judge.status import ObjectiveState, ObjectiveStatus, status
from slo.ledger.exclusions import Exclusion
from slo.ledger.ledger import Ledger
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.model.periods import period_of
from slo.model.spec import Slo, Window
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON, a_row, an_slo, key_of, steady


def one(slo: Slo, ledger: Ledger, now: datetime = NOON, *exclusions: Exclusion) -> ObjectiveStatus:
    (found,) = status([slo], ledger, "test", now, exclusions)
    return found


def filled(slo: Slo, *parts: tuple[timedelta, timedelta, int, int]) -> MemoryLedger:
    """Parts ``(from, to, good, total)``: minutes before noon with the same counts."""
    ledger = MemoryLedger()
    for start, end, good, total in parts:
        ledger.write(steady(slo, NOON - start, NOON - end, good, total))
    return ledger


def test_a_calm_service_is_ok_and_its_whole_budget_is_left() -> None:
    slo = an_slo()
    found = one(slo, filled(slo, (30 * DAY, 0 * DAY, 10, 10)))
    assert found.state is ObjectiveState.OK
    assert found.budget.left_ratio == found.compliance == found.coverage == Fraction(1)
    assert found.exact
    assert found.exhaustion is None


def test_a_fast_burn_is_burning() -> None:
    slo = an_slo()
    found = one(slo, filled(slo, (30 * DAY, HOUR, 10, 10), (HOUR, 0 * HOUR, 9, 10)))
    assert found.state is ObjectiveState.BURNING
    assert [tier.tier.name for tier in found.firing] == [
        "page-fast",
        "page-slow",
        "ticket-fast",
        "ticket-slow",
    ]


def test_a_spent_budget_is_exhausted_even_after_the_burn_ended() -> None:
    slo = an_slo()
    found = one(
        slo, filled(slo, (30 * DAY, 10 * DAY, 10, 10), (10 * DAY, 9 * DAY, 9, 10), (9 * DAY, 0 * DAY, 10, 10))
    )
    assert found.state is ObjectiveState.EXHAUSTED
    assert found.budget.left < 0
    assert not found.firing


def test_a_quiet_service_has_no_traffic() -> None:
    slo = an_slo()
    found = one(slo, filled(slo, (30 * DAY, 2 * HOUR, 10, 10), (2 * HOUR, 0 * HOUR, 0, 0)))
    assert found.state is ObjectiveState.NO_TRAFFIC


def test_a_silent_service_has_no_data_whatever_it_was_before() -> None:
    slo = an_slo()
    assert one(slo, filled(slo, (30 * DAY, 5 * MINUTE, 0, 10))).state is ObjectiveState.NO_DATA
    assert one(slo, filled(slo, (30 * DAY, 4 * MINUTE, 10, 10))).state is ObjectiveState.OK
    never = one(slo, MemoryLedger())
    assert never.state is ObjectiveState.NO_DATA
    assert never.compliance is None
    assert never.first_data is None


def test_less_than_a_period_of_history_makes_a_forecast_that_says_so() -> None:
    slo = an_slo()
    found = one(slo, filled(slo, (3 * DAY, 0 * DAY, 99, 100)))
    assert found.budget.forecast
    assert found.budget.expected_events == 30 * 1440 * 100
    assert found.budget.basis.en == (
        "forecast: 432000 in 3d of history, continued evenly over the period of 30d"
    )
    assert found.budget.spent_ratio == Fraction(4320, 4320)
    assert "previsão" in found.budget.basis.pt


def test_a_full_period_is_counted_and_no_forecast() -> None:
    slo = an_slo()
    found = one(slo, filled(slo, (31 * DAY, 0 * DAY, 10, 10)))
    assert not found.budget.forecast
    assert found.budget.basis.en == "counted over the whole period of 30d"


def test_exhaustion_is_projected_with_a_range_around_it() -> None:
    slo = an_slo(target=Fraction(99, 100))
    found = one(slo, filled(slo, (30 * DAY, HOUR, 100, 100), (HOUR, 0 * HOUR, 98, 100)))
    assert found.exhaustion is not None
    left = found.budget.left
    assert found.exhaustion.after == timedelta(seconds=round(left / 120 * 3600))
    assert found.exhaustion.latest is not None
    assert found.exhaustion.earliest < found.exhaustion.after < found.exhaustion.latest
    gone = one(slo, filled(slo, (30 * DAY, 0 * DAY, 50, 100)))
    assert gone.exhaustion is not None
    assert gone.exhaustion.after == timedelta(0)


def test_an_error_bound_is_carried_to_the_status() -> None:
    slo = an_slo()
    ledger = filled(slo, (DAY, 0 * DAY, 10, 10))
    ledger.write([a_row(key_of(slo), NOON - HOUR, 9, 10, "b/1", error_bound=4)])
    found = one(slo, ledger)
    assert found.error_bound == 4
    assert not found.exact


def test_raw_and_adjusted_numbers_stand_side_by_side() -> None:
    slo = an_slo()
    ledger = filled(slo, (30 * DAY, 2 * DAY, 10, 10), (2 * DAY, DAY, 0, 10), (DAY, 0 * DAY, 10, 10))
    maintenance = Exclusion("e1", "shop/api", NOON - 2 * DAY, NOON - DAY, "move", "ana", NOON - 3 * DAY)
    overlapping = Exclusion("e2", "shop/*", NOON - 36 * HOUR, NOON - DAY, "again", "rui", NOON)
    found = one(slo, ledger, NOON, maintenance, overlapping)
    assert (found.raw_counts.bad, found.counts.bad) == (14_400, 0)
    assert found.raw_budget.exhausted
    assert found.budget.left_ratio == 1
    assert found.excluded == ((NOON - 2 * DAY, NOON - DAY),)
    assert found.counts.minutes == 29 * 1440
    assert found.coverage == 1
    assert one(slo, ledger).state is ObjectiveState.EXHAUSTED


def test_low_traffic_is_told_in_words() -> None:
    slo = an_slo()
    ledger = MemoryLedger()
    ledger.write([a_row(key_of(slo), NOON - MINUTE * i, 1, 1) for i in range(1, 41)])
    found = one(slo, ledger)
    assert found.low_traffic is not None
    assert found.low_traffic.text.en == "at 40 events in 1h one failure fires page-fast"
    assert found.low_traffic.text.pt == "com 40 eventos em 1h, uma falha dispara page-fast"
    busy = one(slo, filled(slo, (30 * DAY, 0 * DAY, 1000, 1000)))
    assert busy.low_traffic is None


def test_one_failure_at_low_traffic_fires_exactly_as_the_words_say() -> None:
    slo = an_slo()
    ledger = MemoryLedger()
    ledger.write([a_row(key_of(slo), NOON - MINUTE * i, int(i != 1), 1) for i in range(1, 41)])
    assert "page-fast" in [tier.tier.name for tier in one(slo, ledger).firing]


def test_coverage_is_the_share_of_minutes_that_are_known() -> None:
    slo = an_slo()
    ledger = filled(slo, (30 * DAY, 15 * DAY, 1, 1), (5 * MINUTE, 0 * MINUTE, 1, 1))
    assert one(slo, ledger).coverage == Fraction(15 * 1440 + 5, 30 * 1440)


class Case(NamedTuple):
    unit: str
    zone: str
    now: str
    start: str
    end: str


@pytest.mark.parametrize(
    "case",
    [
        Case("month", "UTC", "2026-03-10T12:00", "2026-03-01T00:00", "2026-04-01T00:00"),
        Case("month", "UTC", "2026-12-31T23:59", "2026-12-01T00:00", "2027-01-01T00:00"),
        Case("quarter", "UTC", "2026-03-10T12:00", "2026-01-01T00:00", "2026-04-01T00:00"),
        Case("quarter", "UTC", "2026-11-10T12:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        Case("year", "UTC", "2026-11-10T12:00", "2026-01-01T00:00", "2027-01-01T00:00"),
        Case("week", "UTC", "2026-03-10T12:00", "2026-03-09T00:00", "2026-03-16T00:00"),
        Case("day", "UTC", "2026-03-10T12:00", "2026-03-10T00:00", "2026-03-11T00:00"),
        # Still February in São Paulo (UTC-3).
        Case("month", "America/Sao_Paulo", "2026-03-01T02:59", "2026-02-01T03:00", "2026-03-01T03:00"),
        Case("month", "America/Sao_Paulo", "2026-03-01T03:00", "2026-03-01T03:00", "2026-04-01T03:00"),
        # Daylight saving begins on 8 March and ends on 1 November: March is an hour short, November long.
        Case("month", "America/New_York", "2026-03-20T12:00", "2026-03-01T05:00", "2026-04-01T04:00"),
        Case("month", "America/New_York", "2026-11-20T12:00", "2026-11-01T04:00", "2026-12-01T05:00"),
        # São Paulo 2018: the clocks skip midnight on 4 November, so the day begins at 01:00 local.
        Case("day", "America/Sao_Paulo", "2018-11-04T15:00", "2018-11-04T03:00", "2018-11-05T02:00"),
    ],
)
def test_calendar_periods_begin_at_local_midnight(case: Case) -> None:
    utc = [datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (case.now, case.start, case.end)]
    period = period_of(Window(30 * DAY, case.unit, case.zone), utc[0])
    assert (period.start, period.end) == (utc[1], utc[2])


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "America/New_York", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
def test_calendar_periods_follow_each_other_without_gap_or_overlap(unit: str, zone: str) -> None:
    window = Window(30 * DAY, unit, zone)
    now = datetime(2018, 1, 1, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    for _ in range(40):
        period = period_of(window, now)
        assert period.start <= now < period.end
        assert period_of(window, period.end).start == period.end
        assert period_of(window, period.end - MINUTE).start == period.start
        now = period.end


def test_a_calendar_month_begins_with_a_full_budget_and_forecasts_the_rest() -> None:
    slo = an_slo(window=Window(30 * DAY, "month", "UTC"))
    ledger = MemoryLedger()
    march = datetime(2026, 3, 1, tzinfo=UTC)
    ledger.write(steady(slo, march - 10 * DAY, march, 5, 10))
    ledger.write(steady(slo, march, march + DAY, 9, 10))
    found = one(slo, ledger, march + DAY)
    assert found.counts.bad == 1440
    assert found.budget.forecast
    assert found.budget.expected_events == 31 * 14_400
    fresh = one(slo, ledger, march)
    assert fresh.counts.total == 0
    assert fresh.budget.left_ratio == 1


def test_the_same_status_comes_from_the_durable_ledger(tmp_path: Path) -> None:
    slo = an_slo()
    memory = filled(slo, (3 * DAY, HOUR, 10, 10), (HOUR, 0 * HOUR, 7, 10))
    durable = SqliteLedger(tmp_path / "ledger.sqlite")
    durable.write(steady(slo, NOON - 3 * DAY, NOON - HOUR, 10, 10))
    durable.write(steady(slo, NOON - HOUR, NOON, 7, 10))
    assert one(slo, durable) == one(slo, memory)
    durable.close()
