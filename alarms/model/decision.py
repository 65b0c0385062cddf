"""What the router decided about an incident, stage by stage, kept so that it can be explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from alarms.model.incident import AlertRecord, Incident, Timer, Transition
from alarms.model.notification import Delivery


class Stage(StrEnum):
    """Who decided: the stages of ``alarms.router.pipeline``, where their order is."""

    DEDUPLICATE = "deduplicate"
    CLASSIFY = "classify"
    CORRELATE = "correlate"
    INHIBIT = "inhibit"
    SILENCE = "silence"
    FLAP_DAMP = "flap-damp"
    WAIT = "wait"
    ROUTE = "route"
    NOTIFY = "notify"
    ESCALATE = "escalate"
    WATCH = "watch"  # no stage: what fires there is compared with what is known here


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """One stage's verdict. ``rule`` names what decided, ``reason`` holds the arithmetic in words."""

    incident_id: str
    at: datetime
    stage: Stage
    outcome: str
    reason: str
    rule: str = ""
    alert: str = ""


@dataclass(frozen=True, slots=True)
class IncidentExplanation:
    """Everything behind an incident: decisions so far, and the steps still to come if nobody acts."""

    incident: Incident
    decisions: Sequence[RoutingDecision]
    timeline: Sequence[Transition]
    alerts: Sequence[AlertRecord]
    deliveries: Sequence[Delivery]
    timers: Sequence[Timer]
    future: Sequence[str]
