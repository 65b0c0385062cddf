"""Hours that come back every week, in local time: of a layer of a schedule, and of recurring maintenance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alarms.policy.policy_hours import DAYS, time_of_day
from foundation.located import Place

EVERY_DAY = "day"
MIDNIGHT = time(0)
A_DAY = timedelta(days=1)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """When a naive local time comes: the first time if the clock shows it twice, moved on if it skips it."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def is_skipped(local: datetime, zone: ZoneInfo) -> bool:
    """No clock shows that naive time: it is in the hour that is left out in spring."""
    return instant_of(local, zone).astimezone(zone).replace(tzinfo=None) != local


def comes_twice(local: datetime, zone: ZoneInfo) -> bool:
    """It is in the hour that is repeated in autumn."""
    first, second = (local.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    return first != second and not is_skipped(local, zone)


@dataclass(frozen=True, slots=True)
class WeeklyHours:
    """``days`` are ISO weekdays (1 is Monday) on which they begin; ``until`` not after ``starts`` is the day
    after. When clocks change they last an hour more or less, as the clock on the wall does."""

    days: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7)
    starts: time = MIDNIGHT
    until: time = MIDNIGHT

    def window(self, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The one that ``at`` is in, as UTC instants; None: it is outside."""
        today = at.astimezone(zone).date()
        for day in (today - A_DAY, today):
            found = self._of(day, zone)
            if found is not None and found[0] <= at < found[1]:
                return found
        return None

    def following(self, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The first that begins after ``at``; None where no day has any."""
        today = at.astimezone(zone).date()
        windows = (self._of(today + ahead * A_DAY, zone) for ahead in range(9))
        return next((found for found in windows if found is not None and found[0] > at), None)

    def edges(self, since: datetime, until: datetime, zone: ZoneInfo) -> list[datetime]:
        """Where they begin and end between the two instants, and a little around them."""
        day, last = since.astimezone(zone).date() - A_DAY, until.astimezone(zone).date()
        found: list[datetime] = []
        while day <= last:
            found += self._of(day, zone) or ()
            day += A_DAY
        return found

    def _of(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        if day.isoweekday() not in self.days:
            return None
        last = day + A_DAY if self.until <= self.starts else day
        return (
            instant_of(datetime.combine(day, self.starts), zone),
            instant_of(datetime.combine(last, self.until), zone),
        )


def read_days(place: Place) -> tuple[int, ...]:
    """``day``, one day of the week, or a list of them."""
    if place.is_list:
        found = [item.choice(DAYS) for item in place.items(least=1)]
    else:
        found = [place.choice([EVERY_DAY, *DAYS])]
    if EVERY_DAY in found:
        return WeeklyHours().days
    return tuple(sorted({DAYS.index(day) + 1 for day in found if day}))


def read_weekly_hours(days: Place | None, starts: Place | None, until: Place | None) -> WeeklyHours | None:
    """None: nothing is written, so it is always."""
    if days is None and starts is None and until is None:
        return None
    return WeeklyHours(
        WeeklyHours().days if days is None else read_days(days),
        MIDNIGHT if starts is None else time_of_day(starts, MIDNIGHT),
        MIDNIGHT if until is None else time_of_day(until, MIDNIGHT),
    )
