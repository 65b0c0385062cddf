"""Development: details of performance, errors and logs (§7.2.1)."""

from __future__ import annotations

from alarms.generate.cloudwatch.logs import log_group
from dashboards.boards import component_panels as component
from dashboards.boards import data_panels as data
from dashboards.boards import http_panels as http
from dashboards.boards import response_panels as response
from dashboards.boards import slo_panels as slo
from dashboards.boards.alert_panels import alerts_row, targets_alive
from dashboards.boards.links_row import board_links, links_row
from dashboards.boards.source import Source
from dashboards.model.board import Board, BoardPart, Row
from foundation.bilingual import Text

NAME = "development"
ERRORS = "fields ts, event, message, error.type, trace_id | filter level = 'error' | sort ts desc | limit 50"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: development", "Mirante: desenvolvimento"),
        description=Text(
            "Where time goes, what fails and where the data comes from.",
            "Para onde vai o tempo, o que falha e de onde vêm os dados.",
        ),
        rows=(_status(source), _trends(source), alerts_row(source), _components(source), _links(source)),
        links=board_links(NAME),
        tags=("development",),
    )


def _status(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Status", "Status"), (*lights, targets_alive()))


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Performance and errors", "Desempenho e erros"),
        (
            component.latency(source),
            component.latency_heatmap(),
            http.by_route(),
            http.latency_by_route(),
            component.not_good_share(),
            http.server_errors(),
        ),
    )


def _components(source: Source) -> Row:
    group = log_group("api").name(source.environment)
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            data.profile_reads(),
            data.projections(),
            component.ingestion(),
            component.ingest_duration(),
            component.saturation_lines(source),
            data.own_health(),
            response.measurement_age(),
            http.logs("error-logs", Text("Latest errors", "Últimos erros"), group, ERRORS),
        ),
    )


def _links(source: Source) -> Row:
    return links_row(NAME, runbooks=("credit-decision-latency", "watching-ourselves"))
