"""Who is on duty: rotations with overrides, in their own time zone (``alarms/schedules.yaml``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from alarms.policy.defaults import SCHEDULES
from foundation.files import read_document
from foundation.located import Place
from foundation.workspace import SHIPPED


@dataclass(frozen=True, slots=True)
class Override:
    """``person`` has the duty in ``[starts, ends)``, whoever's turn it is."""

    person: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Handover every ``every`` of *local* time from ``starts`` (local): a weekly 09:00 stays 09:00."""

    time_zone: str
    starts: datetime  # naive, local
    every: timedelta
    people: tuple[str, ...]
    overrides: tuple[Override, ...] = ()

    @property
    def known(self) -> frozenset[str]:
        """Everybody who ever has the duty."""
        return frozenset(self.people) | {override.person for override in self.overrides}

    def on_duty(self, at: datetime) -> str | None:
        for override in self.overrides:
            if override.starts <= at < override.ends:
                return override.person
        if not self.people:
            return None
        local = at.astimezone(ZoneInfo(self.time_zone)).replace(tzinfo=None)
        return self.people[(local - self.starts) // self.every % len(self.people)]


@dataclass(frozen=True, slots=True)
class Schedules:
    by_team: Mapping[str, Schedule] = field(default_factory=dict)

    def target(self, team: str, at: datetime) -> str:
        """``team:person`` on duty, or the whole team when nobody is."""
        schedule = self.by_team.get(team)
        person = None if schedule is None else schedule.on_duty(at)
        return team if person is None else f"{team}:{person}"


def load_schedules(path: Path = SHIPPED.alarms / SCHEDULES) -> Schedules:
    """Raises ``foundation.errors.DefinitionErrors``."""
    top = read_document(path)
    fields = top.fields(["version", "time_zone", "schedules"])
    fields["version"].choice(["1"])
    zone = _zone(fields["time_zone"])
    schedules = {team: _schedule(place, zone) for team, place in fields["schedules"].entries()}
    top.source.problems.raise_if_any()
    return Schedules(schedules)


def _zone(place: Place) -> str:
    zone = place.text()
    if zone in available_timezones():
        return zone
    if zone:
        place.wrong(f"{zone!r} is not a time zone", "Use an IANA name: America/Sao_Paulo")
    return "UTC"


def _schedule(place: Place, default_zone: str) -> Schedule:
    fields = place.fields(["rotation"], ["overrides", "time_zone"])
    zone = _zone(fields["time_zone"]) if "time_zone" in fields else default_zone
    rotation = fields["rotation"].fields(["starts", "every", "people"])
    overrides = fields["overrides"].items() if "overrides" in fields else []
    return Schedule(
        time_zone=zone,
        starts=_local(rotation["starts"]),
        every=rotation["every"].duration(least=timedelta(minutes=1)),
        people=rotation["people"].texts(),
        overrides=tuple(_override(item, ZoneInfo(zone)) for item in overrides),
    )


def _override(place: Place, zone: ZoneInfo) -> Override:
    fields = place.fields(["person", "starts", "ends"])
    starts, ends = (_local(fields[key]).replace(tzinfo=zone).astimezone(UTC) for key in ("starts", "ends"))
    if fields["starts"].given and starts >= ends:
        place.wrong("ends before it starts", "Swap starts and ends")
    return Override(fields["person"].text(), starts, ends)


def _local(place: Place) -> datetime:
    text = place.text()
    try:
        instant = datetime.fromisoformat(text) if text else datetime(2000, 1, 1)  # noqa: DTZ001 - local by design
    except ValueError:
        place.wrong(f"{text!r} is not a local date and time", "Write 2026-01-05T09:00")
        return datetime(2000, 1, 1)  # noqa: DTZ001
    if instant.tzinfo is not None:
        place.wrong("has its own time zone", "Write local time; the schedule's time_zone applies")
    return instant.replace(tzinfo=None)
