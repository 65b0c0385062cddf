"""Maintenance that comes back every week: while it lasts it is a silence like any other."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from alarms.model.silence import Matcher, Silence
from alarms.policy.weekly_hours import WeeklyHours

PREFIX = "maintenance:"


@dataclass(frozen=True, slots=True)
class Maintenance:
    name: str
    matchers: tuple[Matcher, ...]
    hours: WeeklyHours
    time_zone: str
    comment: str
    written_in: str = ""  # the file

    @property
    def id(self) -> str:
        return f"{PREFIX}{self.name}"

    def silence_at(self, now: datetime) -> Silence | None:
        """The silence that it is just now; None: it is not its time."""
        return self._silence(self.hours.window(now, ZoneInfo(self.time_zone)))

    def next_silence(self, now: datetime) -> Silence | None:
        """The one in force, or the next."""
        zone = ZoneInfo(self.time_zone)
        return self._silence(self.hours.window(now, zone) or self.hours.following(now, zone))

    def _silence(self, window: tuple[datetime, datetime] | None) -> Silence | None:
        if window is None:
            return None
        return Silence(self.id, self.matchers, *window, self.written_in, self.comment)
