"""Who has the duty from when to when, and what somebody changed about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from foundation.bilingual import Text


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


@dataclass(frozen=True, slots=True)
class TeamDuty:
    """One team's duty over a time, as people are shown it. ``names``: what people are called, by id."""

    team: str
    time_zone: str
    spans: tuple[DutySpan, ...]
    overrides: tuple[DutyOverride, ...]
    names: dict[str, str]
    title: Text

    def name_of(self, person: str) -> str:
        return self.names.get(person, person)
