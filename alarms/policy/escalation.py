"""The escalation matrix (C.3): for each step, who is told, and when the two clocks run out.

Most clocks stand still out of business hours.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from alarms.model.duty import DutyOverride
from alarms.model.incident import Incident
from alarms.model.notification import NotifyStep
from alarms.policy.policy import ASSIGNED, BusinessHours, ClockKind, Route, RoutingPolicy, SeverityLevel
from alarms.policy.schedule import Schedules

HORIZON_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Recipient:
    step: NotifyStep
    target: str


def nothing_planned(at: datetime) -> Sequence[DutyOverride]:
    """The schedules are all there is."""
    return ()


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """One policy with its calendar and the duty schedules; ``planned`` are the overrides beside these that
    end after an instant."""

    policy: RoutingPolicy
    schedules: Schedules
    planned: Callable[[datetime], Sequence[DutyOverride]] = nothing_planned

    def deadline(self, level: SeverityLevel, start: datetime, duration: timedelta) -> datetime:
        """``duration`` after ``start`` on the level's clock, which may stand still out of hours."""
        if level.clock is ClockKind.ALWAYS:
            return start + duration
        return BusinessCalendar(self.policy.hours).add(start, duration)

    def out_of_hours(self, at: datetime) -> bool:
        return not BusinessCalendar(self.policy.hours).is_open(at)

    def owner(self, level: SeverityLevel, route: Route) -> str:
        """The team that is told first."""
        return route.owner if level.first == ASSIGNED else level.first

    def assignee(self, level: SeverityLevel, route: Route, at: datetime) -> str | None:
        """Who is on duty in the team that is told first; None: the team as a whole."""
        return self.schedules.on_duty(self.owner(level, route), at, self.planned(at))

    def on_duty(self, team: str, at: datetime) -> str:
        """Whom a page to ``team`` goes to at that time: ``team:person``, or the team as a whole."""
        return self.schedules.target(team, at, self.planned(at))

    def first(self, incident: Incident) -> tuple[Recipient, ...]:
        route = next((r for r in self.policy.routes if r.name == incident.route), None)
        also = () if route is None else route.inform
        return _once(
            [
                Recipient(NotifyStep.FIRST, owner_target(incident)),
                *(Recipient(NotifyStep.INFORM, team) for team in also),
            ]
        )

    def missed(self, incident: Incident, at: datetime) -> tuple[Recipient, ...]:
        """Nobody acknowledged in time."""
        backup = self.policy.level(incident.severity).backup
        if backup is None:
            return self._without_backup(incident)
        return (Recipient(NotifyStep.BACKUP, self.on_duty(backup, at)),)

    def unresolved(self, incident: Incident, at: datetime) -> tuple[Recipient, ...]:
        """Still open when it should have been over: the backup acts, the accountable team knows."""
        backup = self.policy.level(incident.severity).backup
        if backup is None:
            return self._without_backup(incident)
        acting, accountable = (
            Recipient(NotifyStep.ESCALATION, self.on_duty(backup, at)),
            self.policy.accountable,
        )
        return (acting,) if accountable == backup else (acting, Recipient(NotifyStep.INFORM, accountable))

    def repeated(self, incident: Incident, at: datetime) -> tuple[Recipient, ...]:
        reminded = Recipient(NotifyStep.REMINDER, owner_target(incident))
        return _once([reminded, *self.unresolved(incident, at)[:1]])

    def _without_backup(self, incident: Incident) -> tuple[Recipient, ...]:
        return _once(
            [
                Recipient(NotifyStep.REMINDER, owner_target(incident)),
                Recipient(NotifyStep.INFORM, self.policy.accountable),
            ]
        )


def owner_target(incident: Incident) -> str:
    return incident.owner if incident.assignee is None else f"{incident.owner}:{incident.assignee}"


def _once(told: list[Recipient]) -> tuple[Recipient, ...]:
    """Nobody is notified of the same thing twice: a target keeps its first step."""
    seen: dict[str, Recipient] = {}
    for item in told:
        seen.setdefault(item.target, item)
    return tuple(seen.values())


@lru_cache(maxsize=256)
def _holidays_of(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, subdiv=subdivision, years=year))


class BusinessCalendar:
    """Arithmetic on one set of business hours, in a time zone with holidays and daylight saving.

    Instants in and out are aware, UTC. Durations are real elapsed time: a day on which the clock is put back
    has the hours it really had.
    """

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
        raise ValueError(f"there are not {duration} of business hours within {HORIZON_DAYS} days of {start}")

    def _day(self, day: date) -> tuple[datetime, datetime]:
        """Opening and closing of a local day as UTC instants; equal when it is closed."""
        opening = datetime.combine(day, self._hours.start, self._zone).astimezone(UTC)
        if day.isoweekday() not in self._hours.days or self.is_holiday(day):
            return opening, opening
        return opening, datetime.combine(day, self._hours.end, self._zone).astimezone(UTC)
