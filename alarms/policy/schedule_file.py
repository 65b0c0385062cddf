"""Reads ``alarms/schedules.yaml``: rotations, layers, overrides and recurring maintenance."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from alarms.model.errors import InvalidRequest
from alarms.model.silence import checked_matchers
from alarms.policy.defaults import SCHEDULES
from alarms.policy.maintenance import Maintenance
from alarms.policy.people import People
from alarms.policy.policy_file import read_matchers
from alarms.policy.schedule import Override, Rotation, Schedule, Schedules
from alarms.policy.weekly_hours import WeeklyHours, instant_of, is_skipped, read_weekly_hours
from foundation.clock import SystemClock
from foundation.files import read_document
from foundation.located import Place, suggestion
from foundation.workspace import SHIPPED

LEAST_TURN = timedelta(minutes=1)


def load_schedules(
    path: Path = SHIPPED.alarms / SCHEDULES, people: People | None = None, now: datetime | None = None
) -> Schedules:
    """Of these ``people``, if there are any: without them everybody is only a name.

    An override that is over by ``now`` (by default, the system's) may name somebody who has left.

    Raises ``foundation.errors.DefinitionErrors``.
    """
    top = read_document(path)
    fields = top.fields(["version", "time_zone", "schedules"], ["maintenance"])
    fields["version"].choice(["1"])
    zone, known = _zone(fields["time_zone"]), people or People()
    instant = now or SystemClock().now()
    schedules = {
        team: _schedule(place, zone, known, instant) for team, place in fields["schedules"].entries()
    }
    expected = fields["maintenance"].items() if "maintenance" in fields else []
    maintenance = tuple(_maintenance(place, zone, str(path)) for place in expected)
    for place, one in zip(expected, maintenance, strict=True):
        if [other.name for other in maintenance].count(one.name) > 1:
            place.wrong(f"there is another maintenance {one.name!r}", "Give each its own name")
    top.source.problems.raise_if_any()
    return Schedules(schedules, known, maintenance, zone)


def _zone(place: Place) -> str:
    zone = place.text()
    if zone in available_timezones():
        return zone
    if zone:
        place.wrong(f"{zone!r} is not a time zone", "Use an IANA name: America/Sao_Paulo")
    return "UTC"


def _schedule(place: Place, default_zone: str, people: People, now: datetime) -> Schedule:
    fields = place.fields(["rotation"], ["layers", "overrides", "time_zone"])
    zone = _zone(fields["time_zone"]) if "time_zone" in fields else default_zone
    layers = fields["layers"].items() if "layers" in fields else []
    overrides = fields["overrides"].items() if "overrides" in fields else []
    return Schedule(
        time_zone=zone,
        layers=tuple(_rotation(item, people) for item in [fields["rotation"], *layers]),
        overrides=tuple(_override(item, ZoneInfo(zone), people, now) for item in overrides),
    )


def _rotation(place: Place, people: People) -> Rotation:
    fields = place.fields(["starts", "every", "people"], ["days", "from", "until"])
    return Rotation(
        starts=_local(fields["starts"]),
        every=fields["every"].duration(least=LEAST_TURN),
        people=tuple(_person(item, people) for item in fields["people"].items()),
        hours=read_weekly_hours(*(fields.get(key) for key in ("days", "from", "until"))),
    )


def _override(place: Place, zone: ZoneInfo, people: People, now: datetime) -> Override:
    fields = place.fields(["person", "starts", "ends"])
    given = {key: _local(fields[key]) for key in ("starts", "ends")}
    starts, ends = (instant_of(local, zone) for local in given.values())
    for key in (key for key, local in given.items() if ends > now and is_skipped(local, zone)):
        fields[key].wrong(
            f"does not exist in {zone.key}: clocks are put forward over it", "Choose another time"
        )
    if fields["starts"].given and starts >= ends:
        place.wrong("ends before it starts", "Swap starts and ends")
    return Override(_person(fields["person"], people if ends > now else People()), starts, ends)


def _person(place: Place, people: People) -> str:
    name = place.text()
    if people.by_id and name and name not in people.by_id:
        fix = suggestion(name, list(people.by_id), "Add this person to people.yaml")
        place.wrong(f"{name!r} is nobody of people.yaml", fix)
    if ":" in name:
        place.wrong(f"{name!r} contains a colon", "Write the name without it")
    return name


def _maintenance(place: Place, default_zone: str, file: str) -> Maintenance:
    fields = place.fields(["name", "match", "every", "comment"], ["from", "until", "time_zone"])
    matchers = read_matchers(fields["match"])
    try:
        checked_matchers(matchers)
    except InvalidRequest as error:
        fields["match"].wrong(error.problem, error.fix)
    return Maintenance(
        name=fields["name"].text(),
        matchers=matchers,
        hours=read_weekly_hours(fields["every"], fields.get("from"), fields.get("until")) or WeeklyHours(),
        time_zone=_zone(fields["time_zone"]) if "time_zone" in fields else default_zone,
        comment=fields["comment"].text(),
        written_in=Path(file).name,
    )


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
