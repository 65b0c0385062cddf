"""What the console needs from the rest, as small Protocols. All of it may block: pages are built in a thread.

Any of it may fail on its own (``SloError``, ``AlarmsError``); the page then says what it cannot show and
shows the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from alarms.intake.heartbeats import BeatStatus
from alarms.model.incident import Incident, Timer
from alarms.model.source import SourceReport
from alarms.policy.escalation import EscalationPolicy
from alarms.router.desk import DutyDesk, IncidentReader
from app.console.runbook_files import ShippedRunbooks
from app.console.sessions import SessionStore
from exporters.collectors.consistency_index import ConsistencySource
from foundation.clock import Clock
from slo.drift import DriftReport
from slo.judge.status import ObjectiveStatus
from slo.ledger.ledger import Counts, Ledger
from slo.model.catalogue import Catalogue
from slo.model.spec import Slo


class StatusSource(Protocol):
    def __call__(self) -> Sequence[ObjectiveStatus]:
        """Every objective now, in the order of the definitions.

        Raises:
            SloError: the ledger cannot be read.
        """
        ...


class IncidentDesk(IncidentReader, DutyDesk, Protocol):
    """``alarms.router.router.Router`` is one."""

    def timers(self, incident_id: str) -> Sequence[Timer]:
        """Those that run, by deadline."""
        ...

    def sources(self) -> Sequence[SourceReport]:
        """What came of asking each watched source what fires, the last time."""
        ...

    def acknowledge(self, incident_id: str, by: str, note: str = "") -> Incident: ...

    def resolve(self, incident_id: str, by: str, note: str = "") -> Incident: ...


class EscalationSource(Protocol):
    def __call__(self, incident: Incident) -> EscalationPolicy:
        """Who is told when, under the policy snapshot the incident lives under."""
        ...


@dataclass(frozen=True, slots=True)
class DecisionSlice:
    """Decisions in ``[start, start + length)`` of clock time, counted.

    ``outcomes``: APPROVE, DECLINE, REFER. ``amount_cents``: centavos applied for, by the same outcomes.
    ``answered_within``: cumulative answers (any decision, full or degraded) by bucket edge in seconds; the
    last edge is infinite. In ``known_minutes`` a source said it was alive; without any, nothing is known.
    """

    start: datetime
    length: timedelta
    known_minutes: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    amount_cents: Mapping[str, int] = field(default_factory=dict)
    answered_within: Mapping[float, int] = field(default_factory=dict)

    @property
    def known(self) -> bool:
        return self.known_minutes > 0


class DecisionHistory(Protocol):
    def slices(self, since: datetime, until: datetime, length: timedelta) -> Sequence[DecisionSlice]:
        """Consecutive slices that cover ``[since, until)``, the first and the last perhaps shorter.

        Raises:
            SloError: the counts cannot be read.
        """
        ...


class BesideSource(Protocol):
    def __call__(self, slo: Slo, start: datetime, end: datetime) -> Counts | None:
        """The ratio a definition shows beside its own (``mirante.dev/beside``), counted; None without one.

        Raises:
            SloError: the counts cannot be read.
        """
        ...


class RunbookSource(Protocol):
    def __call__(self, name: str, language: str) -> str | None:
        """The runbook's Markdown in that language, else in English; None when there is none."""
        ...

    def names(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class ConsoleDependencies:
    """Everything ``create_console`` builds on. ``clock`` is the stack's; sessions keep real time.

    ``time_zone``: the IANA zone times are shown in. ``refresh_seconds``: real seconds between two refreshes
    of an open page.
    """

    environment: str
    clock: Clock
    catalogue: Catalogue
    statuses: StatusSource
    ledger: Ledger
    desk: IncidentDesk
    escalation: EscalationSource
    consistency: ConsistencySource | None  # without one, the board has no part about it
    decisions: DecisionHistory | None
    sessions: SessionStore
    time_zone: str = "America/Sao_Paulo"
    refresh_seconds: int = 10
    version: str = ""
    beside: BesideSource | None = None
    runbooks: RunbookSource = field(default_factory=ShippedRunbooks)
    heartbeats: Callable[[], Sequence[BeatStatus]] = tuple
    drift: Callable[[], DriftReport | None] = lambda: None
