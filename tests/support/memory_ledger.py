"""The ledger in memory: for simulation, property tests and ``check`` without a disk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from slo.ledger.ledger import Counts, LedgerRow, SeriesKey, checked_rows, series_text, whole_minutes
from slo.model.errors import UnitMismatch
from slo.model.spec import CountUnit

MINUTE = timedelta(minutes=1)
Identity = tuple[str, str, str, str, tuple[tuple[str, str], ...]]


class MemoryLedger:
    """Rows by series, minute and source; same contract as the durable ledger."""

    def __init__(self) -> None:
        self._rows: dict[SeriesKey, dict[datetime, dict[str, LedgerRow]]] = {}
        self._units: dict[Identity, CountUnit] = {}

    def write(self, rows: Iterable[LedgerRow]) -> None:
        accepted = checked_rows(rows)
        units = dict(self._units)
        for row in accepted:
            known = units.setdefault(_identity(row.series), row.series.unit)
            if known is not row.series.unit:
                raise UnitMismatch(series_text(row.series), known, row.series.unit)
        self._units = units
        for row in accepted:
            self._rows.setdefault(row.series, {}).setdefault(row.minute, {})[row.source] = row

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts:
        whole_minutes(start, end)
        length = (end - start) // MINUTE
        kept = self._rows.get(series, {})
        if length < len(kept):
            wanted = (start + MINUTE * offset for offset in range(length))
            found = [kept[minute] for minute in wanted if minute in kept]
        else:
            found = [sources for minute, sources in kept.items() if start <= minute < end]
        return _sum([row for sources in found for row in sources.values()], len(found), length)

    def counts_many(self, windows: Sequence[tuple[SeriesKey, datetime, datetime]]) -> Sequence[Counts]:
        return [self.counts(*window) for window in windows]

    def minutes(self, series: SeriesKey, start: datetime, end: datetime) -> Mapping[datetime, Counts]:
        whole_minutes(start, end)
        kept = self._rows.get(series, {})
        wanted = sorted(minute for minute in kept if start <= minute < end)
        return {minute: _sum(list(kept[minute].values()), 1, 1) for minute in wanted}

    def series(self, environment: str | None = None, slo_id: str | None = None) -> Sequence[SeriesKey]:
        return sorted(
            (
                key
                for key in self._rows
                if environment in (None, key.environment) and slo_id in (None, key.slo_id)
            ),
            key=lambda key: (key.environment, key.slo_id, key.objective, key.revision, key.labels),
        )

    def first_minute(self, series: SeriesKey) -> datetime | None:
        return min(self._rows.get(series, {}), default=None)

    def last_minute(self, series: SeriesKey) -> datetime | None:
        return max(self._rows.get(series, {}), default=None)


def _identity(series: SeriesKey) -> Identity:
    return series.environment, series.slo_id, series.objective, series.revision, series.labels


def _sum(rows: Sequence[LedgerRow], minutes_with_data: int, minutes: int) -> Counts:
    bounds = [row.error_bound for row in rows if row.error_bound is not None]
    return Counts(
        sum(row.good for row in rows),
        sum(row.total for row in rows),
        minutes_with_data,
        minutes,
        sum(bounds) if bounds else None,
    )
