"""Executive: what was promised, what was delivered, and what it means for the business (§7.2.1)."""

from __future__ import annotations

from dashboards.boards.panels import business, platform
from dashboards.model.board import Board, BoardPart, Row
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard.executive import MENU, NAME, alerts_row, promises, response_times, status_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: executive", "Mirante: executivo"),
        description=Text(
            "Are we keeping our promises, and what does it mean for the business?",
            "Estamos cumprindo o que prometemos, e o que isso significa para o negócio?",
        ),
        rows=(status_row(source), _trends(source), alerts_row(source), _services(source), links_row()),
        tags=("executive",),
        menu=MENU,
        since="7d",
        refresh="5m",
    )


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
            response.incidents_by_severity(),
            *promises(source),
            *response_times(),
        ),
    )


def _services(source: Source) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Parts of the platform", "Partes da plataforma"),
        (component.saturation_bars(source), platform.consistency(source)),
    )
