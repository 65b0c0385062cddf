"""Clocks that stand still out of hours: holidays, the hour that is missing and the hour that comes twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarms.policy.escalation import BusinessCalendar
from alarms.policy.policy import BusinessHours
from alarms.policy.policy_file import load_policy

HOUR = timedelta(hours=1)
TICK = timedelta(microseconds=1)
HOURS = load_policy().hours
BRAZIL = BusinessCalendar(HOURS)
ROUND_THE_CLOCK = replace(
    HOURS,
    days=(1, 2, 3, 4, 5, 6, 7),
    start=datetime.min.time(),
    end=datetime.max.time().replace(microsecond=0),
    country=None,
)


def elapsed(hours: BusinessHours, start: datetime, end: datetime) -> timedelta:
    """Open time in ``[start, end)``, counted day by day."""
    calendar, zone, total = BusinessCalendar(hours), ZoneInfo(hours.time_zone), timedelta(0)
    day = start.astimezone(zone).date()
    while day <= end.astimezone(zone).date():
        if day.isoweekday() in hours.days and not calendar.is_holiday(day):
            opening, closing = (
                datetime.combine(day, at, zone).astimezone(UTC) for at in (hours.start, hours.end)
            )
            total += max(timedelta(0), min(closing, end) - max(opening, start))
        day += timedelta(days=1)
    return total


def next_opening(hours: BusinessHours, at: datetime) -> datetime:
    return BusinessCalendar(hours).add(at, TICK) - TICK


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (utc(2026, 3, 2, 12, 0), True),  # Monday 09:00
        (utc(2026, 3, 2, 11, 59), False),
        (utc(2026, 3, 2, 20, 59), True),
        (utc(2026, 3, 2, 21, 0), False),  # 18:00
        (utc(2026, 3, 7, 15, 0), False),  # Saturday
        (utc(2026, 4, 21, 15, 0), False),  # Tiradentes
        (utc(2026, 12, 25, 15, 0), False),
    ],
)
def test_open_is_a_working_day_between_nine_and_six(at: datetime, is_open: bool) -> None:
    assert BRAZIL.is_open(at) is is_open


def test_a_company_holiday_is_closed_too() -> None:
    hours = replace(HOURS, extra_holidays=(date(2026, 3, 2),))
    assert not BusinessCalendar(hours).is_open(utc(2026, 3, 2, 15, 0))


def test_time_passes_only_while_open() -> None:
    friday_17 = utc(2026, 3, 6, 20, 0)
    assert BRAZIL.add(friday_17, 2 * HOUR) == utc(2026, 3, 9, 13, 0)  # Monday 10:00
    assert elapsed(HOURS, friday_17, utc(2026, 3, 9, 13, 0)) == 2 * HOUR
    assert next_opening(HOURS, utc(2026, 3, 7, 3, 0)) == utc(2026, 3, 9, 12, 0)


def test_new_york_loses_an_hour_in_spring_and_has_one_twice_in_autumn() -> None:
    new_york = replace(ROUND_THE_CLOCK, time_zone="America/New_York")
    spring, autumn = utc(2026, 3, 8, 5, 0), utc(2026, 11, 1, 4, 0)  # local midnight
    assert elapsed(new_york, spring, spring + 23 * HOUR) == 23 * HOUR - timedelta(seconds=1)
    assert elapsed(new_york, autumn, autumn + 25 * HOUR) == 25 * HOUR - timedelta(seconds=1)


def test_an_opening_time_that_does_not_exist_that_day_opens_when_the_gap_ends() -> None:
    opening, closing = time.fromisoformat("02:30"), time.fromisoformat("05:00")
    hours = BusinessHours("America/New_York", (7,), opening, closing)
    day = utc(2026, 3, 8, 0, 0)
    assert next_opening(hours, day) == utc(2026, 3, 8, 7, 30)  # 03:30 EDT, as 02:30 EST would have been
    assert elapsed(hours, day, day + 24 * HOUR) == timedelta(hours=1, minutes=30)


def test_sao_paulo_of_2018_had_a_gap_at_midnight_and_its_nine_to_six_is_still_nine_hours() -> None:
    week = replace(HOURS, days=(7,), country=None)
    sunday = utc(2018, 11, 4, 3, 0)  # the first day of daylight saving: 00:00 became 01:00
    assert elapsed(week, sunday, sunday + 24 * HOUR) == 9 * HOUR
    assert next_opening(week, sunday) == utc(2018, 11, 4, 11, 0)  # 09:00 at UTC-2
    assert next_opening(week, utc(2018, 10, 28, 3, 0)) == utc(2018, 10, 28, 12, 0)  # the week before at UTC-3


@given(
    start=st.integers(0, 12 * 365 * 1440).map(lambda minutes: utc(2018, 1, 1) + timedelta(minutes=minutes)),
    minutes=st.integers(1, 5000),
)
def test_what_is_added_has_elapsed(start: datetime, minutes: int) -> None:
    duration = timedelta(minutes=minutes)
    deadline = BRAZIL.add(start, duration)
    assert elapsed(HOURS, start, deadline) == duration
    assert deadline - start >= duration


def test_hours_that_never_open_are_refused_rather_than_searched_for_ever() -> None:
    never = BusinessCalendar(replace(HOURS, days=()))
    with pytest.raises(ValueError, match="not 1:00:00 of business hours"):
        never.add(utc(2026, 1, 1), HOUR)


@pytest.mark.parametrize(
    "at", [utc(2026, 3, 6, 21, 0), utc(2026, 3, 7, 3, 0)], ids=["at closing", "on a day off"]
)
def test_what_is_due_at_once_is_due_when_it_is_open_again(at: datetime) -> None:
    assert BRAZIL.add(at, timedelta(0)) == utc(2026, 3, 9, 12, 0)
