"""Which panel exists on which backend, and why not where one is missing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dashboards.cloudwatch import expressions
from dashboards.cloudwatch.body import ALARM_SHAPES, widget
from dashboards.cloudwatch.metric_widget import VIEWS
from dashboards.grafana.panels import why_not
from dashboards.model.addresses import Deployment
from dashboards.model.board import Board, Panel, Shape
from dashboards.model.errors import NotExpressible
from dashboards.model.layout import GridPlace

_ANYWHERE = GridPlace(0, 0, 6, 6)
INSTEAD = {
    Shape.LIGHT: "an alarm widget: the alarms' own states",
    Shape.ALERTS: "an alarm widget with the alarms that fire or have no data",
}


@dataclass(frozen=True, slots=True)
class Parity:
    """``grafana`` and ``cloudwatch`` are None where the panel exists, else why it does not.

    ``differs`` says how CloudWatch shows it where that is not the same picture, or leaves queries out.
    """

    board: str
    panel: str
    title: str
    grafana: str | None
    cloudwatch: str | None
    differs: str | None = None

    @property
    def on_both(self) -> bool:
        return self.grafana is None and self.cloudwatch is None


def parity(boards: Iterable[Board], deployment: Deployment) -> tuple[Parity, ...]:
    """One entry a panel, in reading order."""
    return tuple(_entry(board, panel, deployment) for board in boards for panel in board.panels())


def _entry(board: Board, panel: Panel, deployment: Deployment) -> Parity:
    missing = _why_not_cloudwatch(panel, deployment)
    differs = _differs(panel, deployment) if missing is None else None
    return Parity(board.name, panel.id, panel.title.en, why_not(panel), missing, differs)


def _why_not_cloudwatch(panel: Panel, deployment: Deployment) -> str | None:
    try:
        widget(panel, _ANYWHERE, deployment, "en")
    except NotExpressible as refusal:
        return refusal.reason
    return None


def _differs(panel: Panel, deployment: Deployment) -> str | None:
    if panel.shape in ALARM_SHAPES:
        return INSTEAD[panel.shape]
    if panel.shape not in VIEWS:
        return None
    lost = []
    for series in panel.series:
        try:
            text = expressions.render(series.query, deployment.environment)
        except NotExpressible as refusal:
            lost.append(refusal.reason)
            continue
        if text.startswith("SELECT"):
            return "grouped by Metrics Insights, which reads only recent data"
    return f"{len(lost)} of {len(panel.series)} queries are missing: {lost[0]}" if lost else None


def report(entries: Sequence[Parity]) -> str:
    """Markdown: how many panels are on both, then each panel, with the reason of every difference."""
    both = sum(entry.on_both for entry in entries)
    lines = [
        "# Boards on Grafana and on CloudWatch",
        "",
        f"{len(entries)} panels, {both} on both.",
        "",
        "| board | panel | Grafana | CloudWatch |",
        "|---|---|---|---|",
    ]
    for entry in entries:
        grafana = "yes" if entry.grafana is None else f"no: {entry.grafana}"
        shown = "yes" if entry.differs is None else f"yes: {entry.differs}"
        cloudwatch = shown if entry.cloudwatch is None else f"no: {entry.cloudwatch}"
        lines.append(f"| {entry.board} | {entry.title} | {grafana} | {_cell(cloudwatch)} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
