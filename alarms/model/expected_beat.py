"""A source that has to be heard from: whoever goes quiet may be down, or unable to tell of what is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from alarms.model.severity import Severity


@dataclass(frozen=True, slots=True)
class ExpectedBeat:
    """``name`` is expected ``every`` so often, and told of as ``severity`` when that is over by ``grace``.

    What counts as heard from: its own hook; and, where named, anything that ``sender`` sends, and an alert
    called ``alert`` (of that sender, if there is one), which is then a sign of life and no alert.
    """

    name: str
    every: timedelta
    grace: timedelta = timedelta(minutes=1)
    severity: Severity = Severity.P2
    sender: str = ""
    alert: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)  # for routes and silences
    runbook: str | None = None


@dataclass(frozen=True, slots=True)
class LastHeard:
    """``since`` is when it was first expected; ``at`` is None until it is heard from."""

    name: str
    since: datetime
    at: datetime | None = None
