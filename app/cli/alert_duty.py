"""``mirante alerts duty``: who has the duty now and in the coming days, and who stands in for whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from app.cli.alerts import BY, desk_of
from app.cli.context import echo_json, json_option, list_table, pass_settings, say, stdout
from app.settings import Settings
from foundation.clock import parse_clock

if TYPE_CHECKING:
    from alarms.model.duty import DutyOverride, TeamDuty
    from alarms.router.desk import Desk

AWHILE = timedelta(days=1)
BEGUN = timedelta(days=40)  # that a shift may have begun before it is exported
WHY = click.option("--why", default="", help="Reason; shown with it.")
DAYS = click.IntRange(1, 270)


@click.group(invoke_without_command=True)
@click.option("--at", "at_text", metavar="TIME", help="From then on, not from now; as 2026-12-24T18:00.")
@click.option("--days", type=DAYS, default=7, show_default=True, help="How many days to look ahead.")
@click.option("--team", "only", help="One team.  [default: all]")
@json_option
@click.pass_context
def duty(context: click.Context, at_text: str | None, days: int, only: str | None, as_json: bool) -> None:
    """Show who is on duty, now and in the coming days, for each team."""
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
    desk = desk_of(settings)
    since = _now(settings) if at_text is None else _when(at_text, _zone(desk, settings, only), "--at")
    teams = _of(desk.duty(since, since + timedelta(days=days)), only)
    if as_json:
        echo_json(teams)
        return
    _print_spans(teams, "now" if at_text is None else "then")
    _print_overrides(teams)


@duty.command()
@click.argument("team")
@click.argument("person")
@click.option(
    "--from", "start", metavar="TIME", help="As 2026-12-24T18:00, in the team's time zone.  [default: now]"
)
@click.option("--until", "end", metavar="TIME", required=True, help="The end, as --from.")
@WHY
@BY
@pass_settings
def override(
    settings: Settings, team: str, person: str, start: str | None, end: str, why: str, by: str
) -> None:
    """Let PERSON have the duty of TEAM for a time, whoever's turn it is."""
    desk = desk_of(settings)
    zone = _zone(desk, settings, team)
    begins = _now(settings) if start is None else _when(start, zone, "--from")
    made = desk.override_duty(team, person, begins, _when(end, zone, "--until"), by, why)
    _say_made([made], zone)


@duty.command()
@click.argument("team")
@click.argument("one")
@click.argument("other")
@click.option("--first", metavar="TIME", help="A time in the shift that ONE gives away.  [default: the next]")
@click.option("--second", metavar="TIME", help="A time in the shift that OTHER gives.  [default: the next]")
@WHY
@BY
@pass_settings
def swap(
    settings: Settings,
    team: str,
    one: str,
    other: str,
    first: str | None,
    second: str | None,
    why: str,
    by: str,
) -> None:
    """Swap the next shifts of two people of TEAM, or those that you name."""
    desk = desk_of(settings)
    zone = _zone(desk, settings, team)
    at, then = (
        None if text is None else _when(text, zone, option)
        for text, option in ((first, "--first"), (second, "--second"))
    )
    _say_made(desk.swap_duty(team, one, other, by, why, first=at, second=then), zone)


@duty.command()
@click.argument("override_id")
@BY
@pass_settings
def remove(settings: Settings, override_id: str, by: str) -> None:
    """Remove an override; the schedule applies again at once."""
    desk_of(settings).end_override(override_id, by)
    say(f"override {override_id} is removed.")


@duty.command()
@click.argument("who", metavar="TEAM|PERSON")
@click.option("--days", type=DAYS, default=90, show_default=True, help="How many days to look ahead.")
@pass_settings
def export(settings: Settings, who: str, days: int) -> None:
    """Write the shifts of a team or a person to standard output as an iCalendar file."""
    from alarms.reports.duty_calendar import duty_calendar

    now = _now(settings)
    # From the beginning of a month on, so that a duty that never changes hands keeps its entry for as long.
    since = (now - BEGUN).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    teams = desk_of(settings).duty(since, now + timedelta(days=days))
    own = [team for team in teams if team.team == who]
    known = sorted({person for team in teams for person in team.names})
    if not own and who not in known:
        names = ", ".join([*(team.team for team in teams), *known])
        raise click.BadParameter(f"{who!r} is neither a team nor a person; name one of {names}")
    title = f"Duty of {who if own else teams[0].name_of(who)}"
    click.echo(duty_calendar(own or teams, title, now, None if own else who).decode(), nl=False)


def _now(settings: Settings) -> datetime:
    return parse_clock(settings.clock).now()


def _of(teams: Sequence[TeamDuty], only: str | None) -> list[TeamDuty]:
    found = [team for team in teams if only in (None, team.team)]
    if not found:
        names = ", ".join(team.team for team in teams)
        raise click.BadParameter(f"{only!r} is not a team; name one of {names}")
    return found


def _zone(desk: Desk, settings: Settings, team: str | None) -> ZoneInfo:
    """The team's; where several are asked for, that of the first."""
    now = _now(settings)
    return ZoneInfo(_of(desk.duty(now, now + AWHILE), team)[0].time_zone)


def _when(text: str, zone: ZoneInfo, option: str) -> datetime:
    from alarms.policy.weekly_hours import comes_twice, instant_of, is_skipped

    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time; write 2026-12-24T18:00", param_hint=option
        ) from None
    if at.tzinfo is not None:
        return at
    if is_skipped(at, zone):
        problem = f"{text!r} does not exist in {zone.key}: clocks are put forward over it"
        raise click.BadParameter(problem, param_hint=option)
    instant = instant_of(at, zone)
    if comes_twice(at, zone):
        first = instant.astimezone(zone).isoformat(timespec="minutes")
        click.echo(f"{option}: {text} comes twice in {zone.key}; the first is taken, {first}", err=True)
    return instant


def _local(at: datetime, zone: ZoneInfo) -> str:
    return f"{at.astimezone(zone):%a %Y-%m-%d %H:%M}"


def _print_spans(teams: Sequence[TeamDuty], first: str) -> None:
    table = list_table("team", "", "from", "until", "who", "time zone")
    for team in teams:
        zone = ZoneInfo(team.time_zone)
        for number, span in enumerate(team.spans):
            begins, ends = _local(span.starts_at, zone), _local(span.ends_at, zone)
            table.add_row(
                "" if number else team.team,
                "" if number else first,
                begins,
                ends,
                _who(team, span.person),
                zone.key,
            )
    stdout.print(table)


def _who(team: TeamDuty, person: str | None) -> str:
    if person is None:
        return "the whole team"
    name = team.name_of(person)
    return name if name == person else f"{name} ({person})"


def _print_overrides(teams: Sequence[TeamDuty]) -> None:
    if not any(team.overrides for team in teams):
        return
    table = list_table("id", "team", "from", "until", "who", "by", "why", title="overrides")
    table.columns[0].no_wrap = True
    for team in teams:
        zone = ZoneInfo(team.time_zone)
        for one in team.overrides:
            begins, ends = _local(one.starts_at, zone), _local(one.ends_at, zone)
            table.add_row(one.id, one.team, begins, ends, team.name_of(one.person), one.created_by, one.why)
    stdout.print(table)


def _say_made(made: Sequence[DutyOverride], zone: ZoneInfo) -> None:
    for one in made:
        begins, ends = _local(one.starts_at, zone), _local(one.ends_at, zone)
        when = f"from {begins} until {ends} ({zone.key})"
        say(f"{one.person} has the duty of {one.team} {when}; override {one.id}")
