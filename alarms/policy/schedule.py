"""Who is on duty: rotations in layers, with overrides, in their own time zone (``alarms/schedules.yaml``)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarms.model.duty import DutyOverride, DutySpan
from alarms.policy.maintenance import Maintenance
from alarms.policy.people import People
from alarms.policy.weekly_hours import WeeklyHours, instant_of

NOBODY: Sequence[DutyOverride] = ()


@dataclass(frozen=True, slots=True)
class Override:
    """``person`` has the duty in ``[starts, ends)``, whoever's turn it is."""

    person: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Rotation:
    """Handover every ``every`` of *local* time from ``starts`` (local): a weekly 09:00 stays 09:00.

    Outside ``hours`` (None: always) it says nothing.
    """

    starts: datetime  # naive, local
    every: timedelta
    people: tuple[str, ...]
    hours: WeeklyHours | None = None

    def on_duty(self, at: datetime, zone: ZoneInfo) -> str | None:
        if not self.people or (self.hours is not None and self.hours.window(at, zone) is None):
            return None
        return self.people[self._turn(at, zone) % len(self.people)]

    def edges(self, since: datetime, until: datetime, zone: ZoneInfo) -> Iterator[datetime]:
        """Where who is on duty may change."""
        if self.hours is not None:
            yield from self.hours.edges(since, until, zone)
        if len(self.people) > 1:
            turns = range(self._turn(since, zone) + 1, self._turn(until, zone) + 1)
            yield from (self._handover(turn, zone) for turn in turns)

    def _turn(self, at: datetime, zone: ZoneInfo) -> int:
        """Handovers since the first; when clocks change, a local time alone does not say whether it was."""
        local = at.astimezone(zone).replace(tzinfo=None)
        turn = (local - self.starts) // self.every
        while self._handover(turn + 1, zone) <= at:
            turn += 1
        while self._handover(turn, zone) > at:
            turn -= 1
        return turn

    def _handover(self, turn: int, zone: ZoneInfo) -> datetime:
        return instant_of(self.starts + turn * self.every, zone)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The last of ``layers`` that has somebody is the one that counts; overrides go over all of them."""

    time_zone: str
    layers: tuple[Rotation, ...]
    overrides: tuple[Override, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Everybody who ever has the duty."""
        in_turn = {person for layer in self.layers for person in layer.people}
        return frozenset(in_turn) | {override.person for override in self.overrides}

    def on_duty(self, at: datetime) -> str | None:
        for override in self.overrides:
            if override.starts <= at < override.ends:
                return override.person
        zone = ZoneInfo(self.time_zone)
        found = (layer.on_duty(at, zone) for layer in reversed(self.layers))
        return next((person for person in found if person is not None), None)

    def edges(self, since: datetime, until: datetime) -> Iterator[datetime]:
        zone = ZoneInfo(self.time_zone)
        for override in self.overrides:
            yield from (override.starts, override.ends)
        for layer in self.layers:
            yield from layer.edges(since, until, zone)


@dataclass(frozen=True, slots=True)
class Schedules:
    """Who is on duty when, who these people are, and when maintenance is expected.

    ``planned``: overrides that somebody made while the router ran, in the order they were made; of those that
    meet, the last counts, and each counts more than the file.
    """

    by_team: Mapping[str, Schedule] = field(default_factory=dict)
    people: People = field(default_factory=People)
    maintenance: tuple[Maintenance, ...] = ()
    time_zone: str = "UTC"  # of a team without a schedule

    def on_duty(self, team: str, at: datetime, planned: Iterable[DutyOverride] = NOBODY) -> str | None:
        now = [one for one in planned if one.team == team and one.starts_at <= at < one.ends_at]
        if now:
            return now[-1].person
        schedule = self.by_team.get(team)
        return None if schedule is None else schedule.on_duty(at)

    def target(self, team: str, at: datetime, planned: Iterable[DutyOverride] = NOBODY) -> str:
        """``team:person`` on duty, or the whole team when nobody is."""
        person = self.on_duty(team, at, planned)
        return team if person is None else f"{team}:{person}"

    def zone_of(self, team: str) -> str:
        schedule = self.by_team.get(team)
        return self.time_zone if schedule is None else schedule.time_zone

    def knows(self, team: str, person: str) -> bool:
        """Whether this person may have the duty, as far as anybody has written down."""
        schedule = self.by_team.get(team)
        return person in self.people.by_id or (schedule is not None and person in schedule.known)

    def spans(
        self, team: str, since: datetime, until: datetime, planned: Sequence[DutyOverride] = NOBODY
    ) -> list[DutySpan]:
        """Who has the duty from when to when, without a gap; the first and the last are cut to the time asked
        for."""
        found: list[DutySpan] = []
        edges = sorted(
            {since, *(edge for edge in self._edges(team, since, until, planned) if since < edge < until)}
        )
        for start, end in zip(edges, [*edges[1:], until], strict=True):
            person = self.on_duty(team, start, planned)
            if found and found[-1].person == person:
                start = found.pop().starts_at
            found.append(DutySpan(team, person, start, end))
        return found

    def _edges(
        self, team: str, since: datetime, until: datetime, planned: Iterable[DutyOverride]
    ) -> Iterator[datetime]:
        for one in planned:
            yield from (one.starts_at, one.ends_at)
        if (schedule := self.by_team.get(team)) is not None:
            yield from schedule.edges(since, until)
