"""How well the simulation does what the router really did: only then does the difference say something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from alarms.model.incident import TransitionKind
from alarms.reports.history import History
from alarms.reports.page import ToldPage
from alarms.reports.page_changes import is_same, match


@dataclass(frozen=True, slots=True)
class NotReproduced:
    page: ToldPage
    reason: str


@dataclass(frozen=True, slots=True)
class Reproduction:
    """``extra`` are simulated pages that were never put into the outbox."""

    real: int
    reproduced: int
    others: Sequence[NotReproduced]
    extra: Sequence[ToldPage]
    undelivered: int


def reproduction(
    history: History, simulated: Sequence[ToldPage], related: Mapping[str, Set[str]], record_begins: datetime
) -> Reproduction:
    pairs = match(history.pages, simulated, related)
    there = {id(one): other for one, other in pairs}
    others = []
    for page in history.pages:
        other = there.get(id(page))
        if other is None or not is_same(page, other):
            others.append(NotReproduced(page, _why(page, other, history, related, record_begins)))
    used = {id(other) for _, other in pairs}
    return Reproduction(
        real=len(history.pages),
        reproduced=len(history.pages) - len(others),
        others=others,
        extra=[page for page in simulated if id(page) not in used],
        undelivered=history.undelivered,
    )


def _why(
    page: ToldPage,
    other: ToldPage | None,
    history: History,
    related: Mapping[str, Set[str]],
    record_begins: datetime,
) -> str:
    incident = history.incidents.get(page.incident)
    if incident is None or incident.opened_at < record_begins:
        return "its incident began before the record does"
    if page.kind == TransitionKind.UNDELIVERABLE:
        return "sent because another message could not be delivered; in the simulation every one is"
    if page.kind == TransitionKind.REPAIRED:
        return "sent by the auditor, which repaired something; in the simulation nothing breaks"
    if page.incident not in related:
        return "none of the alerts of its incident is on record"
    if other is None:
        return "the simulation does not send it"
    if other.target != page.target:
        return f"the simulation tells {other.target}: who was on duty is read from today's schedules"
    if other.severity is not page.severity:
        return f"the simulation says {other.severity}"
    return f"the simulation sends it at {other.at:%Y-%m-%d %H:%M:%S}: the router was late, or did not run"
