"""Ledgers that are wrong in one way each, so that the contract suite can show that it would notice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from slo.ledger.ledger import Counts, LedgerRow, SeriesKey
from tests.support.memory_ledger import MemoryLedger

MINUTE = timedelta(minutes=1)


class AddsWhatItReadsTwice(MemoryLedger):
    """Appends instead of replacing: a re-read counts double."""

    breaks = "rows_written_twice_count_once"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            kept = self._rows.get(row.series, {}).get(row.minute, {}).get(row.source)
            if kept is not None:
                row = replace(row, good=row.good + kept.good, total=row.total + kept.total)
            super().write([row])


class ForgetsTheSource(MemoryLedger):
    """Keys rows by minute alone: the second process overwrites the first."""

    breaks = "sources_are_summed_and_share_a_minute"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        super().write(replace(row, source="any") for row in rows)


class CallsSilenceQuiet(MemoryLedger):
    """Answers an unknown minute as a minute without traffic."""

    breaks = "a_missing_row_is_not_a_zero_row"

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        return replace(super().counts(series, start, end), minutes_with_data=(end - start) // MINUTE)


class DropsQuietMinutes(MemoryLedger):
    """Does not keep rows without events: no traffic becomes no data."""

    breaks = "a_missing_row_is_not_a_zero_row"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        super().write(row for row in rows if row.total)


class TakesTheEndToo(MemoryLedger):
    """Closed windows: neighbours share a minute."""

    breaks = "a_window_takes_its_start_and_leaves_its_end"

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        return super().counts(series, start, end + MINUTE)


class RoundsWindowsToHours(MemoryLedger):
    """Reads whole hours only, edges and all."""

    breaks = "windows_of_any_length_equal_the_sum_of_their_minutes"

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        return super().counts(series, start.replace(minute=0), end.replace(minute=0))


class NeverRefreshesItsSums(MemoryLedger):
    """Remembers the first answer for a window."""

    breaks = "sums_follow_a_row_that_is_replaced_later"

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[SeriesKey, datetime, datetime], Counts] = {}

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        key = (series, start, end)
        return self._answers.setdefault(key, super().counts(series, start, end))


class PretendsToBeExact(MemoryLedger):
    """Loses the error bound."""

    breaks = "error_bounds_add_up_and_exact_rows_add_none"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        super().write(replace(row, error_bound=None) for row in rows)


class MixesUnits(MemoryLedger):
    """Takes slices where events were counted."""

    breaks = "another_unit_is_refused_and_nothing_is_written"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self._rows.setdefault(row.series, {}).setdefault(row.minute, {})[row.source] = row


class WritesHalfABatch(MemoryLedger):
    """Refuses the wrong unit after it has written the rows before it."""

    breaks = "another_unit_is_refused_and_nothing_is_written"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            super().write([row])


class AnswersOutOfOrder(MemoryLedger):
    breaks = "many_windows_are_answered_in_order"

    def counts_many(self, windows: Sequence[tuple[SeriesKey, datetime, datetime]]) -> Sequence[Counts]:
        return [self.counts(*window) for window in sorted(windows, key=lambda window: window[0].slo_id)]


class ListsEverything(MemoryLedger):
    breaks = "series_are_listed_by_environment_and_slo"

    def series(self, environment: str | None = None, slo_id: str | None = None) -> Sequence[SeriesKey]:
        return super().series()


class AcceptsAnything(MemoryLedger):
    """No check of a row at all."""

    breaks = "more_good_than_total_is_refused"

    def write(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self._rows.setdefault(row.series, {}).setdefault(row.minute, {})[row.source] = row


class ListsMinutesAsWritten(MemoryLedger):
    breaks = "minutes_come_in_time_order"

    def minutes(self, series: SeriesKey, start: datetime, end: datetime) -> Mapping[datetime, Counts]:
        kept = self._rows.get(series, {})
        return {
            minute: self.counts(series, minute, minute + MINUTE) for minute in kept if start <= minute < end
        }


class TellsTheFirstOfAll(MemoryLedger):
    """First minute of the ledger, not of the series."""

    breaks = "first_and_last_minute_are_those_of_the_series"

    def first_minute(self, series: SeriesKey) -> datetime | None:
        return min((minute for rows in self._rows.values() for minute in rows), default=None)


ALL = (
    AddsWhatItReadsTwice,
    ForgetsTheSource,
    CallsSilenceQuiet,
    DropsQuietMinutes,
    TakesTheEndToo,
    RoundsWindowsToHours,
    NeverRefreshesItsSums,
    PretendsToBeExact,
    MixesUnits,
    WritesHalfABatch,
    AnswersOutOfOrder,
    ListsEverything,
    AcceptsAnything,
    ListsMinutesAsWritten,
    TellsTheFirstOfAll,
)
