"""``mirante slo``: budget left, burn, time to exhaustion, alerts; and maintenance that does not count."""

from __future__ import annotations

import getpass
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.bootstrap.paths import claimed_paths, paths_in
from app.cli.context import echo_json, instant_text, pass_settings, plain_table, say, stderr, stdout
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.paths import is_absent

if TYPE_CHECKING:
    from app.bootstrap.slo_view import SloView
    from slo.drift import DriftReport
    from slo.judge.status import ObjectiveStatus
    from slo.ledger.sqlite_exclusions import SqliteExclusionLog

INSTANT = click.DateTime(["%Y-%m-%dT%H:%M"])
BY = click.option(
    "--by", default=getpass.getuser, help="Name of the person who asks for it.  [default: the user]"
)


@click.group()
def slo() -> None:
    """Service levels: status and detail."""


@slo.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, exact counts and ratios.")
@click.option("--watch", is_flag=True, help="Redraw every two seconds until interrupted.")
@pass_settings
def status(settings: Settings, as_json: bool, watch: bool) -> None:
    """Show budget left, burn per window, time to exhaustion and firing alerts of every SLO."""
    from app.bootstrap.slo_view import open_slo_view

    with stderr.progress("reading the definitions") as step:
        view = open_slo_view(settings, step)
    if as_json:
        from app.cli.slo_documents import composite_document, status_documents

        documents = status_documents(view.statuses(), _audited(settings, view))
        documents += [composite_document(item) for item in view.composites()]
        echo_json(documents)
        return
    from app.slo_tables import composites_table, overview

    if not watch:
        statuses = view.statuses()
        stdout.print(overview(statuses))
        _hint(settings, statuses)
        if view.catalogue.composites:
            stdout.print(composites_table(view.composites()))
        _tell_drift(_audited(settings, view), view)
        return
    from rich.live import Live

    with Live(overview(view.statuses()), console=stdout.console, refresh_per_second=1) as live:
        while True:
            time.sleep(2)
            live.update(overview(view.statuses()))


@slo.command()
@click.argument("slo_id")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, exact counts and ratios.")
@pass_settings
def show(settings: Settings, slo_id: str, as_json: bool) -> None:
    """Show one SLO in detail: what counts, the arithmetic of each tier, the budget and its forecast."""
    from app.bootstrap.slo_view import open_slo_view

    with stderr.progress("reading the definitions") as step:
        view = open_slo_view(settings, step)
    statuses = view.statuses(slo_id)
    if as_json:
        from app.cli.slo_documents import status_documents

        echo_json(status_documents(statuses, _audited(settings, view)))
        return
    from app.slo_tables import detail
    from slo.judge.worst import worst_groups

    shown = worst_groups(statuses)
    for item in shown.statuses:
        stdout.print(detail(item))
    for hidden in shown.hidden:
        say(hidden.en)
    _hint(settings, statuses)
    _tell_drift(_audited(settings, view), view, slo_id)


def _audited(settings: Settings, view: SloView) -> DriftReport | None:
    """What came of holding the recorded budgets against the counts; ``None``: no Prometheus is named."""
    from app.bootstrap.drift_watch import drift_report

    with stderr.progress("comparing what is recorded with what was counted") as step:
        return drift_report(settings, view, step)


def _tell_drift(report: DriftReport | None, view: SloView, slo_id: str | None = None) -> None:
    if report is None:
        return
    from slo.drift.texts import report_text

    own = [one for one in report.findings if slo_id in (None, one.slo_id)]
    for line in report_text(replace(report, findings=tuple(own)), view.clock.now()):
        say(line.en)


def _hint(settings: Settings, statuses: Sequence[ObjectiveStatus]) -> None:
    """Where to look, when nothing has data."""
    if not statuses or any(item.known for item in statuses):
        return
    from app.bootstrap.count_source import counted_from

    newest = max((item.last_data for item in statuses if item.last_data), default=None)
    found = "nothing was ever counted"
    if newest is not None:
        found = f"the newest counts are of {instant_text(newest)}"
    where = f"counts come from {counted_from(settings)}: check that it runs and answers"
    stderr.print(f"note: {found}; {where}", markup=False, soft_wrap=True)


@slo.command()
@click.option("--prometheus", help="Prometheus URL.  [default: the setting `prometheus`]")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="How far back (UTC).")
@pass_settings
def collect(settings: Settings, prometheus: str | None, since: datetime | None) -> None:
    """Read counts into the ledger once: a backfill from a Prometheus, or from CloudWatch if `count_source`
    says so. Reading again changes nothing."""
    from app.bootstrap.count_source import JOURNALS, PROMETHEUS, count_collector, count_source
    from slo.ledger.sqlite_count_reader import SqliteCountReader
    from slo.ledger.sqlite_ledger import SqliteLedger
    from slo.loaders.catalogue_files import catalogue_of

    if prometheus:
        settings = replace(settings, prometheus=prometheus, count_source=PROMETHEUS)
    if count_source(settings) == JOURNALS:
        raise click.UsageError(
            "give a Prometheus with --prometheus, or set count_source to cloudwatch; `mirante up` "
            "reads the journals by itself"
        )
    slos = catalogue_of(settings.folders).slos
    clock = parse_clock(settings.clock)
    history = timedelta(days=1) if since is None else clock.now() - since.replace(tzinfo=UTC)
    paths = claimed_paths(settings)
    ledger, journals = SqliteLedger(paths.ledger), SqliteCountReader(paths.journals)
    with (
        stderr.progress("collecting") as step,
        count_collector(settings, slos, ledger, journals, clock, history, step) as collector,
    ):
        done = collector.collect()
    ledger.close()
    say(f"{done.rows:,} rows for the minutes from {instant_text(done.since)} to {instant_text(done.until)}")
    for slo_id, reason in collector.refused.items():
        say(f"not counted: {slo_id}: {reason}")


@contextmanager
def _log(path: Path) -> Iterator[SqliteExclusionLog]:
    from slo.ledger.sqlite_exclusions import SqliteExclusionLog

    log = SqliteExclusionLog(path)
    try:
        yield log
    finally:
        log.close()


@slo.command()
@click.argument("slo_pattern")
@click.option(
    "--from", "start", type=INSTANT, required=True, help="First minute (UTC), such as 2026-03-10T02:00."
)
@click.option("--to", "end", type=INSTANT, required=True, help="End (UTC).")
@click.option("--reason", required=True, help="Reason; stored for the audit and shown.")
@BY
@pass_settings
def exclude(
    settings: Settings, slo_pattern: str, start: datetime, end: datetime, reason: str, by: str
) -> None:
    """Exclude minutes from the budgets of the SLOs matching SLO_PATTERN (credit/*).

    Nothing is deleted: raw and adjusted numbers are shown side by side, and later requests are marked as
    such.
    """
    import secrets

    from slo.ledger.exclusions import Exclusion

    now = parse_clock(settings.clock).now()
    made = Exclusion(
        secrets.token_hex(4), slo_pattern, start.replace(tzinfo=UTC), end.replace(tzinfo=UTC), reason, by, now
    )
    with _log(claimed_paths(settings).exclusions) as log:
        log.request(made)
    afterwards = ", requested after the fact" if made.asked_afterwards else ""
    say(
        f"exclusion {made.exclusion_id} of {slo_pattern}, {instant_text(made.start)} to "
        f"{instant_text(made.end)}{afterwards}"
    )


@slo.command()
@click.argument("exclusion_id")
@BY
@pass_settings
def include(settings: Settings, exclusion_id: str, by: str) -> None:
    """Withdraw an exclusion; this adds a second record to the audit."""
    path = paths_in(settings).exclusions
    if is_absent(path):
        raise click.BadParameter(f"there is no exclusion {exclusion_id}: nothing was ever excluded")
    with _log(path) as log:
        log.withdraw(exclusion_id, by, parse_clock(settings.clock).now())
    say(f"exclusion {exclusion_id} is withdrawn by {by}; its minutes count again")


@slo.command()
@pass_settings
def exclusions(settings: Settings) -> None:
    """List every exclusion, including withdrawn ones."""
    from app.bootstrap.slo_view import exclusions_on_file

    found = exclusions_on_file(paths_in(settings).exclusions)
    if not found:
        say("There are no exclusions.")
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
