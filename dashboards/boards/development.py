"""Development: details of performance, errors and logs (§7.2.1)."""

from __future__ import annotations

from alarms.generate.cloudwatch.logs import log_group_name
from dashboards.boards.panels import data, http, platform
from dashboards.model.board import Board, BoardPart, Row
from dashboards.standard import component_panels as component
from dashboards.standard import response_panels as response
from dashboards.standard import slo_panels as slo
from dashboards.standard.alert_panels import alerts_row, targets_alive
from dashboards.standard.links_row import links_row
from dashboards.standard.source import Source
from foundation.bilingual import Text

NAME = "development"
ERRORS = "fields ts, event, message, error.type, trace_id | filter level = 'error' | sort ts desc | limit 50"


def board(source: Source) -> Board:
    return Board(
        name=NAME,
        title=Text("Mirante: development", "Mirante: desenvolvimento"),
        description=Text(
            "Where time goes, what fails, and where the data comes from.",
            "Para onde vai o tempo, o que falha e de onde vêm os dados.",
        ),
        rows=(_status(source), _trends(source), alerts_row(source), _components(source), _links(source)),
        tags=("development",),
        menu=Text("Development", "Desenvolvimento"),
    )


def _status(source: Source) -> Row:
    lights = [slo.light(source, one, objective) for one, objective in source.objectives()]
    return Row(BoardPart.STATUS, Text("Status", "Status"), (*lights, targets_alive()))


def _trends(source: Source) -> Row:
    return Row(
        BoardPart.TRENDS,
        Text("Performance and errors", "Desempenho e erros"),
        (
            platform.latency(source),
            platform.latency_heatmap(),
            http.by_route(),
            http.latency_by_route(),
            platform.not_good_share(),
            http.server_errors(),
        ),
    )


def _components(source: Source) -> Row:
    group = log_group_name(source.environment, "api")
    return Row(
        BoardPart.COMPONENTS,
        Text("Components", "Componentes"),
        (
            data.profile_reads(),
            data.projections(),
            platform.ingestion(),
            platform.ingest_duration(),
            component.saturation_lines(source),
            data.own_health(),
            response.measurement_age(),
            http.logs("error-logs", Text("Latest errors", "Últimos erros"), group, ERRORS),
        ),
    )


def _links(source: Source) -> Row:
    return links_row(runbooks=("credit-decision-latency", "watching-ourselves"))
