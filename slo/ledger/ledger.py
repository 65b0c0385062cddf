"""The ledger of events: ``good`` and ``total`` per minute, the only thing budgets are computed from.

A missing row is *no data*; a row with ``total == 0`` is *no traffic*. The two never mix.
Rows are replaced within a source (a re-read is idempotent) and summed across sources
(several processes, or a restart within one minute).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from slo.model.spec import CountUnit


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """Identity of one counted thing. ``labels`` is a sorted tuple of pairs (one SLO per label value)."""

    environment: str
    slo_id: str
    objective: str
    revision: str
    unit: CountUnit
    labels: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """Counts of one minute from one source.

    ``minute`` is the UTC start of the minute. ``source`` names instance and boot (``api-1/4f2c``).
    ``error_bound`` is ``None`` when the counts are exact, else how many events they may be off by.
    """

    series: SeriesKey
    minute: datetime
    source: str
    good: int
    total: int
    error_bound: int | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """A sum over a window. ``minutes_with_data`` of ``minutes`` had at least one row."""

    good: int
    total: int
    minutes_with_data: int
    minutes: int
    error_bound: int | None = None

    @property
    def bad(self) -> int:
        return self.total - self.good

    @property
    def has_data(self) -> bool:
        return self.minutes_with_data > 0


class Ledger(Protocol):
    """Durable counts. Windows are half-open ``[start, end)``, whole minutes, UTC."""

    def write(self, rows: Iterable[LedgerRow]) -> None:
        """Store rows durably; a row of the same (series, minute, source) is replaced.

        Raises:
            UnitMismatch: the series exists with another unit.
        """
        ...

    def counts(self, series: SeriesKey, start: datetime, end: datetime) -> Counts: ...

    def counts_many(self, windows: Sequence[tuple[SeriesKey, datetime, datetime]]) -> Sequence[Counts]:
        """The same for many windows at once, in order (status of a thousand SLOs is one call)."""
        ...

    def minutes(self, series: SeriesKey, start: datetime, end: datetime) -> Mapping[datetime, Counts]:
        """Per-minute sums across sources, in time order; minutes without a row are absent."""
        ...

    def series(self, environment: str | None = None, slo_id: str | None = None) -> Sequence[SeriesKey]: ...

    def first_minute(self, series: SeriesKey) -> datetime | None: ...

    def last_minute(self, series: SeriesKey) -> datetime | None: ...
