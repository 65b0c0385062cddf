"""One message to one target, and how far its delivery got."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from alarms.model.severity import Severity


class NotifyStep(StrEnum):
    """Why somebody is told; a topic's subscribers filter on it."""

    FIRST = "first"
    BACKUP = "backup"
    ESCALATION = "escalation"
    REMINDER = "reminder"
    INFORM = "inform"
    RESOLVED = "resolved"
    REMEDIATION = "remediation"


PAGES = (NotifyStep.FIRST, NotifyStep.BACKUP, NotifyStep.ESCALATION, NotifyStep.REMINDER)  # ask to act


class DeliveryState(StrEnum):
    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Message:
    """What a receiver shows. Both languages travel together; the receiver chooses.

    ``short`` fits one SMS. ``page`` is the incident in the console, ``acknowledge`` the one-tap link of
    whoever is told; "" where there is none, or nothing to acknowledge. ``call`` is what a voice says.
    ``language`` is that of the person whose own address it goes to ("": as the channel has it).
    """

    subject: str
    subject_pt: str
    body: str
    body_pt: str
    short: str = ""
    short_pt: str = ""
    page: str = ""
    acknowledge: str = ""
    call: str = ""
    call_pt: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Notification:
    """``dedup_id`` is the same for every attempt at telling one target of one step."""

    dedup_id: str
    incident_id: str
    transition: int
    step: NotifyStep
    cycle: int
    target: str  # a team, or "team:person"
    channel: str  # which notifier carries it
    severity: Severity
    environment: str
    message: Message
    created_at: datetime
    attributes: Mapping[str, str] = field(default_factory=dict)
    address: str = ""  # the person's own on that channel; "": the team's, as the channel has it

    @property
    def team(self) -> str:
        return self.target.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Delivery:
    """A notification in the outbox. ``fence`` rises with each claim, so that a late worker is told so."""

    sequence: int
    notification: Notification
    state: DeliveryState
    next_attempt_at: datetime
    attempts: int = 0
    fence: int = 0
    worker: str | None = None
    lease_until: datetime | None = None
    sent_at: datetime | None = None
    provider_id: str | None = None
    last_error: str | None = None


def dedup_id(
    incident_id: str,
    transition: int,
    step: NotifyStep,
    cycle: int,
    target: str,
    channel: str = "default",
) -> str:
    """32 hex digits of (incident, transition, step, cycle, target); a second channel is a second target."""
    parts = [incident_id, str(transition), step.value, str(cycle), target]
    if channel != "default":
        parts.append(channel)
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
