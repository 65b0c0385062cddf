"""What the report of ``mirante demo`` shows: plain values the demo measured, nothing computed twice.

Every text a person reads that the demo writes itself comes as ``Text``, in both languages.
Instants are timezone-aware UTC; ``ledger`` instants are told by the (perhaps accelerated) clock, durations
of requests are real seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from alarms.model.alert import BurnArithmetic
from foundation.bilingual import Text


@dataclass(frozen=True, slots=True)
class UnusableRows:
    """Rows of the dataset left out for one ``reason``; ``examples`` are row numbers, from 1."""

    reason: Text
    count: int
    examples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DatasetFacts:
    """Where the applications came from. ``notes`` says what was made up (synthetic CPFs) and how."""

    name: str
    source: str
    rows_read: int
    rows_used: int
    unusable: tuple[UnusableRows, ...] = ()
    notes: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class RunParameters:
    """How to get the same run again. ``clock_factor`` is clock seconds per real second."""

    started_at: datetime  # real
    finished_at: datetime  # real
    clock_factor: float
    environment: str
    seeds: Mapping[str, int]
    dataset: DatasetFacts
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LatencyBucket:
    """Answers that took at most ``upto_seconds`` and more than the bucket before; ``None`` has no end."""

    upto_seconds: float | None
    count: int


@dataclass(frozen=True, slots=True)
class Throughput:
    """One phase of sending, from the sender's own journal. Latencies in real seconds."""

    sent: int
    answered: Mapping[str, int]  # HTTP status or "no answer" -> how many
    seconds: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float
    max_seconds: float
    histogram: tuple[LatencyBucket, ...] = ()

    @property
    def per_second(self) -> float:
        """Answers a second; 0 when nothing was sent."""
        return sum(self.answered.values()) / self.seconds if self.seconds > 0 else 0.0


@dataclass(frozen=True, slots=True)
class ReasonCount:
    """How many of the decisions named this reason, at any rank."""

    code: str
    text: Text
    count: int


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was decided in the healthy phase, and how an independent oracle sees a sample of it.

    ``reasons``: the most frequent first.
    """

    sha256: str  # of every verdict, ids and times aside
    outcomes: Mapping[str, int]  # APPROVE | DECLINE | REFER -> how many
    reasons: tuple[ReasonCount, ...]
    oracle_sample: int
    oracle_agreed: int
    oracle_differences: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return sum(self.outcomes.values())

    def share(self, outcome: str) -> float | None:
        """Of all outcomes, 0 to 1; ``None`` when nothing was decided."""
        return self.outcomes.get(outcome, 0) / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class SloFacts:
    """One objective at the end of the run. ``state``: ok | warn | bad | no_data (``palette``).

    ``sender_good`` and ``sender_total`` are the sender's own count of the same events, ``None`` when it
    cannot know them (probes, records compared).
    """

    slo_id: str
    name: Text
    target: Fraction
    state: str
    good: int
    total: int
    unit: str  # events | slices | ratio-minutes
    error_bound: int | None = None
    budget_left_ratio: float | None = None
    sender_good: int | None = None
    sender_total: int | None = None


@dataclass(frozen=True, slots=True)
class MinutePoint:
    """One ledger minute of the SLO the fault burnt; burns ``None`` where there was no data."""

    minute: datetime  # ledger
    good: int | None
    bad: int | None
    long_burn: float | None = None
    short_burn: float | None = None


class Milestone(StrEnum):
    """What happened on the fault's time axis."""

    FAULT_ON = "fault_on"
    ALERT_FIRED = "alert_fired"
    INCIDENT = "incident"
    NOTIFIED = "notified"
    ACKNOWLEDGED = "acknowledged"
    ESCALATED = "escalated"
    FAULT_OFF = "fault_off"
    ALERT_RESOLVED = "alert_resolved"
    RESOLVED = "resolved"


_COLOURS = {
    Milestone.FAULT_ON: "bad",
    Milestone.ALERT_FIRED: "p1",
    Milestone.INCIDENT: "p1",
    Milestone.ESCALATED: "p2",
    Milestone.FAULT_OFF: "ok",
    Milestone.ALERT_RESOLVED: "ok",
    Milestone.RESOLVED: "ok",
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    at: datetime  # ledger
    milestone: Milestone
    text: Text

    @property
    def css(self) -> str:
        """The colour of the moment."""
        return _COLOURS.get(self.milestone, "p4")


@dataclass(frozen=True, slots=True)
class FaultFacts:
    """The fault on purpose and all that followed. ``events`` are ordered by time; ``burn`` is the arithmetic
    of the alert when it fired."""

    store: str
    error_ratio: float
    delay_seconds: float
    slo_id: str
    slo_name: Text
    minutes: tuple[MinutePoint, ...]
    factor: float  # threshold of the tier watched
    long_window: str
    short_window: str
    events: tuple[TimelineEvent, ...]
    sending: Throughput
    burn: BurnArithmetic | None = None
    severity: str | None = None
    incident_id: str | None = None
    notifications: tuple[Text, ...] = ()

    @property
    def broken(self) -> tuple[datetime, datetime | None] | None:
        """From when until when the fault was on, as far as the events say."""
        on, off = self._when(Milestone.FAULT_ON), self._when(Milestone.FAULT_OFF)
        return None if on is None else (on, off)

    def _when(self, milestone: Milestone) -> datetime | None:
        return next((event.at for event in self.events if event.milestone is milestone), None)


@dataclass(frozen=True, slots=True)
class AuditFacts:
    entries: int
    decisions: int
    verified: bool
    head: str
    anchored_head: str | None
    evidence: Text


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing the demo said it would show. ``evidence`` says what was seen, also when it was not."""

    text: Text
    observed: bool
    evidence: Text


@dataclass(frozen=True, slots=True)
class DemoReport:
    """Everything on the page. ``fault`` is ``None`` for ``FAULT=none``."""

    run: RunParameters
    healthy: Throughput
    verdicts: Verdicts
    slos: tuple[SloFacts, ...]
    fault: FaultFacts | None
    audit: AuditFacts
    expectations: tuple[Expectation, ...]
    versions: Mapping[str, str]

    @property
    def observed(self) -> int:
        return sum(item.observed for item in self.expectations)

    @property
    def passed(self) -> bool:
        """Everything expected was observed, and something was expected."""
        return 0 < len(self.expectations) == self.observed
