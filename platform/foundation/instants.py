"""Instants as integer microseconds since 1970 in UTC: exact, sortable, the same in every store."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(instant: datetime) -> int:
    """Raises TypeError for an instant without a time zone."""
    return (instant - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    return _EPOCH + timedelta(microseconds=micros)


def seconds_to_micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def maybe_micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)


def maybe_instant(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)
