"""``mirante slo exclude``, ``exclusions`` and ``include``: maintenance that does not count, audited."""

from __future__ import annotations

import getpass
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from app.bootstrap.paths import DataPaths
from app.cli.context import instant_text, pass_settings, plain_table, say, stdout
from app.cli.slo import slo
from app.settings import Settings
from foundation.clock import parse_clock
from slo.ledger.exclusions import Exclusion
from slo.ledger.sqlite_exclusions import SqliteExclusionLog

INSTANT = click.DateTime(["%Y-%m-%dT%H:%M"])
BY = click.option("--by", default=getpass.getuser, help="Who asks for it.  [default: the user]")


@contextmanager
def _log(settings: Settings) -> Iterator[SqliteExclusionLog]:
    log = SqliteExclusionLog(DataPaths(settings.data_dir).exclusions)
    try:
        yield log
    finally:
        log.close()


@slo.command()
@click.argument("slo_pattern")
@click.option("--from", "start", type=INSTANT, required=True, help="First minute (UTC), 2026-03-10T02:00.")
@click.option("--to", "end", type=INSTANT, required=True, help="End (UTC).")
@click.option("--reason", required=True, help="Why; kept for the audit and shown.")
@BY
@pass_settings
def exclude(
    settings: Settings, slo_pattern: str, start: datetime, end: datetime, reason: str, by: str
) -> None:
    """Leave minutes of the SLOs matching SLO_PATTERN (credit/*) out of their budgets.

    Nothing is deleted: raw and adjusted numbers stand side by side, and what was asked afterwards says so.
    """
    now = parse_clock(settings.clock).now()
    made = Exclusion(
        secrets.token_hex(4), slo_pattern, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), reason, by, now
    )
    with _log(settings) as log:
        log.request(made)
    afterwards = ", asked for afterwards" if made.asked_afterwards else ""
    say(
        f"exclusion {made.exclusion_id} of {slo_pattern}, {instant_text(made.start)} to "
        f"{instant_text(made.end)}{afterwards}"
    )


@slo.command()
@click.argument("exclusion_id")
@BY
@pass_settings
def include(settings: Settings, exclusion_id: str, by: str) -> None:
    """Withdraw an exclusion: a second record, beside the first."""
    with _log(settings) as log:
        log.withdraw(exclusion_id, by, parse_clock(settings.clock).now())
    say(f"exclusion {exclusion_id} is withdrawn by {by}; its minutes count again")


@slo.command()
@pass_settings
def exclusions(settings: Settings) -> None:
    """Every exclusion ever asked for, withdrawn ones too."""
    with _log(settings) as log:
        found = log.all()
    if not found:
        say("Nothing was ever excluded.")
        return
    table = plain_table("id", "SLOs", "from (UTC)", "to (UTC)", "by", "reason", "")
    for item in found:
        state = f"withdrawn by {item.withdrawn_by}" if not item.active else ""
        state = state or ("asked afterwards" if item.asked_afterwards else "")
        table.add_row(
            item.exclusion_id,
            item.slo_pattern,
            f"{item.start:%Y-%m-%d %H:%M}",
            f"{item.end:%Y-%m-%d %H:%M}",
            item.requested_by,
            item.reason,
            state,
        )
    stdout.print(table)
