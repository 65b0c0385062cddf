"""How a source stands that is asked what fires: Alertmanager, Prometheus, CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AskedState(StrEnum):
    ANSWERS = "answers"
    SILENT = "does-not-answer"
    RESTARTED = "restarted"  # not long ago enough to have found out what fires
    EMPTY = "empty"  # it answers, and holds none of the rules it held


@dataclass(frozen=True, slots=True)
class SourceReport:
    """What came of asking it last. ``firing`` there for us, ``heard`` of these here; ``missing`` are not and
    are waited for or paged; ``unreported`` are open here and no longer reported there.

    ``since`` is when the state began, ``answered_at`` when it last answered; ``remark`` says what is odd.
    """

    name: str
    asked_at: datetime
    state: AskedState
    since: datetime
    answered_at: datetime | None = None
    firing: int = 0
    heard: int = 0
    missing: int = 0
    unreported: int = 0
    paged: int = 0  # by asking, since this process began
    closed: int = 0
    remark: str = ""
