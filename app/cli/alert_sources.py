"""``mirante alerts sources``: who is asked what fires, and how that compares with what is known here."""

from __future__ import annotations

import click

from app.cli.alerts import desk_of
from app.cli.context import age_text, echo_json, json_option, list_table, pass_settings, say, stdout
from app.settings import Settings
from foundation.clock import parse_clock


@click.command()
@json_option
@pass_settings
def sources(settings: Settings, as_json: bool) -> None:
    """Show each source that is asked what fires: state, alerts firing there, heard and missing here."""
    found = desk_of(settings).sources()
    if as_json:
        echo_json(list(found))
        return
    if not found:
        say("No source has been asked yet. Set alertmanager, prometheus or alarm_queue for the router.")
        return
    now = parse_clock(settings.clock).now()
    numbers = ("firing", "heard", "missing", "unreported")
    table = list_table("source", "state", "since", "asked", *numbers, "remark", right=numbers)
    for one in found:
        asked, since = age_text(one.asked_at, now), age_text(one.since, now)
        counts = (one.firing, one.heard, one.missing, one.unreported)
        table.add_row(one.name, one.state.value, since, asked, *(f"{count}" for count in counts), one.remark)
    stdout.print(table)
