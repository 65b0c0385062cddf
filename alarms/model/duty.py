"""Who has the duty from when to when, and what somebody changed about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DutySpan:
    """``person`` None: nobody in particular, so the whole team is told."""

    team: str
    person: str | None
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DutyOverride:
    """``person`` has the duty of ``team`` in ``[starts_at, ends_at)``, whoever's turn it is."""

    id: str
    team: str
    person: str
    starts_at: datetime
    ends_at: datetime
    created_by: str
    why: str = ""
