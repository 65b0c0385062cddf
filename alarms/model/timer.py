"""Clocks of an incident. Deadlines are absolute instants and each one fires once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TimerKind(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    UNRESOLVED = "unresolved"
    REPEAT = "repeat"
    LOWER = "lower"
    STABLE = "stable"
    HOLD = "hold"


@dataclass(frozen=True, slots=True)
class Timer:
    """At most one timer of a kind is set for an incident."""

    incident_id: str
    kind: TimerKind
    deadline: datetime
    step: int = 0
