"""Operations: technical metrics and the state of every component (§7.2.1)."""

from __future__ import annotations

from dashboards.boards import component_panels as component
from dashboards.boards import response_panels as response
from dashboards.boards import slo_panels as slo
from dashboards.boards.alert_panels import alerts_row, targets_alive
from dashboards.boards.links_row import board_links, links_row
from dashboards.boards.source import Source
from dashboards.model.board import Board, BoardPart, Row
from foundation.bilingual import Text

NAME = "operations"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: operations", "Mirante: operacional"),
        description=Text(
            "How fast budgets burn, what is wrong, and what to do.",
            "Com que rapidez os orçamentos queimam, o que há de errado e o que fazer.",
        ),
        rows=(status_row(source), _trends(source), alerts_row(source), _components(source), _links()),
        links=board_links(NAME),
        tags=("operations",),
    )


def status_row(source: Source) -> Row:
    """The traffic light: the platform, then each objective."""
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


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Key metrics and trends", "Métricas-chave e tendências"),
        (
            slo.burn_overview(source),
            component.latency(source),
            component.requests(),
            component.not_good_share(),
        ),
    )


def _components(source: Source) -> Row:
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            component.saturation_bars(source),
            component.saturation_lines(source),
            component.ingest_lag(source),
            component.consistency(source),
            response.alerts_taken_in(),
            response.messages_sent(),
            response.noise(),
        ),
    )


def _links() -> Row:
    return links_row(NAME, runbooks=("generic", "saturation", "ingestion-lag", "credit-data-consistency"))
