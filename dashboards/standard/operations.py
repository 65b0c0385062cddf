"""Operations: how fast budgets burn, what fires, and how the alerts themselves do (§7.2.1)."""

from __future__ import annotations

from dashboards.model.board import Board, BoardPart, Row
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row, targets_alive
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text

NAME = "operations"
MENU = Text("Operations", "Operacional")


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: operations", "Mirante: operacional"),
        description=Text(
            "How fast budgets burn, what is wrong, and what to do.",
            "Com que rapidez os orçamentos queimam, o que há de errado e o que fazer.",
        ),
        rows=(
            status_row(source),
            Row(
                BoardPart.TRENDS,
                Text("Key metrics and trends", "Métricas-chave e tendências"),
                (slo.burn_overview(source, width=24),),
            ),
            alerts_row(source),
            _components(source),
            links_row(runbooks=("generic", "saturation")),
        ),
        tags=("operations",),
        menu=MENU,
    )


def status_row(source: Source) -> Row:
    """The traffic light: the worst of all, then each objective."""
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(
        BoardPart.STATUS,
        Text("Status", "Status"),
        (
            slo.worst_light(source),
            *lights,
            targets_alive(),
            response.open_incidents(),
            response.delivery_age(),
        ),
    )


def _components(source: Source) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            component.saturation_bars(source),
            component.saturation_lines(source),
            response.alerts_taken_in(),
            response.messages_sent(),
            response.noise(),
        ),
    )
