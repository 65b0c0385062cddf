"""Executive: what was promised, what was delivered, and what it means for the business (§7.2.1)."""

from __future__ import annotations

from dashboards.boards import business_panels as business
from dashboards.boards import component_panels as component
from dashboards.boards import slo_panels as slo
from dashboards.boards.alert_panels import firing_table
from dashboards.boards.links_row import board_links, links_row
from dashboards.boards.source import Source
from dashboards.model.board import Board, BoardPart, Row
from dashboards.model.query import matching
from foundation.bilingual import Text

NAME = "executive"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: executive", "Mirante: executivo"),
        description=Text(
            "Are we keeping what we promised, and what does it mean for the business?",
            "Estamos cumprindo o que prometemos, e o que isso significa para o negócio?",
        ),
        rows=(_status(source), _trends(source), _alerts(source), _services(source), links_row(NAME)),
        links=board_links(NAME),
        tags=("executive",),
        since="7d",
        refresh="5m",
    )


def _status(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Are we well?", "Estamos bem?"), (slo.worst_light(source), *lights))


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Business and promises", "Negócio e promessas"),
        (
            business.approval_rate(),
            business.amount_approved(),
            business.time_to_decide(),
            business.cost_of_errors(),
            business.decisions_per_hour(),
            business.incidents_by_severity(),
            *(slo.achieved(source, one, objective) for one, objective in source.objectives()),
            *(slo.budget_gauge(source, one, objective) for one, objective in source.objectives()),
            business.time_to_acknowledge(12),
            business.time_to_resolve(12),
        ),
    )


def _alerts(source: Source) -> Row:
    urgent = (matching("severity", "P1|P2"),)
    return Row(
        BoardPart.ALERTS,
        Text("Needs attention now", "Pede atenção agora"),
        (firing_table(source, urgent, width=24),),
    )


def _services(source: Source) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Parts of the platform", "Partes da plataforma"),
        (component.saturation_bars(source), component.consistency(source)),
    )
