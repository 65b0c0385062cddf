"""Every SLO on one page, and the way into each."""

from __future__ import annotations

from dashboards.model.board import Board, BoardPart, Link, Row
from dashboards.model.query import matching
from dashboards.standard import component_panels as component
from dashboards.standard import recorded_panels as recorded
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source, slo_board_name
from foundation.bilingual import Text

NAME = "slo-overview"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: every SLO", "Mirante: todos os SLOs"),
        description=Text(
            "Promised, delivered, budget left, and burn rate.",
            "Prometido, entregue, orçamento restante e taxa de queima.",
        ),
        rows=(
            _status(source),
            _trends(source),
            alerts_row(source, where=(matching("slo", ".+"),)),
            Row(
                BoardPart.COMPONENTS,
                Text("Components behind the SLOs", "Componentes por trás dos SLOs"),
                (component.saturation_bars(source), component.saturation_lines(source)),
            ),
            links_row(more=detail_links(source), runbooks=(slo.RUNBOOK,)),
        ),
        tags=("slo",),
        menu=Text("Every SLO", "Todos os SLOs"),
        since="24h",
    )


def detail_links(source: Source) -> tuple[Link, ...]:
    return tuple(Link(slo.title_of(one, one.objectives[0]), board=slo_board_name(one)) for one in source.slos)


def _status(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Status", "Status"), (slo.worst_light(source), *lights))


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Delivered, budget left, burn rate", "Entregue, orçamento restante, taxa de queima"),
        (
            *(slo.achieved(source, one, objective) for one, objective in source.objectives()),
            *(slo.budget_gauge(source, one, objective) for one, objective in source.objectives()),
            slo.burn_overview(source, width=24),
            recorded.drift_lines(),
        ),
    )
