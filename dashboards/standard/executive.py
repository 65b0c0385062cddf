"""Executive: what was promised and what was delivered (§7.2.1). No jargon."""

from __future__ import annotations

from dashboards.model.board import Board, BoardPart, Panel, Row
from dashboards.model.query import matching
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import firing_table
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text

NAME = "executive"
MENU = Text("Executive", "Executivo")


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: executive", "Mirante: executivo"),
        description=Text("Are we keeping what we promised?", "Estamos cumprindo o que prometemos?"),
        rows=(
            status_row(source),
            Row(
                BoardPart.TRENDS,
                Text("Promises", "Promessas"),
                (response.incidents_by_severity(24), *promises(source), *response_times()),
            ),
            alerts_row(source),
            Row(
                BoardPart.COMPONENTS,
                Text("Parts of the service", "Partes do serviço"),
                (component.saturation_bars(source, width=24),),
            ),
            links_row(),
        ),
        tags=("executive",),
        menu=MENU,
        since="7d",
        refresh="5m",
    )


def status_row(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Are we OK?", "Estamos bem?"), (slo.worst_light(source), *lights))


def promises(source: Source) -> tuple[Panel, ...]:
    """What was delivered of each promise, then what is left of each budget."""
    return (
        *(slo.achieved(source, one, objective) for one, objective in source.objectives()),
        *(slo.budget_gauge(source, one, objective) for one, objective in source.objectives()),
    )


def response_times() -> tuple[Panel, ...]:
    return (response.time_to_acknowledge(12), response.time_to_resolve(12))


def alerts_row(source: Source) -> Row:
    """Those that page."""
    urgent = (matching("severity", "P1|P2"),)
    return Row(
        BoardPart.ALERTS,
        Text("Needs attention now", "Pede atenção agora"),
        (firing_table(source, urgent, width=24),),
    )
