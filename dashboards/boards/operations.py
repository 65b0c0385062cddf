"""Operations: technical metrics and the state of every component (§7.2.1)."""

from __future__ import annotations

from dashboards.boards.panels import platform
from dashboards.model.board import Board, BoardPart, Row
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row
from dashboards.standard.links_row import links_row
from dashboards.standard.operations import MENU, NAME, status_row
from dashboards.standard.source import Source
from foundation.bilingual import Text


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: operations", "Mirante: operacional"),
        description=Text(
            "How fast budgets burn, what is wrong, and what to do.",
            "Com que rapidez os orçamentos queimam, o que há de errado e o que fazer.",
        ),
        rows=(status_row(source), _trends(source), alerts_row(source), _components(source), _links()),
        tags=("operations",),
        menu=MENU,
    )


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Key metrics and trends", "Métricas-chave e tendências"),
        (
            slo.burn_overview(source),
            platform.latency(source),
            platform.requests(),
            platform.not_good_share(),
        ),
    )


def _components(source: Source) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            component.saturation_bars(source),
            component.saturation_lines(source),
            platform.ingest_lag(source),
            platform.consistency(source),
            response.alerts_taken_in(),
            response.messages_sent(),
            response.noise(),
        ),
    )


def _links() -> Row:
    return links_row(runbooks=("generic", "saturation", "ingestion-lag", "credit-data-consistency"))
