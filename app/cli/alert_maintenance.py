"""``mirante alerts maintenance``: the windows that come back every week."""

from __future__ import annotations

import click

from app.cli.alerts import desk_of
from app.cli.context import instant_text, list_table, pass_settings, say, stdout
from app.settings import Settings
from foundation.clock import parse_clock

IN_THE_FILE = "Write them under `maintenance` in alarms/schedules.yaml; a running router reads it anew."


@click.group()
def maintenance() -> None:
    """Recurring maintenance: list its windows."""


@maintenance.command("list")
@pass_settings
def list_(settings: Settings) -> None:
    """List the windows of recurring maintenance: the one in force or the next, and the open incidents it
    covers now.

    Windows are written under `maintenance` in alarms/schedules.yaml.
    """
    from alarms.policy.maintenance import PREFIX

    desk, now = desk_of(settings), parse_clock(settings.clock).now()
    found = [item for item in desk.silences() if item.id.startswith(PREFIX)]
    if not found:
        say(f"There is no recurring maintenance. {IN_THE_FILE}")
        return
    incidents = desk.open_incidents()
    table = list_table("name", "state", "from", "until", "matches", "incidents", "why")
    for item in found:
        covered = sum(item.covers(incident.labels, now) for incident in incidents)
        state = "in force" if item.starts_at <= now < item.ends_at else "next"
        begins, ends = instant_text(item.starts_at), instant_text(item.ends_at)
        matches = ", ".join(map(str, item.matchers))
        table.add_row(item.id.removeprefix(PREFIX), state, begins, ends, matches, f"{covered}", item.comment)
    stdout.print(table)
    say(IN_THE_FILE)
