"""A board as Grafana's dashboard JSON: grafanalib's objects, then the repairs. Same input, same bytes."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder

from dashboards.grafana.links import KEEP, url
from dashboards.grafana.modernise import modernise
from dashboards.grafana.panels import DATA_SOURCE, panel_of, why_not
from dashboards.model.addresses import DEFAULT_CONSOLE, grafana_uid
from dashboards.model.board import Board, Link, Variable
from dashboards.model.layout import PlacedRow, place
from dashboards.model.palette import BAD_RED
from slo.model import conventions

TIME_ZONE = "browser"

Json = dict[str, Any]


def dashboard(board: Board, environment: str, language: str = "en", console: str = DEFAULT_CONSOLE) -> Json:
    """Plain JSON data of one board in one language; ``console`` is the address its links lead to."""
    raw = grafana.Dashboard(
        title=board.title.of(language),
        description=board.description.of(language),
        annotations=grafana.Annotations(_annotations(language)),
        editable=False,
        graphTooltip=grafana.GRAPH_TOOLTIP_MODE_SHARED_CROSSHAIR,
        links=[_link(link, language) for link in board.links],
        panels=_panels(place(board), language),
        refresh=board.refresh,
        tags=sorted({"mirante", language, *board.tags}),
        templating=grafana.Templating(_variables(board, environment, language, console)),
        time=grafana.Time(f"now-{board.since}", "now"),
        timezone=TIME_ZONE,
        uid=grafana_uid(board.name, language),
    )
    plain: Json = msgspec.json.decode(json.dumps(raw, cls=DashboardEncoder))
    return modernise(plain)


def _panels(rows: tuple[PlacedRow, ...], language: str) -> list[Any]:
    """Row headings and panels with ids in reading order: stable while the board's order is."""
    panels: list[Any] = []
    for row in rows:
        at = row.title
        panels.append(
            grafana.RowPanel(
                title=row.row.title.of(language),
                id=len(panels) + 1,
                gridPos=grafana.GridPos(h=at.height, w=at.width, x=at.x, y=at.y),
            )
        )
        for panel, spot in row.panels:
            if why_not(panel) is None:
                panels.append(panel_of(panel, spot, len(panels) + 1, language))
    return panels


def _link(link: Link, language: str) -> Json:
    """Dashboard links carry range and variables by flags of their own."""
    address = url(link, language).removesuffix(f"?{KEEP}")
    made: Json = grafana.DashboardLink(
        title=link.title.of(language),
        type="link",
        uri=address,
        includeVars=link.board is not None,
        keepTime=link.board is not None,
        icon="dashboard" if link.board is not None else "external link",
    ).to_json_data()
    return made


_TITLES = {
    "datasource": {"en": "Data source", "pt": "Fonte de dados"},
    "environment": {"en": "Environment", "pt": "Ambiente"},
    "pages": {"en": "Pages (P1, P2)", "pt": "Acionamentos (P1, P2)"},
    "deploys": {"en": "Deploys", "pt": "Implantações"},
}


def _variables(board: Board, environment: str, language: str, console: str) -> list[Any]:
    own = [_query_variable(variable, language) for variable in board.variables]
    return [
        _data_source_variable(language),
        _environment_variable(environment, language),
        *own,
        _constant("console", console),
    ]


def _data_source_variable(language: str) -> Json:
    return {
        "name": "datasource",
        "label": _TITLES["datasource"][language],
        "type": "datasource",
        "query": "prometheus",
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 1,
        "regex": "",
        "current": {"selected": False, "text": "default", "value": "default"},
    }


def _environment_variable(environment: str, language: str) -> Json:
    values = f"label_values({conventions.RECORD_OBJECTIVE}, {conventions.LABEL_ENVIRONMENT})"
    return _query(conventions.LABEL_ENVIRONMENT, _TITLES["environment"][language], values) | {
        "current": {"selected": True, "text": environment, "value": environment}
    }


def _query_variable(variable: Variable, language: str) -> Json:
    values = f"label_values({variable.metric}, {variable.label})"
    return _query(variable.name, variable.title.of(language), values) | {
        "current": {"selected": False, "text": "", "value": ""}
    }


def _query(name: str, label: str, values: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": DATA_SOURCE,
        "query": {"qryType": 1, "query": values, "refId": "PrometheusVariableQueryEditor-VariableQuery"},
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "options": [],
        "refresh": 2,
        "regex": "",
        "sort": 1,
    }


def _constant(name: str, value: str) -> Json:
    chosen = {"selected": False, "text": value, "value": value}
    return {
        "name": name,
        "type": "constant",
        "query": value,
        "hide": 2,
        "current": chosen,
        "options": [chosen],
    }


def _annotations(language: str) -> list[Json]:
    """Pages and deploys as marks on every chart."""
    pages = {
        "name": _TITLES["pages"][language],
        "datasource": DATA_SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": BAD_RED.dark,
        "target": {
            "expr": 'ALERTS{alertstate="firing",severity=~"P1|P2"}',
            "interval": "1m",
            "legendFormat": "{{alertname}} {{severity}}",
            "refId": "Pages",
        },
    }
    deploys = {
        "name": _TITLES["deploys"][language],
        "datasource": {"type": "grafana", "uid": "-- Grafana --"},
        "enable": True,
        "hide": False,
        "iconColor": "#56b4e9",
        "target": {"refId": "Deploys", "limit": 100, "matchAny": False, "tags": ["deploy"], "type": "tags"},
    }
    return [pages, deploys]
