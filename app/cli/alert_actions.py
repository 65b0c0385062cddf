"""``mirante alerts reassign``, ``snooze``, ``note`` and the silences: who has it, and when to be quiet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import click

from app.bootstrap.running import own_console
from app.cli.alerts import BY, NOTE, desk_of, remote_desk
from app.cli.context import counted, instant_text, list_table, pass_settings, say, shown, stdout
from app.settings import Settings
from foundation.clock import parse_clock

MOST_MINUTES = 1_000_000  # nearly two years: what is longer than allowed, the router says
MINUTES = click.option(
    "--minutes", type=click.IntRange(1, MOST_MINUTES), required=True, help="How long to snooze."
)


@click.command()
@click.argument("incident_id")
@click.argument("to")
@BY
@NOTE
@pass_settings
def reassign(settings: Settings, incident_id: str, to: str, by: str, note: str) -> None:
    """Hand an incident to a team or TEAM:PERSON, who are notified and get the full time to acknowledge."""
    item = desk_of(settings).reassign(incident_id, to, by, note)
    say(f"{item.id} is now with {item.owner}.")


@click.command()
@click.argument("incident_id")
@MINUTES
@BY
@NOTE
@pass_settings
def snooze(settings: Settings, incident_id: str, minutes: int, by: str, note: str) -> None:
    """Snooze an incident: deadlines before that time move to that time."""
    until = parse_clock(settings.clock).now() + timedelta(minutes=minutes)
    item = desk_of(settings).snooze(incident_id, until, by, note)
    say(f"{item.id} is snoozed until {instant_text(until)}.")


@click.command()
@click.argument("incident_id")
@click.argument("text")
@BY
@pass_settings
def note(settings: Settings, incident_id: str, text: str, by: str) -> None:
    """Add a note to the timeline; the next notifications show it."""
    item = desk_of(settings).note(incident_id, by, text)
    say(f"{item.id}: noted.")


@click.command()
@click.argument("matchers", nargs=-1, required=True)
@click.option(
    "--from", "start", metavar="TIME", help="As 2026-12-24T18:00Z; UTC unless it says more.  [default: now]"
)
@click.option("--minutes", type=click.IntRange(1, MOST_MINUTES), required=True, help="How long it lasts.")
@click.option("--everything", is_flag=True, help="Confirm that it is meant to cover every alert.")
@BY
@click.option("--comment", required=True, help="Reason; stored and shown.")
@pass_settings
def silence(
    settings: Settings,
    matchers: tuple[str, ...],
    start: str | None,
    minutes: int,
    everything: bool,
    by: str,
    comment: str,
) -> None:
    """Silence matching alerts: they are stored and shown, but nobody is notified, as with
    'slo="credit/decision-latency"'."""
    from alarms.policy.policy_file import parse_matcher

    begins = parse_clock(settings.clock).now() if start is None else _instant(start)
    try:
        parsed = [parse_matcher(text) for text in matchers]
    except ValueError as error:
        fix = 'write LABEL="value", with =, !=, =~ or !~'
        raise click.BadParameter(f"{error}; {fix}", param_hint="MATCHERS") from error
    desk = desk_of(settings)
    ends = begins + timedelta(minutes=minutes)
    made = desk.silence(parsed, begins, ends, by, comment, everything=everything)
    since = "" if start is None else f"from {instant_text(made.starts_at)} "
    say(f"silence {made.id} {since}until {instant_text(made.ends_at)}: {', '.join(map(str, made.matchers))}")
    covered = desk.covered(made.id)
    if covered.remark:
        click.echo(shown(covered.remark), err=True)
    else:
        say(f"covers now: {counted(covered.alerts, 'alert')} of {counted(covered.incidents, 'incident')}.")


def _instant(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"{text!r} is not a time; write 2026-12-24T18:00Z", param_hint="--from"
        ) from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


@click.command()
@pass_settings
def silences(settings: Settings) -> None:
    """List silences that have not ended."""
    found = desk_of(settings).silences()
    if not found:
        say("There are no active or planned silences.")
        return
    table = list_table("id", "from", "until", "by", "matches", "why")
    table.columns[0].no_wrap = True
    for item in found:
        matches = ", ".join(map(str, item.matchers))
        begins, ends = instant_text(item.starts_at), instant_text(item.ends_at)
        table.add_row(item.id, begins, ends, item.created_by, matches, item.comment)
    stdout.print(table)


@click.command()
@click.argument("silence_id")
@BY
@pass_settings
def unsilence(settings: Settings, silence_id: str, by: str) -> None:
    """End a silence now; incidents that it held back are paged."""
    desk_of(settings).expire_silence(silence_id, by)
    say(f"silence {silence_id} has ended.")


@click.command()
@BY
@pass_settings
def reload(settings: Settings, by: str) -> None:
    """Have a running router read policy, schedules, people and channels anew.

    A running router also reads them by itself a few seconds after a file changes. If one of them is broken,
    nothing changes. Asks the router at `router_url` if it is set, otherwise the one on this machine.
    """
    asked = settings if settings.router_url else replace(settings, router_url=own_console(settings))
    read_at = remote_desk(asked).reload(by)
    say(f"policy, schedules, people and channels apply as they are since {instant_text(read_at)}.")
