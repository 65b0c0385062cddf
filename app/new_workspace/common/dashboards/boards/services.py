"""The board of this workspace: every promise, how fast its budget burns, and what Prometheus sees.

A board file is Python that runs when boards are built: it defines ``board(source) -> Board``. ``source`` has
the SLOs, components and indicators of this workspace. Every board has the same five parts, in this order:
status, trends, alerts, components, links. Change it, then run ``mirante check``; the boards of each SLO and
component are generated anyway and need no file.
"""

from __future__ import annotations

from dashboards.model.board import Board, BoardPart, Panel, Row, Series, Shape
from dashboards.model.palette import Unit
from dashboards.model.query import GaugeLevel
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text
from foundation.metrics import MetricKind, MetricSpec

# Declare a metric of your own once, with its labels, and then use it as often as you like. Besides
# GaugeLevel, dashboards.model.query has the queries Rate, CounterGrowth and Quantile.
SCRAPE = MetricSpec(
    "scrape_duration_seconds", MetricKind.GAUGE, "How long the last scrape took.", ("job", "instance")
)


def board(source: Source) -> Board:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Board(
        name="services",
        title=Text("Our services", "Nossos serviços"),
        description=Text("What we promise, and how we are doing.", "O que prometemos e como estamos."),
        rows=(
            Row(BoardPart.STATUS, Text("Status", "Status"), (slo.worst_light(source), *lights)),
            Row(
                BoardPart.TRENDS,
                Text("How fast budgets burn", "Com que rapidez os orçamentos queimam"),
                (slo.burn_overview(source, width=24),),
            ),
            alerts_row(source),
            Row(BoardPart.COMPONENTS, Text("Targets", "Alvos"), (scrapes(source),)),
            links_row(runbooks=("generic", "scrape-slow")),
        ),
        tags=("services",),
        menu=Text("Our services", "Nossos serviços"),
    )


def scrapes(source: Source) -> Panel:
    """A panel is a query, a shape and texts that say what it shows. The full width is 24 columns. The line
    comes from alarms/indicators.yaml, so that it matches the alarm."""
    return Panel(
        id="scrapes",
        title=Text("Time to read a target, by job", "Tempo de leitura de um alvo, por job"),
        description=Text("The slowest of each job.", "O mais lento de cada job."),
        shape=Shape.LINES,
        series=(Series(GaugeLevel(SCRAPE, by=("job",)), Text("{{job}}", "{{job}}")),),
        unit=Unit.SECONDS,
        width=24,
        height=8,
        minimum=0.0,
        thresholds=(source.line("ScrapeSlow"),),
        runbook="scrape-slow",
    )
