"""Who has the duty, now and in the coming days; and who stands in for whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from alarms.intake.heartbeats import BeatStatus
from alarms.model.duty import TeamDuty
from alarms.model.errors import InvalidRequest
from alarms.policy.weekly_hours import instant_of, is_skipped
from app.console.formats import Formats
from app.console.ports import ConsoleDependencies
from app.console.visits import Reader

AHEAD = timedelta(days=14)
LONGEST_FIELD = 500  # characters of what a person writes into a form


@dataclass(frozen=True, slots=True)
class Shift:
    person: str
    begins: str
    ends: str
    now: bool


@dataclass(frozen=True, slots=True)
class StandIn:
    id: str
    person: str
    begins: str
    ends: str
    by: str
    why: str


@dataclass(frozen=True, slots=True)
class TeamView:
    """Times are those of the team's own zone."""

    id: str
    title: str
    zone: str
    on_duty: str
    until: str
    shifts: tuple[Shift, ...]
    stand_ins: tuple[StandIn, ...]


@dataclass(frozen=True, slots=True)
class BeatView:
    """A source that must not go quiet; ``state`` is a word of the texts."""

    name: str
    state: str
    heard: str
    due: str


def duty_page(deps: ConsoleDependencies, reader: Reader) -> dict[str, object]:
    """Raises ``AlarmsError`` when the router's store cannot be read."""
    teams = deps.desk.duty(reader.now, reader.now + AHEAD)
    names = teams[0].names if teams else {}
    people = sorted(names.items(), key=lambda entry: entry[1].casefold())
    beats = [_beat(status, reader.formats) for status in deps.heartbeats()]
    return {
        "teams": [_team(team, reader) for team in teams],
        "people": people,
        "days": AHEAD.days,
        "beats": beats,
    }


def change_duty(deps: ConsoleDependencies, action: str, form: Mapping[str, str], by: str) -> None:
    """
    Raises:
        KeyError: there is no such action.
        InvalidRequest: it cannot be meant so.
        NotAllowed: what is to be removed is not there.
    """
    actions: Mapping[str, Callable[[], object]] = {
        "override": lambda: deps.desk.override_duty(
            _field(form, "team"),
            _field(form, "person"),
            _when(deps, form, "from"),
            _when(deps, form, "until"),
            by,
            _field(form, "why"),
        ),
        "swap": lambda: deps.desk.swap_duty(
            _field(form, "team"), _field(form, "one"), _field(form, "other"), by, _field(form, "why")
        ),
        "remove": lambda: deps.desk.end_override(_field(form, "id"), by),
    }
    actions[action]()


def _beat(status: BeatStatus, formats: Formats) -> BeatView:
    heard = "" if status.heard_at is None else formats.instant(status.heard_at)
    return BeatView(status.beat.name, status.state.value, heard, formats.instant(status.due))


def _team(team: TeamDuty, reader: Reader) -> TeamView:
    formats = Formats(reader.language, team.time_zone)
    whole = reader.texts("duty.whole_team")

    def name(person: str | None) -> str:
        return whole if person is None else team.name_of(person)

    first = team.spans[0]
    return TeamView(
        id=team.team,
        title=team.title.pt if reader.language == "pt" else team.title.en,
        zone=team.time_zone,
        on_duty=name(first.person),
        until=formats.instant(first.ends_at) if len(team.spans) > 1 else "",
        shifts=tuple(
            Shift(
                person=name(span.person),
                begins=formats.instant(span.starts_at),
                ends=formats.instant(span.ends_at),
                now=span is first,
            )
            for span in team.spans
        ),
        stand_ins=tuple(
            StandIn(
                one.id,
                name(one.person),
                formats.instant(one.starts_at),
                formats.instant(one.ends_at),
                one.created_by,
                one.why,
            )
            for one in team.overrides
        ),
    )


def _field(form: Mapping[str, str], name: str) -> str:
    return form.get(name, "").strip()[:LONGEST_FIELD]


def _when(deps: ConsoleDependencies, form: Mapping[str, str], name: str) -> datetime:
    """As a browser writes it, in the team's own time zone; an empty beginning is now."""
    now, text, team = deps.clock.now(), _field(form, name), _field(form, "team")
    if not text and name == "from":
        return now
    zones = {one.team: one.time_zone for one in deps.desk.duty(now, now + timedelta(days=1))}
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest(name, f"{text!r} is not a time", "Write 2026-12-24T18:00") from None
    if at.tzinfo is not None:
        return at
    zone = ZoneInfo(zones.get(team, "UTC"))
    if is_skipped(at, zone):
        problem = f"{text!r} does not exist in {zone.key}: clocks are put forward over it"
        raise InvalidRequest(name, problem, "Choose another time")
    return instant_of(at, zone)
