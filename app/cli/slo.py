"""``mirante slo``: budget left, burn per window, time to exhaustion, firing alerts."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import click
from rich.live import Live

from app.bootstrap.count_source import prometheus_reader
from app.bootstrap.paths import DataPaths
from app.bootstrap.slo_view import SloView
from app.cli.context import instant_text, pass_settings, say, stderr, stdout
from app.settings import Settings
from app.terminal.composite_tables import composite_document, composites_table
from app.terminal.slo_tables import detail, overview, status_documents
from foundation.clock import parse_clock
from slo.ledger.collect import Collector
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.loaders.catalogue_files import load_catalogue


@click.group()
def slo() -> None:
    """Service levels: status and detail."""


@slo.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, exact counts and ratios.")
@click.option("--watch", is_flag=True, help="Redraw every two seconds until interrupted.")
@pass_settings
def status(settings: Settings, as_json: bool, watch: bool) -> None:
    """Budget left, burn per window, time to exhaustion and firing alerts of every SLO."""
    view = SloView(settings)
    if as_json:
        documents = status_documents(view.statuses())
        documents += [composite_document(item) for item in view.composites()]
        click.echo(json.dumps(documents, indent=2, ensure_ascii=False))
        return
    if not watch:
        stdout.print(overview(view.statuses()))
        if view.catalogue.composites:
            stdout.print(composites_table(view.composites()))
        return
    with Live(overview(view.statuses()), console=stdout, refresh_per_second=1) as live:
        while True:
            time.sleep(2)
            live.update(overview(view.statuses()))


@slo.command()
@click.argument("slo_id")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, exact counts and ratios.")
@pass_settings
def show(settings: Settings, slo_id: str, as_json: bool) -> None:
    """One SLO in detail: what counts, the arithmetic of each tier, the budget and its forecast."""
    view = SloView(settings)
    statuses = view.statuses_of(slo_id)
    if as_json:
        click.echo(json.dumps(status_documents(statuses), indent=2, ensure_ascii=False))
        return
    for item in statuses:
        stdout.print(detail(item))


@slo.command()
@click.option("--prometheus", help="A Prometheus server's address.  [default: the setting of that name]")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]), help="How far back (UTC).")
@pass_settings
def collect(settings: Settings, prometheus: str | None, since: datetime | None) -> None:
    """Read counts into the ledger once: a backfill from a Prometheus. Reading again changes nothing."""
    url = prometheus or settings.prometheus
    if not url:
        raise click.UsageError(
            "name a Prometheus with --prometheus; our own journals are read by `mirante up`"
        )
    slos = load_catalogue(settings.definitions).slos
    clock = parse_clock(settings.clock)
    history = timedelta(days=1) if since is None else clock.now() - since.replace(tzinfo=UTC)
    ledger = SqliteLedger(DataPaths(settings.data_dir).ledger)
    with stderr.status("collecting"), prometheus_reader(url, slos) as reader:
        collector = Collector(slos, reader, ledger, settings.environment, clock, history=history)
        done = collector.collect()
    ledger.close()
    say(f"{done.rows:,} rows for the minutes from {instant_text(done.since)} to {instant_text(done.until)}")
    for slo_id, reason in collector.refused.items():
        say(f"not counted: {slo_id}: {reason}")
