"""``mirante alerts heartbeats``: which sources are heard from, and which are quiet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from app.cli.alerts import local_router, remote_desk
from app.cli.context import (
    age_text,
    echo_json,
    instant_text,
    json_option,
    list_table,
    pass_settings,
    say,
    stdout,
)
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.quantities import span_text

if TYPE_CHECKING:
    from alarms.intake.heartbeats import BeatStatus

STYLES = {"quiet": "bold red", "awaited": "yellow", "alive": "green"}


@click.command()
@json_option
@pass_settings
def heartbeats(settings: Settings, as_json: bool) -> None:
    """List the sources that must not go quiet: when each was last heard from, and when it is due."""
    from rich.text import Text

    found = _statuses(settings)
    if as_json:
        echo_json([_document(status) for status in found])
        return
    if not found:
        say("No heartbeat is expected; alarms/intakes.yaml names them.")
        return
    now = parse_clock(settings.clock).now()
    table = list_table("name", "state", "last heard", "due", "every", "grace", "severity")
    for status in found:
        beat = status.beat
        heard = "never" if status.heard_at is None else age_text(status.heard_at, now)
        state = Text(status.state.value, style=STYLES[status.state.value])
        every, grace = span_text(beat.every), span_text(beat.grace)
        due = instant_text(status.due)
        table.add_row(beat.name, state, heard, due, every, grace, beat.severity.value)
    stdout.print(table)


def _statuses(settings: Settings) -> Sequence[BeatStatus]:
    if settings.router_url:
        return remote_desk(settings).heartbeats()
    from alarms.intake.heartbeats import statuses
    from alarms.intake.intakes_file import load_intakes

    routing = local_router(settings)
    expected = load_intakes(routing.files.folders).heartbeats
    return statuses(routing.store, expected, parse_clock(settings.clock).now())


def _document(status: BeatStatus) -> dict[str, object]:
    return {
        "name": status.beat.name,
        "state": status.state.value,
        "heard_at": status.heard_at,
        "due": status.due,
        "every_seconds": status.beat.every.total_seconds(),
        "grace_seconds": status.beat.grace.total_seconds(),
        "severity": status.beat.severity.value,
    }
