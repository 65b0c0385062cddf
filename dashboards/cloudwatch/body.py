"""A board as a CloudWatch dashboard body: the same places, the same thresholds, the same words.

Lights and alert panels become alarm widgets: on AWS the alarm *is* the state. What CloudWatch cannot draw
is left out here, and named by the parity report.
"""

from __future__ import annotations

from typing import Any

from dashboards.cloudwatch.limits.body import validate, validate_name
from dashboards.cloudwatch.limits.widgets import MAX_ALARMS
from dashboards.cloudwatch.metric_widget import VIEWS, metric_properties
from dashboards.model.addresses import Deployment, cloudwatch_name, runbook_path
from dashboards.model.board import Board, Link, Panel, Shape
from dashboards.model.errors import BodyInvalid, NotExpressible
from dashboards.model.layout import GridPlace, place
from dashboards.model.query import LogSearch
from foundation.bilingual import Text

BACKEND = "CloudWatch"
ALARM_SHAPES = (Shape.LIGHT, Shape.ALERTS)
_MORE = Text("first {shown} of {all}", "primeiros {shown} de {all}")

Json = dict[str, Any]


def body(board: Board, deployment: Deployment, language: str = "en") -> Json:
    """The body as plain JSON data, checked against every documented limit.

    Raises:
        BodyInvalid: a limit is broken, with AWS's kind of path for each finding.
    """
    name = cloudwatch_name(deployment.environment, board.name, language)
    document: Json = {
        "start": f"-P{board.since.upper()}" if board.since.endswith("d") else f"-PT{board.since.upper()}",
        "periodOverride": "inherit",
        "widgets": _widgets(board, deployment, language),
    }
    findings = [*validate_name(name), *validate(document)]
    if findings:
        raise BodyInvalid(name, findings)
    return document


def widget(panel: Panel, at: GridPlace, deployment: Deployment, language: str) -> Json:
    """One panel as a widget.

    Raises:
        NotExpressible: CloudWatch cannot show this panel, and why.
    """
    if panel.shape is Shape.TEXT:
        return _placed("text", at, {"markdown": _markdown(panel, deployment, language)})
    if panel.shape in ALARM_SHAPES:
        return _placed("alarm", at, _alarm_properties(panel, deployment, language))
    if panel.shape is Shape.LOGS:
        return _placed("log", at, _log_properties(panel, deployment, language))
    if panel.shape is Shape.ALERT_LIST:
        raise NotExpressible(BACKEND, "the alarm widget beside it already lists firing and silent alarms")
    if panel.shape not in VIEWS:
        raise NotExpressible(BACKEND, f"CloudWatch has no widget that draws a {panel.shape}")
    return _placed("metric", at, metric_properties(panel, deployment, language))


def _widgets(board: Board, deployment: Deployment, language: str) -> list[Json]:
    widgets = []
    for row in place(board):
        title = {"markdown": f"## {row.row.title.of(language)}", "background": "transparent"}
        widgets.append(_placed("text", row.title, title))
        for panel, at in row.panels:
            try:
                widgets.append(widget(panel, at, deployment, language))
            except NotExpressible:
                continue  # the parity report renders each panel again, and keeps the reason
    return widgets


def _placed(kind: str, at: GridPlace, properties: Json) -> Json:
    return {
        "type": kind,
        "x": at.x,
        "y": at.y,
        "width": at.width,
        "height": at.height,
        "properties": properties,
    }


def _alarm_properties(panel: Panel, deployment: Deployment, language: str) -> Json:
    if not panel.alarms:
        raise NotExpressible(BACKEND, "there is no CloudWatch alarm behind it")
    shown = panel.alarms[:MAX_ALARMS]
    title = panel.title.of(language)
    if len(shown) < len(panel.alarms):
        title += f" ({_MORE.of(language).format(shown=len(shown), all=len(panel.alarms))})"
    properties: Json = {
        "title": title,
        "alarms": [deployment.alarm_arn(name) for name in shown],
        "sortBy": "stateUpdatedTimestamp",
    }
    if panel.shape is Shape.ALERTS:
        properties["states"] = ["ALARM", "INSUFFICIENT_DATA"]
    return properties


def _log_properties(panel: Panel, deployment: Deployment, language: str) -> Json:
    searches = [series.query for series in panel.series if isinstance(series.query, LogSearch)]
    if not searches:
        raise NotExpressible(BACKEND, "it does not name a log group")
    return {
        "title": panel.title.of(language),
        "region": deployment.region,
        "query": f"SOURCE '{searches[0].group}' | {searches[0].text}",
        "view": "table",
    }


def _markdown(panel: Panel, deployment: Deployment, language: str) -> str:
    content = panel.content.of(language) if panel.content is not None else ""
    lines = [f"- [{link.title.of(language)}]({_address(link, deployment, language)})" for link in panel.links]
    if panel.runbook is not None:
        lines.append(f"- [Runbook]({deployment.console}{runbook_path(panel.runbook)})")
    return "\n".join([content, *lines]).strip()


def _address(link: Link, deployment: Deployment, language: str) -> str:
    if link.board is None:
        return f"{deployment.console}{link.path}"
    return deployment.cloudwatch_board(cloudwatch_name(deployment.environment, link.board, language))
