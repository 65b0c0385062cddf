"""``mirante simulate``: when does each alert fire and reset, on every backend, before it is deployed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.context import echo_json, json_option, pass_settings, say
from app.settings import Settings
from slo.model.backends import BACKENDS

if TYPE_CHECKING:
    from slo.model.spec import Slo
    from slo.simulate.simulation import Simulation
    from slo.simulate.timeline import Timeline

INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"])
NOMINAL_DAY = datetime(2026, 1, 14, tzinfo=UTC)  # an imagined incident needs a day; which one changes nothing


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the minutes come from: exactly one of the first four."""

    incident: str | None
    counts: Path | None
    prometheus: str | None
    ledger: bool
    traffic: str
    since: datetime | None
    until: datetime | None


@click.command(name="simulate")
@click.argument("slo_id")
@click.option("--incident", help="An incident, such as '2 % errors for 45 minutes at 14:00' (UTC).")
@click.option(
    "--traffic", default="600", show_default=True, help="Events per minute: one number, or 24 by hour."
)
@click.option("--counts", type=click.Path(path_type=Path), help="Recorded counts: CSV of minute,good,total.")
@click.option("--prometheus", help="Recorded counts: a Prometheus server's address.")
@click.option("--ledger", is_flag=True, help="Recorded counts: this data directory's ledger.")
@click.option("--since", type=INSTANT, help="First minute of recorded counts (UTC).")
@click.option("--until", type=INSTANT, help="End of recorded counts (UTC).  [default: now]")
@click.option("--against", type=click.Path(path_type=Path), help="Other definitions to compare with.")
@click.option("--backend", "backends", multiple=True, type=click.Choice(BACKENDS), help="Only these.")
@click.option(
    "--chart", "chart_file", type=click.Path(path_type=Path), help="Write a chart to this SVG file."
)
@json_option
@pass_settings
def simulate_(
    settings: Settings,
    slo_id: str,
    incident: str | None,
    traffic: str,
    counts: Path | None,
    prometheus: str | None,
    ledger: bool,
    since: datetime | None,
    until: datetime | None,
    against: Path | None,
    backends: Sequence[str],
    chart_file: Path | None,
    as_json: bool,
) -> None:
    """Show when each alert of SLO_ID fires and resets, and how much budget is spent by then.

    Give an imagined incident or recorded counts. CloudWatch's times are modelled by our own evaluator of the
    generated alarms, not by AWS.

    \b
    mirante simulate credit/transaction-errors --incident '2 % errors for 45 minutes at 14:00' --traffic 1200
    mirante simulate credit/transaction-errors --counts last-quarter.csv --against new-definitions/
    """
    from dashboards.model.palette import SEVERITY_COLOURS
    from slo.loaders.catalogue_files import catalogue_of, load_catalogue
    from slo.simulate.report import chart
    from slo.simulate.simulation import simulate

    source = _Source(incident, counts, prometheus, ledger, traffic, _utc(since), _utc(until))
    slo = catalogue_of(settings.folders).slo(slo_id)
    timeline, began = _timeline(settings, slo, source)
    chosen = tuple(backends) or BACKENDS
    found = simulate(slo, timeline, backends=chosen)
    other = None
    if against is not None:
        other = simulate(load_catalogue(against).slo(slo_id), timeline, backends=chosen)
    if chart_file is not None:
        colours = {name: colour.light for name, colour in SEVERITY_COLOURS.items()}
        chart_file.write_text(chart(found, colours), encoding="utf-8")
    _show(found, other, chosen, began, as_json=as_json)


def _utc(instant: datetime | None) -> datetime | None:
    return None if instant is None else instant.replace(tzinfo=UTC)


def _timeline(settings: Settings, slo: Slo, source: _Source) -> tuple[Timeline, datetime | None]:
    """The minutes, and when an imagined incident begins."""
    from app.bootstrap.count_source import prometheus_reader
    from app.bootstrap.slo_view import open_slo_view
    from slo.simulate.recorded import timeline_from_counts, timeline_from_csv, timeline_from_ledger

    given = [source.incident, source.counts, source.prometheus, source.ledger or None]
    if sum(item is not None for item in given) != 1:
        raise click.UsageError("give exactly one of --incident, --counts, --prometheus or --ledger")
    if source.incident is not None:
        return _imagined(slo, source.incident, source.traffic)
    if source.counts is not None:
        return timeline_from_csv(source.counts), None
    if source.since is None:
        raise click.UsageError("recorded counts need --since")
    until = source.until or datetime.now(UTC)
    if source.prometheus is not None:
        with prometheus_reader(source.prometheus, [slo]) as reader:
            return timeline_from_counts(reader, slo, source.since, until), None
    view = open_slo_view(settings)
    objective = slo.objectives[0]
    timeline = timeline_from_ledger(view.ledger, slo, objective, settings.environment, source.since, until)
    return timeline, None


def _imagined(slo: Slo, text: str, traffic: str) -> tuple[Timeline, datetime]:
    """Calm for as long as the longest window looks back, and until the longest short window has forgotten."""
    from slo.simulate.outage import Traffic, imagine, parse_outage

    try:
        numbers = tuple(int(part) for part in traffic.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{traffic!r}: one whole number, or 24 with commas between them") from error
    incident = parse_outage(text, NOMINAL_DAY)
    before = max((tier.long_window for tier in slo.tiers), default=timedelta(hours=1))
    after = max((tier.short_window for tier in slo.tiers), default=timedelta(hours=1)) + timedelta(hours=2)
    return imagine(incident, Traffic(numbers), before, after), incident.start


def _show(
    found: Simulation,
    other: Simulation | None,
    backends: Sequence[str],
    began: datetime | None,
    *,
    as_json: bool,
) -> None:
    from slo.simulate.history import compare
    from slo.simulate.report import as_json as simulation_document
    from slo.simulate.report import table

    changes = {} if other is None else {name: compare(found, other, name) for name in backends}
    if as_json:
        document = dict(simulation_document(found))
        document["change"] = {name: change.text for name, change in changes.items()}
        echo_json(document)
        return
    say(table(found, began))
    for name, change in changes.items():
        say(f"with the other definitions, {name}: {change.text}")
