"""``mirante slo``: budget left, burn per window, time to exhaustion, firing alerts."""

from __future__ import annotations

import time

import click
from rich.live import Live

from app.bootstrap.slo_view import SloView
from app.cli.context import pass_settings, stdout
from app.settings import Settings
from app.terminal.slo_tables import detail, overview, status_document


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
        click.echo(status_document(view.statuses()))
        return
    if not watch:
        stdout.print(overview(view.statuses()))
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
        click.echo(status_document(statuses))
        return
    for item in statuses:
        stdout.print(detail(item))
