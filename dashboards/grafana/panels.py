"""Panels of the model as grafanalib objects. What grafanalib says badly, ``modernise`` repairs after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grafanalib import core as grafana

from dashboards.grafana.colours import (
    NO_DATA_TEXT,
    hex_of,
    light_mappings,
    light_steps,
    no_data_mapping,
    ref_id,
    series_overrides,
    threshold_steps,
    unit_of,
)
from dashboards.grafana.links import panel_links, url
from dashboards.model import promql
from dashboards.model.board import Panel, Shape
from dashboards.model.errors import NotExpressible
from dashboards.model.layout import GridPlace
from dashboards.model.palette import UNITS, Colour, State
from dashboards.model.query import Buckets, Query

DATA_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
MINIMUM_INTERVAL = "15s"

INSTANT_SHAPES = frozenset({Shape.LIGHT, Shape.STAT, Shape.GAUGE, Shape.BARS, Shape.TABLE, Shape.ALERTS})
"""Shapes that show one value ask for the value *now*: the last one of a range would outlive its target."""

Json = dict[str, Any]


def panel_of(panel: Panel, place: GridPlace, panel_id: int, language: str) -> Any:
    """The grafanalib panel at its place."""
    common: Json = {
        "title": panel.title.of(language),
        "description": description(panel, language),
        "id": panel_id,
        "gridPos": grafana.GridPos(h=place.height, w=place.width, x=place.x, y=place.y),
        "links": panel_links(panel, language),
    }
    return _BUILDERS[panel.shape](panel, common, language)


def why_not(panel: Panel) -> str | None:
    """Why Grafana on Prometheus cannot show a panel; None when it can."""
    if panel.shape is Shape.LOGS:
        return "its lines are in CloudWatch Logs, not in Prometheus"
    for series in panel.series:
        try:
            promql.render(series.query)
        except NotExpressible as refusal:
            return refusal.reason
    return None


def description(panel: Panel, language: str) -> str:
    """What it shows, why it may be empty, and where to read what to do."""
    lines = [panel.description.of(language)]
    if panel.empty_means is not None:
        lines.append(panel.empty_means.of(language))
    if panel.runbook is not None:
        lines.append(f"Runbook: [{panel.runbook}](${{console}}/runbooks/{panel.runbook})")
    return "\n\n".join(lines)


def _targets(panel: Panel, language: str) -> list[grafana.Target]:
    return [
        grafana.Target(
            datasource=DATA_SOURCE,
            expr=promql.render(series.query),
            format=_format(panel, series.query),
            instant=panel.shape in INSTANT_SHAPES,
            legendFormat=series.legend.of(language) or "__auto",
            refId=ref_id(index),
        )
        for index, series in enumerate(panel.series)
    ]


def _format(panel: Panel, query: Query) -> str:
    if panel.shape in (Shape.TABLE, Shape.ALERTS):
        return "table"
    return "heatmap" if isinstance(query, Buckets) else "time_series"


def _queried(panel: Panel, common: Json, language: str) -> Json:
    return common | {
        "dataSource": DATA_SOURCE,
        "targets": _targets(panel, language),
        "interval": MINIMUM_INTERVAL,
    }


def _bounds(panel: Panel) -> Json:
    defaults: Json = {"decimals": UNITS[panel.unit].decimals, "noValue": None}
    if panel.minimum is not None:
        defaults["min"] = panel.minimum
    if panel.maximum is not None:
        defaults["max"] = panel.maximum
    return {key: value for key, value in defaults.items() if value is not None}


def _light(panel: Panel, common: Json, language: str) -> grafana.Stat:
    return grafana.Stat(
        **_queried(panel, common, language),
        colorMode="background",
        graphMode="none",
        color={"mode": "thresholds"},
        format=unit_of(panel),
        mappings=light_mappings(language),
        noValue=NO_DATA_TEXT[language],
        reduceCalc="last",
        textMode="value_and_name" if len(panel.series) > 1 else "value",
        thresholds=light_steps(),
    )


def _stat(panel: Panel, common: Json, language: str) -> grafana.Stat:
    return grafana.Stat(
        **_queried(panel, common, language),
        colorMode="value",
        graphMode="none",
        color={"mode": "thresholds"} if panel.thresholds else _fixed_colour(panel),
        decimals=UNITS[panel.unit].decimals,
        format=unit_of(panel),
        mappings=no_data_mapping(language),
        noValue=NO_DATA_TEXT[language],
        reduceCalc="lastNotNull",
        thresholds=threshold_steps(panel),
    )


def _fixed_colour(panel: Panel) -> Json:
    colour = next((s.colour for s in panel.series if s.colour is not None), Colour("#0072b2", "#56b4e9"))
    return {"mode": "fixed", "fixedColor": hex_of(colour)}


def _gauge(panel: Panel, common: Json, language: str) -> grafana.GaugePanel:
    return grafana.GaugePanel(
        **_queried(panel, common, language),
        format=unit_of(panel),
        min=panel.minimum,
        max=panel.maximum,
        thresholdMarkers=True,
        thresholds=threshold_steps(panel),
        extraJson={"fieldConfig": {"defaults": {"noValue": NO_DATA_TEXT[language],
                                                "mappings": no_data_mapping(language)}}},
    )  # fmt: skip


def _bars(panel: Panel, common: Json, language: str) -> grafana.BarGauge:
    return grafana.BarGauge(
        **_queried(panel, common, language),
        displayMode="basic",
        format=unit_of(panel),
        min=panel.minimum,
        max=panel.maximum,
        thresholds=threshold_steps(panel),
        extraJson={"fieldConfig": {"defaults": {"noValue": NO_DATA_TEXT[language],
                                                "mappings": no_data_mapping(language)}}},
    )  # fmt: skip


def _lines(panel: Panel, common: Json, language: str) -> grafana.TimeSeries:
    return grafana.TimeSeries(
        **_queried(panel, common, language),
        colorMode="palette-classic-by-name",
        fillOpacity=60 if panel.stacked else 8,
        legendCalcs=["lastNotNull", "max"],
        legendDisplayMode="table",
        lineWidth=2,
        overrides=series_overrides(panel),
        stacking={"group": "A", "mode": "normal"} if panel.stacked else {},
        thresholds=threshold_steps(panel),
        thresholdsStyleMode=_threshold_style(panel),
        tooltipMode="multi",
        tooltipSort="desc",
        unit=unit_of(panel),
        extraJson={"fieldConfig": {"defaults": _bounds(panel) | {"noValue": NO_DATA_TEXT[language]}}},
    )


def _threshold_style(panel: Panel) -> str:
    """A line where more is worse; where less is worse the bad side is shaded, as the line itself is good."""
    if not panel.thresholds:
        return "off"
    return "line" if panel.starts is State.OK else "line+area"


def _timeline(panel: Panel, common: Json, language: str) -> grafana.StateTimeline:
    return grafana.StateTimeline(
        **_queried(panel, common, language),
        mappings=light_mappings(language),
        thresholds=light_steps(),
        extraJson={"fieldConfig": {"defaults": {"noValue": NO_DATA_TEXT[language]}}},
    )


def _heatmap(panel: Panel, common: Json, language: str) -> grafana.Heatmap:
    return grafana.Heatmap(
        **_queried(panel, common, language),
        dataFormat="tsbuckets",
        yAxis=grafana.YAxis(format=unit_of(panel)),
    )


def _table(panel: Panel, common: Json, language: str) -> grafana.Table:
    return grafana.Table(
        **_queried(panel, common, language),
        unit=unit_of(panel),
        thresholds=threshold_steps(panel),
        extraJson={"fieldConfig": {"defaults": {"noValue": NO_DATA_TEXT[language]}}},
    )


_HIDDEN_ALERT_COLUMNS = ("Time", "Value", "__name__", "alertstate", "alert_key", "environment")


def _alerts(panel: Panel, common: Json, language: str) -> grafana.Table:
    hidden = {"excludeByName": dict.fromkeys(_HIDDEN_ALERT_COLUMNS, True)}
    empty = panel.empty_means.of(language) if panel.empty_means else NO_DATA_TEXT[language]
    return grafana.Table(
        **_queried(panel, common, language),
        unit=unit_of(panel),
        transformations=[{"id": "organize", "options": hidden}],
        thresholds=threshold_steps(panel),
        extraJson={"fieldConfig": {"defaults": {"noValue": empty}}},
    )


def _alert_list(panel: Panel, common: Json, language: str) -> grafana.AlertList:
    return grafana.AlertList(**common, limit=20, onlyAlertsOnDashboard=False)


def _text(panel: Panel, common: Json, language: str) -> grafana.Text:
    """The content, then the links as a list: a panel's own link menu is easy to overlook."""
    content = panel.content.of(language) if panel.content is not None else ""
    listed = [f"- [{link.title.of(language)}]({url(link, language)})" for link in panel.links]
    return grafana.Text(**common, content="\n".join([content, *listed]).strip())


_BUILDERS: Mapping[Shape, Callable[[Panel, Json, str], Any]] = {
    Shape.LIGHT: _light,
    Shape.STAT: _stat,
    Shape.GAUGE: _gauge,
    Shape.BARS: _bars,
    Shape.LINES: _lines,
    Shape.TIMELINE: _timeline,
    Shape.HEATMAP: _heatmap,
    Shape.TABLE: _table,
    Shape.ALERTS: _alerts,
    Shape.ALERT_LIST: _alert_list,
    Shape.TEXT: _text,
}
