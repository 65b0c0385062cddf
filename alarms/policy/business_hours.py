"""Clocks that stand still out of business hours, in a time zone with holidays and daylight saving.

Durations are real elapsed time: a day on which the clock is put back has the hours it really had.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from alarms.policy.policy import BusinessHours

HORIZON_DAYS = 3660


@lru_cache(maxsize=256)
def _holidays_of(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


class BusinessCalendar:
    """Arithmetic on one set of business hours. Instants in and out are aware, UTC."""

    def __init__(self, hours: BusinessHours) -> None:
        self._hours = hours
        self._zone = ZoneInfo(hours.time_zone)

    def is_holiday(self, day: date) -> bool:
        hours = self._hours
        if day in hours.extra_holidays:
            return True
        return hours.country is not None and day in _holidays_of(hours.country, hours.subdivision, day.year)

    def is_open(self, at: datetime) -> bool:
        day = at.astimezone(self._zone).date()
        opening, closing = self._day(day)
        return opening <= at < closing

    def next_opening(self, at: datetime) -> datetime:
        """``at`` itself when it is open."""
        return at if self.is_open(at) else self.add(at, timedelta(microseconds=1)) - timedelta(microseconds=1)

    def add(self, start: datetime, duration: timedelta) -> datetime:
        """The instant at which ``duration`` of open time has passed since ``start``."""
        left = duration
        day = start.astimezone(self._zone).date()
        for _ in range(HORIZON_DAYS):
            opening, closing = self._day(day)
            begin = max(opening, start.astimezone(UTC))
            if closing > begin:
                if left <= closing - begin:
                    return begin + left
                left -= closing - begin
            day += timedelta(days=1)
        raise ValueError(f"no {duration} of business hours within {HORIZON_DAYS} days of {start}")

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Open time in ``[start, end)``."""
        total = timedelta(0)
        day, last = start.astimezone(self._zone).date(), end.astimezone(self._zone).date()
        while day <= last:
            opening, closing = self._day(day)
            total += max(timedelta(0), min(closing, end) - max(opening, start))
            day += timedelta(days=1)
        return total

    def _day(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing of a local day as UTC instants; equal when it is closed."""
        opening = datetime.combine(day, self._hours.start, self._zone).astimezone(UTC)
        if day.isoweekday() not in self._hours.days or self.is_holiday(day):
            return opening, opening
        return opening, datetime.combine(day, self._hours.end, self._zone).astimezone(UTC)
