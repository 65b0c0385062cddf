"""What every ledger keeps to, the broken ones included: each of those fails at least one of these."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from slo.ledger.ledger import Counts, Ledger
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.model.errors import LedgerError, UnitMismatch
from slo.model.spec import CountUnit
from tests.support import broken_ledgers
from tests.support.memory_ledger import MemoryLedger
from tests.support.slo_samples import DAY, HOUR, MINUTE, NOON, a_row, a_series

Factory = Callable[[Path], Ledger]
ADAPTERS: dict[str, Factory] = {
    "memory": lambda _: MemoryLedger(),
    "sqlite": lambda folder: SqliteLedger(folder / "ledger.sqlite"),
}


@pytest.fixture(params=sorted(ADAPTERS))
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ledger]:
    made = ADAPTERS[request.param](tmp_path)
    yield made
    if isinstance(made, SqliteLedger):
        made.close()


class LedgerContract:
    """Each method is one promise; ``broken`` ledgers are run through all of them."""

    def rows_of_one_source_replace_each_other(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON, 9, 10)])
        ledger.write([a_row(series, NOON, 7, 11)])
        assert ledger.counts(series, NOON, NOON + MINUTE) == Counts(7, 11, 1, 1)

    def rows_written_twice_count_once(self, ledger: Ledger) -> None:
        series = a_series()
        rows = [a_row(series, NOON + MINUTE * i, i, 10) for i in range(10)]
        ledger.write(rows)
        ledger.write(rows)
        assert ledger.counts(series, NOON, NOON + HOUR) == Counts(45, 100, 10, 60)

    def a_row_repeated_in_one_batch_keeps_the_last(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON, 1, 5), a_row(series, NOON, 2, 6)])
        assert ledger.counts(series, NOON, NOON + MINUTE) == Counts(2, 6, 1, 1)

    def sources_are_summed_and_share_a_minute(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON, 9, 10, "a/1"), a_row(series, NOON, 4, 5, "b/1")])
        assert ledger.counts(series, NOON, NOON + MINUTE) == Counts(13, 15, 1, 1)
        assert dict(ledger.minutes(series, NOON, NOON + MINUTE)) == {NOON: Counts(13, 15, 1, 1)}

    def a_missing_row_is_not_a_zero_row(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON, 0, 0)])
        quiet = ledger.counts(series, NOON, NOON + MINUTE)
        unknown = ledger.counts(series, NOON + MINUTE, NOON + 2 * MINUTE)
        assert quiet.has_data
        assert not unknown.has_data
        assert (quiet.total, unknown.total) == (0, 0)
        assert list(ledger.minutes(series, NOON, NOON + HOUR)) == [NOON]

    def a_window_takes_its_start_and_leaves_its_end(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON + MINUTE * i, 0, 10**i) for i in range(4)])
        assert ledger.counts(series, NOON + MINUTE, NOON + 3 * MINUTE).total == 110

    def windows_of_any_length_equal_the_sum_of_their_minutes(self, ledger: Ledger) -> None:
        series = a_series()
        start = NOON - 3 * DAY
        rows = [a_row(series, start + MINUTE * i, i % 7, i % 7 + i % 3) for i in range(0, 4320, 11)]
        ledger.write(rows)
        bounds = [(0, 4320), (1, 4319), (61, 119), (59, 61), (720, 2880), (725, 2885), (1439, 1441), (7, 7)]
        windows = [(series, start + MINUTE * low, start + MINUTE * high) for low, high in bounds]
        for (low, high), found in zip(bounds, ledger.counts_many(windows), strict=True):
            inside = [row for row in rows if start + MINUTE * low <= row.minute < start + MINUTE * high]
            expected = (sum(r.good for r in inside), sum(r.total for r in inside), len(inside), high - low)
            assert (found.good, found.total, found.minutes_with_data, found.minutes) == expected

    def sums_follow_a_row_that_is_replaced_later(self, ledger: Ledger) -> None:
        series = a_series()
        start = NOON.replace(hour=0) - 2 * DAY
        ledger.write([a_row(series, start + MINUTE * i, 1, 1) for i in range(2880)])
        ledger.counts(series, start, start + 2 * DAY)
        ledger.write([a_row(series, start + HOUR, 0, 100)])
        assert ledger.counts(series, start, start + 2 * DAY) == Counts(2879, 2979, 2880, 2880)

    def error_bounds_add_up_and_exact_rows_add_none(self, ledger: Ledger) -> None:
        series = a_series()
        start = NOON.replace(hour=0)
        ledger.write([a_row(series, start + MINUTE * i, 1, 1) for i in range(1440)])
        assert ledger.counts(series, start, start + DAY).error_bound is None
        ledger.write([a_row(series, start, 1, 1, error_bound=3), a_row(series, start, 1, 1, "b/1", 0)])
        ledger.write([a_row(series, start + 5 * HOUR, 1, 1, error_bound=4)])
        assert ledger.counts(series, start, start + DAY).error_bound == 7
        assert ledger.counts(series, start + MINUTE, start + HOUR).error_bound is None
        assert ledger.minutes(series, start, start + MINUTE)[start].error_bound == 3

    def many_windows_are_answered_in_order(self, ledger: Ledger) -> None:
        one, other = a_series("shop/one"), a_series("shop/other")
        ledger.write([a_row(one, NOON, 1, 1), a_row(other, NOON, 2, 2)])
        windows = [(other, NOON, NOON + HOUR), (one, NOON, NOON + MINUTE), (other, NOON, NOON + HOUR)]
        assert [counts.total for counts in ledger.counts_many(windows)] == [2, 1, 2]
        assert list(ledger.counts_many([])) == []

    def another_unit_is_refused_and_nothing_is_written(self, ledger: Ledger) -> None:
        events, slices = a_series(unit=CountUnit.EVENTS), a_series(unit=CountUnit.SLICES)
        ledger.write([a_row(events, NOON, 1, 1)])
        with pytest.raises(UnitMismatch):
            ledger.write([a_row(events, NOON + MINUTE, 1, 1), a_row(slices, NOON + MINUTE, 1, 1)])
        assert ledger.counts(events, NOON, NOON + HOUR).total == 1
        assert not ledger.counts(slices, NOON, NOON + HOUR).has_data

    def more_good_than_total_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerError):
            ledger.write([a_row(a_series(), NOON, 2, 1)])

    def half_minutes_are_refused(self, ledger: Ledger) -> None:
        with pytest.raises(LedgerError):
            ledger.write([a_row(a_series(), NOON + timedelta(seconds=30), 1, 1)])
        with pytest.raises(LedgerError):
            ledger.counts(a_series(), NOON + timedelta(seconds=1), NOON + HOUR)

    def first_and_last_minute_are_those_of_the_series(self, ledger: Ledger) -> None:
        one, other = a_series("shop/one"), a_series("shop/other")
        assert ledger.first_minute(one) is None
        assert ledger.last_minute(one) is None
        ledger.write([a_row(one, NOON + HOUR, 0, 0), a_row(one, NOON, 1, 1), a_row(other, NOON - DAY, 1, 1)])
        assert ledger.first_minute(one) == NOON
        assert ledger.last_minute(one) == NOON + HOUR

    def series_are_listed_by_environment_and_slo(self, ledger: Ledger) -> None:
        one, other = a_series("shop/one"), a_series("shop/other")
        ledger.write([a_row(other, NOON, 1, 1), a_row(one, NOON, 1, 1)])
        assert list(ledger.series()) == [one, other]
        assert list(ledger.series("test", "shop/other")) == [other]
        assert list(ledger.series("production")) == []

    def minutes_come_in_time_order(self, ledger: Ledger) -> None:
        series = a_series()
        ledger.write([a_row(series, NOON + MINUTE * i, 1, 1) for i in (5, 1, 3)])
        found = ledger.minutes(series, NOON, NOON + HOUR)
        assert list(found) == [NOON + MINUTE * i for i in (1, 3, 5)]

    def nothing_written_is_fine(self, ledger: Ledger) -> None:
        ledger.write([])
        assert list(ledger.series()) == []


PROMISES = sorted(name for name, _ in inspect.getmembers(LedgerContract, inspect.isfunction))


@pytest.mark.parametrize("promise", PROMISES)
def test_a_ledger_keeps_its_promises(promise: str, ledger: Ledger) -> None:
    getattr(LedgerContract(), promise)(ledger)


@pytest.mark.parametrize("broken", broken_ledgers.ALL, ids=lambda broken: broken.__name__)
def test_the_contract_catches_a_broken_ledger(broken: type[MemoryLedger]) -> None:
    """Each broken ledger names the promise it breaks."""
    with pytest.raises((AssertionError, pytest.fail.Exception, LedgerError)):
        getattr(LedgerContract(), broken.breaks)(broken())  # type: ignore[attr-defined]


def test_every_promise_is_kept_by_the_sound_ledger_the_broken_ones_derive_from() -> None:
    for promise in PROMISES:
        getattr(LedgerContract(), promise)(MemoryLedger())
