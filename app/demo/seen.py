"""What a run of the demo saw, filled stage by stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alarms.model.incident import Incident
from alarms.model.notification import Delivery
from app.demo.sender import Answer
from slo.judge.status import ObjectiveStatus


@dataclass(slots=True)
class FaultRun:
    """The fault and what followed, in ledger time; ``None`` is what did not come."""

    on_at: datetime | None = None
    off_at: datetime | None = None
    incident: Incident | None = None
    paged: Delivery | None = None
    acknowledged: Incident | None = None
    resolved: Incident | None = None
    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0


@dataclass(slots=True)
class Seen:
    """``started_at`` and all seconds are real; statuses are those of the ledger when the phase had ended."""

    started_at: datetime
    accepted_customers: int = 0
    settled: bool = False
    healthy: list[Answer] = field(default_factory=list)
    healthy_seconds: float = 0.0
    quiet_statuses: Sequence[ObjectiveStatus] = ()
    incidents_before: int = 0
    fault: FaultRun = field(default_factory=FaultRun)
    final_statuses: Sequence[ObjectiveStatus] = ()

    @property
    def answers(self) -> list[Answer]:
        """Of both phases."""
        return [*self.healthy, *self.fault.answers]

    @property
    def decided(self) -> list[Answer]:
        """The healthy phase's answers that hold a decision."""
        return [answer for answer in self.healthy if answer.accepted]
