"""The escalation matrix (C.3): for each step, who is told, and when the two clocks run out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from alarms.model.incident import Incident
from alarms.model.notification import NotifyStep
from alarms.policy.business_hours import BusinessCalendar
from alarms.policy.policy import ASSIGNED, ClockKind, Route, RoutingPolicy, SeverityLevel
from alarms.policy.schedule import Schedules


@dataclass(frozen=True, slots=True)
class Recipient:
    step: NotifyStep
    target: str


@dataclass(frozen=True, slots=True)
class EscalationPolicy:
    """One policy with its calendar and the duty schedules."""

    policy: RoutingPolicy
    schedules: Schedules

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
        """The person, where the level says "assigned"; None: the team as a whole."""
        if level.first != ASSIGNED:
            return None
        _, _, person = self.schedules.target(route.owner, at).partition(":")
        return person or None

    def first(self, incident: Incident) -> tuple[Recipient, ...]:
        route = next((r for r in self.policy.routes if r.name == incident.route), None)
        also = () if route is None else route.inform
        return _once(
            [
                Recipient(NotifyStep.FIRST, owner_target(incident)),
                *(Recipient(NotifyStep.INFORM, team) for team in also),
            ]
        )

    def missed(self, incident: Incident) -> tuple[Recipient, ...]:
        """Nobody acknowledged in time."""
        backup = self.policy.level(incident.severity).backup
        return (Recipient(NotifyStep.BACKUP, backup),) if backup else self._without_backup(incident)

    def unresolved(self, incident: Incident) -> tuple[Recipient, ...]:
        """Still open when it should have been over: the backup acts, the accountable team knows."""
        backup = self.policy.level(incident.severity).backup
        if backup is None:
            return self._without_backup(incident)
        return _once(
            [
                Recipient(NotifyStep.ESCALATION, backup),
                Recipient(NotifyStep.INFORM, self.policy.accountable),
            ]
        )

    def repeated(self, incident: Incident) -> tuple[Recipient, ...]:
        return _once([Recipient(NotifyStep.REMINDER, owner_target(incident)), *self.unresolved(incident)[:1]])

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
    """Nobody is told the same thing twice: a target keeps the first step it has."""
    seen: dict[str, Recipient] = {}
    for item in told:
        seen.setdefault(item.target, item)
    return tuple(seen.values())
