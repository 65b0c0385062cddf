"""``mirante ingest status`` and ``dead-letters``: what waits, and what was set aside and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from app.bootstrap.paths import paths_of
from app.cli.context import (
    age_text,
    echo_json,
    fields_of,
    instant_text,
    json_option,
    pass_settings,
    plain_table,
    say,
    stdout,
)
from app.settings import EMBEDDED, Settings
from foundation.clock import parse_clock

if TYPE_CHECKING:
    from rich.table import Table

    from dataplatform.stores.sqlite.backlog import Backlog


@click.command()
@json_option
@pass_settings
def status(settings: Settings, as_json: bool) -> None:
    """Show what is waiting, what was set aside, and the newest batches. Works while the server runs."""
    from dataplatform.stores.sqlite.backlog import read_backlog

    backlog = read_backlog(paths_of(settings).root)
    if settings.profile != EMBEDDED:
        backlog = replace(
            backlog, waiting=None, oldest=None
        )  # they wait on Kinesis, which does not count them
    if as_json:
        echo_json(fields_of(backlog) | {"dead_letters": dict(backlog.dead_letters)})
        return
    now = parse_clock(settings.clock).now()
    if backlog.waiting is None:
        say("the number of waiting records is unknown, because Kinesis does not count them")
        say("credit_ingest_lag_seconds in the /metrics of the data side shows how long they wait")
    else:
        oldest = "" if backlog.oldest is None else f", the oldest since {age_text(backlog.oldest, now)}"
        say(f"{backlog.waiting:,} records wait{oldest}")
    say(f"{sum(count for _, count in backlog.dead_letters):,} dead letters")
    for reason, count in backlog.dead_letters:
        say(f"  {count:,} {reason}")
    if backlog.batches:
        stdout.print(_batch_table(backlog))


def _batch_table(backlog: Backlog) -> Table:
    numbers = ("stored", "known", "retried", "set aside", "took")
    table = plain_table("started", *numbers, right=numbers, title="newest batches")
    for batch in backlog.batches:
        table.add_row(
            instant_text(batch.started_at),
            f"{batch.ok:,}",
            f"{batch.duplicate:,}",
            f"{batch.retried:,}",
            f"{batch.dead_letter:,}",
            f"{1000 * batch.duration_seconds:.0f} ms",
        )
    return table


@click.command(name="dead-letters")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="Most items to show."
)
@json_option
@pass_settings
def dead_letters(settings: Settings, limit: int, as_json: bool) -> None:
    """List records that were set aside, with the reason; their content stays encrypted. Works while the
    server runs."""
    from dataplatform.stores.sqlite.backlog import read_dead_letters

    letters = read_dead_letters(paths_of(settings).root, limit)
    if as_json:
        echo_json(letters)
        return
    if not letters:
        say("There are no dead letters.")
        return
    table = plain_table(
        "sequence", "arrived", "set aside", "attempts", "reason", right=("sequence", "attempts")
    )
    for letter in letters:
        table.add_row(
            str(letter.sequence),
            instant_text(letter.arrived_at),
            instant_text(letter.failed_at),
            str(letter.attempts),
            letter.reason,
        )
    stdout.print(table)
    say("`mirante ingest replay SEQUENCE...` puts them back once the cause is fixed.")
