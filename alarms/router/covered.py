"""How much a silence covers just now, so that one with a misspelt label is noticed while it is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from alarms.model.silence import Matcher
from alarms.stores.protocol import ReadSide

LOOKED_THROUGH = 1_000  # incidents, the newest
SUGGESTED_FROM = 0.6  # how alike two names have to be


@dataclass(frozen=True, slots=True)
class Covered:
    """``alerts`` fire and ``incidents`` are open now; ``remark`` says what may be wrong if there are none."""

    alerts: int
    incidents: int
    remark: str = ""


def covered(reads: ReadSide, matchers: Sequence[Matcher]) -> Covered:
    alerts = incidents = 0
    names: set[str] = set()
    for incident in reads.incidents(limit=LOOKED_THROUGH):
        names |= incident.labels.keys()
        if not incident.is_open:
            continue
        before = alerts
        for record in reads.firing_of(incident.id):
            labels = record.labels or incident.labels
            names |= labels.keys()
            alerts += all(matcher.matches(labels) for matcher in matchers)
        incidents += alerts > before
    return Covered(alerts, incidents, "" if alerts else _remark(matchers, names))


def _remark(matchers: Sequence[Matcher], names: set[str]) -> str:
    unknown = [matcher.label for matcher in matchers if matcher.label not in names]
    if not unknown:
        return "It covers nothing that fires now."
    close = get_close_matches(unknown[0], sorted(names), 1, SUGGESTED_FROM)
    hint = f"; did you mean {close[0]}?" if close else "."
    return f"It covers nothing that fires now: no recent alert has a label {unknown[0]}{hint}"
