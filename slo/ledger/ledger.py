"""The ledger of events: ``good`` and ``total`` per minute, the only thing budgets are computed from.

A missing row is *no data*; a row with ``total == 0`` is *no traffic*. The two never mix.
Rows are replaced within a source (a re-read is idempotent) and summed across sources
(several processes, or a restart within one minute).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from slo.model.errors import LedgerError
from slo.model.periods import MINUTE
from slo.model.spec import CountUnit, Objective, Slo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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


def summed_bound(bounds: Iterable[int | None]) -> int | None:
    """How far off a sum of counts may be: exact (``None``) only when each of them is."""
    known = [bound for bound in bounds if bound is not None]
    return sum(known) if known else None


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


def series_key(
    slo: Slo, objective: Objective, environment: str, labels: tuple[tuple[str, str], ...]
) -> SeriesKey:
    """Which series of the ledger an objective counts into."""
    return SeriesKey(environment, slo.id, objective.name, slo.revision, slo.unit, labels)


def checked_rows(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """The rows, each with ``0 <= good <= total``, a bound that is not negative and a whole UTC minute.

    Raises:
        LedgerError: the first that is not; nothing is written then.
    """
    accepted = []
    for row in rows:
        if not 0 <= row.good <= row.total:
            raise LedgerError(
                f"{series_text(row.series)} at {row.minute}: good {row.good} of total {row.total} is "
                "impossible; expected 0 <= good <= total"
            )
        if row.error_bound is not None and row.error_bound < 0:
            raise LedgerError(f"{series_text(row.series)} at {row.minute}: error bound {row.error_bound} < 0")
        epoch_minute(row.minute)
        accepted.append(row)
    return accepted


def whole_minutes(start: datetime, end: datetime) -> tuple[int, int]:
    """``[start, end)`` as minutes since the epoch; an end before the start is an empty window."""
    first = epoch_minute(start)
    return first, max(first, epoch_minute(end))


def epoch_minute(instant: datetime) -> int:
    """Minutes since 1970.

    Raises:
        LedgerError: no time zone, or not the start of a minute.
    """
    if instant.tzinfo is None:
        raise LedgerError(f"{instant} has no time zone; the ledger keeps UTC")
    minute, rest = divmod(instant - EPOCH, MINUTE)
    if rest:
        raise LedgerError(f"{instant} is not the start of a minute; the ledger counts whole minutes")
    return minute


def from_epoch_minute(minute: int) -> datetime:
    return EPOCH + MINUTE * minute


def series_text(series: SeriesKey) -> str:
    labels = ", ".join(f"{name}={value}" for name, value in series.labels)
    return f"{series.environment}/{series.slo_id}/{series.objective}@{series.revision}{{{labels}}}"
