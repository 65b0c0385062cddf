"""A page: one target told of one incident at one step, by however many channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alarms.model.notification import NotifyStep
from alarms.model.severity import Severity
from alarms.stores.record import Told

NO_PAGES = (NotifyStep.RESOLVED, NotifyStep.REMEDIATION)  # they ask nothing of a person


@dataclass(frozen=True, slots=True)
class ToldPage:
    at: datetime
    incident: str
    title: str
    severity: Severity
    step: NotifyStep
    target: str  # a team, or "team:person"
    cycle: int
    kind: str  # of the transition that it is about
    out_of_hours: bool

    @property
    def team(self) -> str:
        return self.target.partition(":")[0]


def pages_of(told: Iterable[Told], titles: Mapping[str, str]) -> Iterator[ToldPage]:
    """In the order of what was told; each once."""
    seen: set[tuple[str, int, NotifyStep, str]] = set()
    for one in told:
        place = (one.incident_id, one.transition, one.step, one.target)
        if one.step in NO_PAGES or place in seen:
            continue
        seen.add(place)
        yield ToldPage(
            at=one.created_at,
            incident=one.incident_id,
            title=titles.get(one.incident_id, ""),
            severity=one.severity,
            step=one.step,
            target=one.target,
            cycle=one.cycle,
            kind=one.attributes.get("kind", ""),
            out_of_hours=one.attributes.get("out_of_hours") == "true",
        )
