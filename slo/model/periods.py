"""From a compliance window and an instant to the period's bounds; whole minutes, UTC.

Rolling windows end now. Calendar windows begin at midnight of their own time zone, so a month in
America/New_York is an hour shorter in March and an hour longer in November.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from slo.model.spec import Window

MINUTE = timedelta(minutes=1)


def floor_minute(instant: datetime) -> datetime:
    """The start of the minute, in UTC."""
    return instant.astimezone(UTC).replace(second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Period:
    """``[start, end)`` of which ``[start, now)`` has happened. A rolling period ends now."""

    start: datetime
    now: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return (self.end - self.start) // MINUTE


def period_of(window: Window, now: datetime) -> Period:
    """The period that ``now`` falls in. The running minute is left out: it is not over."""
    current = floor_minute(now)
    if window.calendar_unit is None:
        return Period(current - window.length, current, current)
    zone = ZoneInfo(window.time_zone)
    first, following = _calendar_days(window.calendar_unit, current.astimezone(zone).date())
    return Period(_midnight(first, zone), current, _midnight(following, zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day (a zone that skips midnight starts at the first that exists)."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def _calendar_days(unit: str, day: date) -> tuple[date, date]:
    if unit == "day":
        return day, day + timedelta(days=1)
    if unit == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    index = (day.year * 12 + day.month - 1) // months * months
    return _month(index), _month(index + months)


def _month(index: int) -> date:
    return date(index // 12, index % 12 + 1, 1)
