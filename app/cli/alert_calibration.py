"""``mirante alerts calibrate``: a threshold from recorded history, and what it would cost in pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import click

from app.cli.context import (
    echo_json,
    json_option,
    pass_settings,
    plain_table,
    prometheus_of,
    say,
    stderr,
    stdout,
)
from app.settings import Settings
from foundation.clock import parse_clock
from foundation.quantities import decimal_text

if TYPE_CHECKING:
    from alarms.model.indicator import IndicatorAlarm
    from alarms.reports.calibrate import Calibration, RecordedValue
    from slo.ledger.prometheus_queries import PrometheusQueries

TIMEOUT_SECONDS = 60.0
STEP = timedelta(minutes=1)
CHUNK = timedelta(days=5)  # Prometheus answers with at most 11,000 points a series


@click.command(name="calibrate")
@click.argument("names", metavar="[INDICATOR]...", nargs=-1)
@click.option("--prometheus", help="Prometheus URL.  [default: the setting `prometheus`]")
@click.option("--days", type=click.IntRange(1, 366), default=30, show_default=True, help="How far back.")
@click.option("--percentile", default="99.9", show_default=True, help="Percentile of the recorded values.")
@json_option
@pass_settings
def calibrate_(
    settings: Settings,
    names: tuple[str, ...],
    prometheus: str | None,
    days: int,
    percentile: str,
    as_json: bool,
) -> None:
    """Suggest a threshold for an INDICATOR from its history, with the false pages per month it would cost.

    The threshold is a percentile of the record; every stretch past it that lasts as long as the alarm
    requires counts as one page. Nothing is changed: edit thresholds in indicators.yaml, where a reviewer sees
    them.

    Exit status: 0 suggested for each, 1 some have too little history, 2 no such indicator, 3 Prometheus
    cannot be reached.
    """
    import httpx

    from alarms.reports.calibrate import TooLittleHistory, calibrate
    from app.workspace import watched_of
    from slo.ledger.prometheus_queries import PrometheusQueries
    from slo.loaders.catalogue_files import catalogue_of

    url = prometheus_of(settings, prometheus)
    catalogue = catalogue_of(settings.folders)
    watched = watched_of(settings.folders, catalogue)
    chosen = _chosen({one.name: one for one in watched.indicators}, names)
    share = _share(percentile)
    end = parse_clock(settings.clock).now()
    found: dict[str, Calibration | str] = {}
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client, stderr.status("asking") as status:
        server = PrometheusQueries(url, client)
        for indicator in chosen:
            status.update(f"asking for {indicator.name}")
            try:
                samples = _recorded(server, indicator, end.timestamp(), timedelta(days=days))
                found[indicator.name] = calibrate(
                    samples, share, indicator.lasting, indicator.comparison, STEP
                )
            except TooLittleHistory as lacking:
                found[indicator.name] = str(lacking)
    _show({one.name: one for one in chosen}, found, as_json)
    if any(isinstance(one, str) for one in found.values()):
        raise SystemExit(1)


def _recorded(
    server: PrometheusQueries, indicator: IndicatorAlarm, end: float, length: timedelta
) -> list[RecordedValue]:
    """Each minute's worst value over all series of the indicator."""
    from alarms.generate.indicator_rules import value_expression
    from alarms.model.indicator import Comparison
    from alarms.reports.calibrate import RecordedValue

    worst = max if indicator.comparison is Comparison.ABOVE else min
    query, found = value_expression(indicator), dict[float, float]()
    start = end - length.total_seconds()
    while start < end:
        until = min(start + CHUNK.total_seconds(), end)
        for _, points in server.over(query, _instant(start), _instant(until), STEP):
            for at, value in points:
                found[at] = worst(found.get(at, value), value)
        start = until
    return [RecordedValue(_instant(at), value) for at, value in sorted(found.items())]


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _chosen(known: Mapping[str, IndicatorAlarm], names: tuple[str, ...]) -> list[IndicatorAlarm]:
    for name in names:
        if name not in known:
            raise click.BadParameter(f"there is no indicator {name!r}. Known: {', '.join(known)}")
    return [known[name] for name in names] or list(known.values())


def _share(percentile: str) -> Fraction:
    try:
        share = Fraction(percentile) / 100
    except (ValueError, ZeroDivisionError):
        share = Fraction(0)
    if not 0 < share < 1:
        raise click.BadParameter(f"{percentile!r} is not a percentile; give more than 0 and less than 100")
    return share


def _show(known: Mapping[str, IndicatorAlarm], found: Mapping[str, Calibration | str], as_json: bool) -> None:
    if as_json:
        document = {name: _document(known[name], one) for name, one in found.items()}
        echo_json(document)
        return
    table = plain_table("indicator", "now", "suggested, and its cost")
    for name, one in found.items():
        indicator = known[name]
        limit = f"{indicator.comparison} {decimal_text(indicator.threshold)}"
        table.add_row(name, limit, one if isinstance(one, str) else one.sentence())
    stdout.print(table)
    say("method: `mirante alerts calibrate --help`; recorded incidents also count as false pages")


def _document(indicator: IndicatorAlarm, found: Calibration | str) -> dict[str, object]:
    shown: dict[str, object] = {
        "threshold": float(indicator.threshold),
        "comparison": str(indicator.comparison),
    }
    if isinstance(found, str):
        return {**shown, "suggested": None, "reason": found}
    return {
        **shown,
        "suggested": found.threshold,
        "samples": found.samples,
        "observed_days": found.observed / timedelta(days=1),
        "pages": found.pages,
        "pages_per_month": found.pages_per_month,
        "at_most_per_month": found.at_most_per_month,
    }
