"""Operations: how fast budgets burn, what fires, and how the alerts themselves do (§7.2.1)."""

from __future__ import annotations

from collections.abc import Sequence

from dashboards.model.board import Board, BoardPart, Panel, Row
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row, targets_alive
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text

NAME = "operations"
MENU = Text("Operations", "Operacional")


def board(
    source: Source,
    *,
    trends: Sequence[Panel] = (),
    measured: Sequence[Panel] = (),
    runbooks: Sequence[str] = (),
) -> Board:
    """A workspace's own board adds what it has: ``trends`` beside the burn, what is ``measured`` of its
    components, and ``runbooks`` to link."""
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
                (slo.burn_overview(source, width=12 if trends else 24), *trends),
            ),
            alerts_row(source),
            _components(source, measured),
            links_row(runbooks=("generic", "saturation", *runbooks)),
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


def _components(source: Source, measured: Sequence[Panel]) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            component.saturation_bars(source),
            component.saturation_lines(source),
            *measured,
            response.alerts_taken_in(),
            response.messages_sent(),
            response.noise(),
        ),
    )
