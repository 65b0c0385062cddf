"""When each alert fired, and which incidents it belonged to meanwhile."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from alarms.model.severity import Severity
from alarms.reports.world import HeardAlert


@dataclass(frozen=True, slots=True)
class Stay:
    """In one cycle of an incident, from ``at`` on."""

    at: datetime
    incident: str
    cycle: int
    one_thing: bool
    known: bool  # the same alert, or a replica of it, was in that cycle before


@dataclass(slots=True)
class Episode:
    """One firing of an alert, to its end (None: it still fires), at its worst severity."""

    story: str
    title: str
    began: datetime
    severity: Severity
    ended: datetime | None = None
    stays: list[Stay] = field(default_factory=list)

    def until(self, end: datetime) -> Episode:
        """With an end."""
        return self if self.ended is not None else replace(self, ended=end)


class Episodes:
    def __init__(self) -> None:
        self._now: dict[str, Episode] = {}
        self._over: list[Episode] = []
        self._in_cycle: set[tuple[str, int, str]] = set()

    def heard(self, heard: HeardAlert) -> None:
        episode = self._now.get(heard.story)
        if not heard.firing:
            if episode is not None:
                episode.ended = heard.at
                self._over.append(self._now.pop(heard.story))
            return
        if episode is None:
            episode = Episode(heard.story, heard.title, heard.at, heard.severity)
            self._now[heard.story] = episode
        if heard.severity.worse_than(episode.severity):
            episode.severity = heard.severity
        if heard.incident is not None:
            self._stay(episode, heard, heard.incident)

    def _stay(self, episode: Episode, heard: HeardAlert, incident: str) -> None:
        last = episode.stays[-1] if episode.stays else None
        if last is not None and (last.incident, last.cycle) == (incident, heard.cycle):
            return
        place = (incident, heard.cycle, heard.member)
        known = place in self._in_cycle
        self._in_cycle.add(place)
        episode.stays.append(Stay(heard.at, incident, heard.cycle, heard.one_thing, known))

    def all(self) -> list[Episode]:
        """In the order they began."""
        return sorted([*self._over, *self._now.values()], key=lambda one: one.began)
