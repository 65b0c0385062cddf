"""What every ledger demands of a row and of a window, whoever keeps them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from slo.ledger.ledger import LedgerRow, SeriesKey
from slo.model.errors import LedgerError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def checked_rows(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    """The rows, each with ``0 <= good <= total``, a bound that is not negative and a whole UTC minute.

    Raises:
        LedgerError: the first that is not; nothing is written then.
    """
    accepted = []
    for row in rows:
        if not 0 <= row.good <= row.total:
            raise LedgerError(
                f"{series_text(row.series)} at {row.minute}: good {row.good} of total {row.total} cannot be; "
                "expected 0 <= good <= total"
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
