"""Everything that one message is written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarms.model.incident import Incident, IncidentState, Transition, TransitionKind
from alarms.model.notification import NotifyStep
from alarms.policy.people import People
from alarms.policy.policy import RoutingPolicy

ASKS = (NotifyStep.FIRST, NotifyStep.BACKUP, NotifyStep.ESCALATION, NotifyStep.REMINDER)
BEGUN = (TransitionKind.OPENED, TransitionKind.REOPENED)


@dataclass(frozen=True, slots=True)
class Telling:
    """``kind`` is why ``target`` is told, ``step`` in which part; ``acknowledge`` its link ("": none).

    ``own_zone`` is that of the one person who reads it; a team reads the policy's.
    """

    incident: Incident
    kind: TransitionKind
    step: NotifyStep
    policy: RoutingPolicy
    people: People
    history: Sequence[Transition]
    page: str = ""
    acknowledge: str = ""
    target: str = ""
    own_zone: str = ""

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.own_zone or self.policy.hours.time_zone)

    @property
    def is_over(self) -> bool:
        return self.step is NotifyStep.RESOLVED

    @property
    def since(self) -> datetime:
        """When this cycle of it began, as far as is known."""
        return self.incident.began_at or self.heard_at

    @property
    def heard_at(self) -> datetime:
        """When we heard of this cycle of it."""
        started = [entry.at for entry in self.history if entry.kind in BEGUN]
        return started[-1] if started else self.incident.opened_at

    @property
    def took(self) -> timedelta:
        return (self.incident.resolved_at or self.incident.updated_at) - self.since

    def team(self, language: str) -> str:
        """Its owner's name."""
        owner = self.incident.owner
        names = {team.id: team.name.of(language) for team in self.policy.teams}
        return names.get(owner, owner)


def asks_to_acknowledge(incident: Incident, step: NotifyStep) -> bool:
    """Whether a message of that step has something to acknowledge."""
    return step in ASKS and incident.state is IncidentState.OPEN
