"""``mirante check --prometheus``: do the series exist, traffic, pages of last month, and what rules cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import httpx

from app.cli.context import counted, list_table, say, stderr, stdout
from app.settings import Settings
from foundation.clock import parse_clock

if TYPE_CHECKING:
    from slo.model.spec import Slo
    from slo.proof.checkup import Checkup

TIMEOUT_SECONDS = 60.0
_HEADINGS = {
    "en": ("SLO", "events/hour", "quietest", "min-events", "pages", "samples/minute", "dearest rule"),
    "pt": (
        "SLO",
        "eventos/hora",
        "mais quieta",
        "min-events",
        "páginas",
        "amostras/minuto",
        "regra mais cara",
    ),
}


def check_on_prometheus(
    settings: Settings, slos: Sequence[Slo], prometheus: str, days: int, language: str
) -> bool:
    """Print what was found; whether everything that is asked for exists."""
    from app.new_workspace.asking import address
    from slo.ledger.prometheus_queries import PrometheusQueries
    from slo.proof.checkup import checkup

    where, now = address(prometheus), parse_clock(settings.clock).now()
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, auth=where.credentials) as client,
        stderr.progress(f"asking {where.url}") as step,
    ):
        server = PrometheusQueries(where.url, client)
        server.at("vector(1)", now)
        asked = [
            slo for slo in slos if any(m.source_type == "Prometheus" for m in slo.indicator.queries.values())
        ]
        found = [checkup(slo, settings.environment, server, now, timedelta(days=days), step) for slo in asked]
    _print(found, days, language)
    return all(one.sound for one in found)


def _print(found: Sequence[Checkup], days: int, language: str) -> None:
    for one in found:
        for each in one.missing:
            say(str(each), "yellow" if each.harmless else "red")
    table = list_table(*_HEADINGS[language], right=(*_HEADINGS[language][1:4], _HEADINGS[language][5]))
    for one in found:
        table.add_row(*_row(one))
    if found:
        stdout.print(table)
    missing = [each for one in found for each in one.missing if not each.harmless]
    touched = sum(one.touched for one in found)
    say(
        f"{counted(len(found), 'SLO')} on this Prometheus, pages of the last {counted(days, 'day')}: "
        f"{counted(len(missing), 'selector')} without series, {touched:,} samples read",
        "bold red" if missing else "green",
    )


def _row(one: Checkup) -> Iterator[str]:
    yield one.slo
    yield "" if one.traffic is None else f"{one.traffic.mean:,.0f}"
    yield "" if one.traffic is None else f"{one.traffic.quietest:,.0f}"
    yield "" if one.suggested is None else f"{one.suggested:,}"
    yield one.problem or ", ".join(f"{name} {count:,}" for name, count in one.pages.items())
    yield f"{sum(cost.per_minute for cost in one.costs):,.0f}" if one.costs else ""
    dearest = max(one.costs, key=lambda cost: cost.per_minute, default=None)
    yield "" if dearest is None else f"{dearest.rule} {dearest.per_minute:,.0f}"
