"""The properties of a metric widget: expressions, colours, lines at the thresholds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dashboards.cloudwatch import expressions
from dashboards.model.addresses import Deployment
from dashboards.model.board import Panel, Series, Shape, Threshold
from dashboards.model.errors import NotExpressible
from dashboards.model.palette import STATES, UNITS, State, series_colour
from dashboards.model.query import CounterGrowth

VIEWS: Mapping[Shape, str] = {
    Shape.STAT: "singleValue",
    Shape.GAUGE: "gauge",
    Shape.BARS: "bar",
    Shape.LINES: "timeSeries",
    Shape.TABLE: "table",
}
_LABEL = re.compile(r"\{\{(\w+)\}\}")

Json = dict[str, Any]


def metric_properties(panel: Panel, deployment: Deployment, language: str) -> Json:
    """Every query of the panel that CloudWatch can say.

    Raises:
        NotExpressible: it can say none of them; the reason is the first one's.
    """
    view = VIEWS[panel.shape]
    properties: Json = {
        "title": panel.title.of(language),
        "view": view,
        "region": deployment.region,
        "period": _period(panel),
        "metrics": _metrics(panel, deployment, language),
    }
    if view == "timeSeries":
        properties["stacked"] = panel.stacked
        properties["yAxis"] = {"left": _axis(panel, language)}
    if view == "gauge":
        properties["yAxis"] = {"left": {"min": panel.minimum or 0, "max": panel.maximum or 1}}
    if panel.thresholds and view in ("timeSeries", "gauge"):
        properties["annotations"] = {"horizontal": [_line(panel, t, language) for t in panel.thresholds]}
    return properties


def _metrics(panel: Panel, deployment: Deployment, language: str) -> list[list[Json]]:
    metrics, reasons = [], []
    for index, series in enumerate(panel.series):
        try:
            expression = expressions.render(series.query, deployment.environment)
        except NotExpressible as refusal:
            reasons.append(refusal)
            continue
        metrics.append([_metric(series, index, expression, language)])
    if not metrics:
        raise reasons[0] if reasons else NotExpressible(expressions.BACKEND, "it has no query")
    return metrics


def _metric(series: Series, index: int, expression: str, language: str) -> Json:
    legend = series.legend.of(language)
    split = _LABEL.search(legend) is not None
    metric: Json = {"expression": expression, "id": f"q{index + 1}", "label": _dynamic(legend, expression)}
    if not split:
        metric["color"] = (series.colour or series_colour(index)).light
    return metric


def _dynamic(legend: str, expression: str) -> str:
    """``{{outcome}}`` as CloudWatch fills it in; grouped queries name their group themselves."""
    if expression.startswith("SELECT"):
        return "${LABEL}"
    return _LABEL.sub(lambda found: "${PROP('Dim." + found.group(1) + "')}", legend)


def _period(panel: Panel) -> int:
    windows = [
        int(s.query.window.total_seconds()) for s in panel.series if isinstance(s.query, CounterGrowth)
    ]
    return max(windows, default=expressions.PERIOD)


def _axis(panel: Panel, language: str) -> Json:
    axis: Json = {"label": UNITS[panel.unit].label[language], "showUnits": False}
    if panel.minimum is not None:
        axis["min"] = panel.minimum
    if panel.maximum is not None:
        axis["max"] = panel.maximum
    return axis


def _line(panel: Panel, threshold: Threshold, language: str) -> Json:
    """Where the state changes; the bad side is filled, whichever side that is."""
    falling = threshold.state is State.OK
    state = panel.starts if falling else threshold.state
    return {
        "value": float(threshold.value),
        "label": STATES[state].text(language),
        "color": STATES[state].colour.light,
        "fill": "below" if falling else "above",
    }
