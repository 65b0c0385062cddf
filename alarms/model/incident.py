"""An incident: what a person is told about, acknowledges and resolves. Its history is numbered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alarms.model.alert import Alert, AlertState, BurnArithmetic
from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity


class IncidentState(StrEnum):
    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


OPEN_STATES = (IncidentState.OPEN, IncidentState.ACKNOWLEDGED)
BY_ALERTS = "alerts"  # what resolved it, when every alert cleared
NOT_REPORTED = "no longer reported"  # when its source, asked, no longer knows of it


class TransitionKind(StrEnum):
    """Everything that can happen to an incident; each happening gets the incident's next number."""

    OPENED = "opened"
    REOPENED = "reopened"
    ALERT_JOINED = "alert-joined"
    ALERT_CLEARED = "alert-cleared"
    SEVERITY_RAISED = "severity-raised"
    SEVERITY_LOWERED = "severity-lowered"
    HELD = "held"
    RELEASED = "released"
    ACKNOWLEDGED = "acknowledged"
    ACK_MISSED = "acknowledgement-missed"
    ESCALATED = "escalated"
    REPEATED = "escalation-repeated"
    REASSIGNED = "reassigned"
    SNOOZED = "snoozed"
    ATTACHED = "attached"
    DETACHED = "detached"
    NOTED = "noted"
    REMEDIATION_ASKED = "remediation-asked"
    UNDELIVERABLE = "undeliverable"
    REPAIRED = "repaired"
    FAILED_OPEN = "failed-open"  # a part of the router failed, and was passed by
    MORE_ALERTS = "more-alerts"  # told: others have joined
    RESOLVED = "resolved"


class HoldKind(StrEnum):
    """Why nobody is notified for now."""

    SILENCE = "silence"
    CAUSE = "cause"
    FLAPPING = "flapping"
    FIRST_WAIT = "first-wait"


@dataclass(frozen=True, slots=True)
class Hold:
    """``by`` names the silence, the causing incident, or the flapping rule that holds pages back."""

    kind: HoldKind
    by: str
    since: datetime


@dataclass(frozen=True, slots=True)
class LaterContact:
    """How somebody is told once more if nobody has acknowledged by ``due_at``.

    It is step ``number`` of this person's own, of the page that told ``kind`` as transition ``transition``.
    """

    target: str
    step: NotifyStep
    kind: str
    transition: int
    number: int
    channel: str
    address: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Incident:
    """State of one incident; every change makes a new value with ``number`` one higher.

    ``key`` is what makes alerts one incident (the alert key, or the route's grouping).
    ``cycle`` counts how often it was opened (1, then one more for each reopening).
    ``policy_id`` names the policy snapshot it lives under, whatever the policy file says today.
    """

    id: str
    key: str
    environment: str
    title: str
    summary: str
    severity: Severity
    state: IncidentState
    owner: str  # team that is told first
    route: str
    policy_id: str
    opened_at: datetime
    updated_at: datetime
    name: str = ""  # of the alert that opened it
    speaker: str = ""  # the member whose words and labels it has just now
    title_pt: str = ""
    number: int = 1
    cycle: int = 1
    summary_pt: str = ""
    description: str = ""  # the rule's own, as it was written
    description_pt: str = ""
    assignee: str | None = None  # a person, where the matrix says "assigned person"
    slo_id: str | None = None
    objective: str | None = None
    component: str | None = None
    runbook: str | None = None
    burn: BurnArithmetic | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    resolved_at: datetime | None = None
    resolved_by: str | None = None  # a person, BY_ALERTS or NOT_REPORTED
    paged_at: datetime | None = None  # first page of this cycle
    hold: Hold | None = None
    cause_id: str | None = None  # the incident that explains this one
    snoozed_until: datetime | None = None
    overdue: bool = False
    lowering_to: Severity | None = None
    customers_affected: int | None = None  # None: unknown
    members: int = 1  # alerts that made it or joined it, in this cycle
    untold: tuple[str, ...] = ()  # some of those that joined since the last message, by what is different
    untold_count: int = 0
    began_at: datetime | None = None  # this cycle of it, as its source says; deadlines go by when we heard
    given_by_hand: bool = False  # to its assignee, who keeps it when the duty changes hands
    contacts: tuple[LaterContact, ...] = ()  # still to come, unless somebody acknowledges

    @property
    def is_open(self) -> bool:
        return self.state is not IncidentState.RESOLVED

    @property
    def waits(self) -> bool:
        """For its first page, which is due in a moment."""
        return self.hold is not None and self.hold.kind is HoldKind.FIRST_WAIT


@dataclass(frozen=True, slots=True)
class Transition:
    """Number ``number`` in the history of one incident. ``due_at``: when a timer should have fired."""

    incident_id: str
    number: int
    kind: TransitionKind
    at: datetime
    actor: str
    detail: Mapping[str, str] = field(default_factory=dict)
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertWords:
    """What one alert says of itself: what its incident says while it speaks for this one."""

    title: str
    title_pt: str = ""
    summary: str = ""
    summary_pt: str = ""
    description: str = ""
    description_pt: str = ""
    runbook: str | None = None
    links: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """What the router remembers of one alert: which incident it belongs to and when it last changed.

    ``member`` tells apart the tiers and sources that share one ``key``.
    """

    member: str
    key: str
    incident_id: str
    name: str
    source: str
    state: AlertState
    severity: Severity
    environment: str
    starts_at: datetime
    received_at: datetime
    ends_at: datetime | None = None
    tier: str | None = None
    times_seen: int = 1
    labels: Mapping[str, str] = field(default_factory=dict)  # what routes and silences match
    component: str | None = None
    said_at: datetime | None = None
    endings: tuple[str, ...] = ()  # the last of them that its source told
    seen_at: str = ""  # the source that, asked, was seen to report it, by name
    words: AlertWords | None = None  # None: written before they were kept

    def ended(self, at: datetime, summary: str) -> Alert:
        """The end of it, as somebody else than its source tells."""
        return Alert(
            alert_key=self.key,
            source=self.source,
            environment=self.environment,
            name=self.name,
            state=AlertState.RESOLVED,
            starts_at=self.starts_at,
            ends_at=at,
            summary=summary,
            tier=self.tier,
        )


class TimerKind(StrEnum):
    """The clocks of an incident."""

    ACKNOWLEDGE = "acknowledge"
    UNRESOLVED = "unresolved"
    REPEAT = "repeat"
    LOWER = "lower"
    STABLE = "stable"
    HOLD = "hold"
    MORE = "more"
    SYMPTOMS = "symptoms"
    CONTACT = "contact"  # the next step of somebody who was told


@dataclass(frozen=True, slots=True)
class Timer:
    """At most one timer of a kind is set for an incident; the deadline is absolute, and it fires once."""

    incident_id: str
    kind: TimerKind
    deadline: datetime
    step: int = 0
