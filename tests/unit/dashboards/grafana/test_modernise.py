"""Each defect of grafanalib 0.7.1: seen in what it emits, then gone after the repair."""

from __future__ import annotations

import json
from typing import Any

import pytest
from grafanalib import core as grafana
from grafanalib._gen import DashboardEncoder
from grafanalib.cloudwatch import CloudwatchMetricsTarget

from dashboards.grafana.board import dashboard
from dashboards.grafana.modernise import SCHEMA_VERSION, modernise
from dashboards.model.palette import NO_DATA_GREY
from tests.support.catalogues import ENVIRONMENT, shipped_boards

Json = dict[str, Any]


def emitted(*panels: Any, **settings: Any) -> Json:
    """What grafanalib writes, as plain data."""
    raw = grafana.Dashboard(title="t", panels=list(panels), **settings)
    plain: Json = json.loads(json.dumps(raw, cls=DashboardEncoder))
    return plain


def before_and_after(panel: Any) -> tuple[Json, Json]:
    raw = emitted(panel)
    return raw["panels"][0], modernise(raw)["panels"][0]


def keys_of(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(inner) for inner in value))
    return set()


def test_the_first_threshold_is_null_and_not_the_word_null() -> None:
    steps = [grafana.Threshold("green", 0, 0.0), grafana.Threshold("red", 1, 5.0)]
    raw, repaired = before_and_after(grafana.Stat(title="s", thresholds=steps))
    assert raw["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["value"] == "null"
    assert repaired["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "red", "value": 5.0},
    ]


def test_thresholds_rise_and_begin_with_a_base_step_that_is_grey_when_nobody_gave_one() -> None:
    steps = [grafana.Threshold("red", 2, 5.0), grafana.Threshold("green", 1, 1.0)]
    _, repaired = before_and_after(grafana.Stat(title="s", thresholds=steps))
    assert repaired["fieldConfig"]["defaults"]["thresholds"]["steps"] == [
        {"color": NO_DATA_GREY.dark, "value": None},
        {"color": "green", "value": 1.0},
        {"color": "red", "value": 5.0},
    ]


def test_a_cloudwatch_target_gets_the_three_keys_without_which_it_shows_no_data() -> None:
    target = CloudwatchMetricsTarget(namespace="AWS/Lambda", metricName="Errors", alias="errors", refId="A")
    raw, repaired = before_and_after(grafana.TimeSeries(title="c", targets=[target]))
    assert "queryMode" not in raw["targets"][0]
    (query,) = repaired["targets"]
    assert (query["queryMode"], query["metricQueryType"], query["metricEditorMode"]) == ("Metrics", 0, 0)
    assert query["label"] == "errors"
    assert not {"alias", "statistics"} & set(query)


def test_a_cloudwatch_expression_opens_in_the_code_editor() -> None:
    target = CloudwatchMetricsTarget(namespace="AWS/Lambda", expression="SUM(m1)", refId="A")
    _, repaired = before_and_after(grafana.TimeSeries(title="c", targets=[target]))
    assert repaired["targets"][0]["metricEditorMode"] == 1


def test_the_alert_list_is_written_in_the_options_of_unified_alerting() -> None:
    raw, repaired = before_and_after(grafana.AlertList(title="a", limit=7, onlyAlertsOnDashboard=True))
    assert {"show", "stateFilter", "nameFilter"} <= set(raw)
    assert not {"show", "nameFilter", "limit", "dashboardTags"} & set(repaired)
    assert repaired["options"]["maxItems"] == 7
    assert repaired["options"]["dashboardAlerts"] is True
    assert repaired["options"]["stateFilter"]["firing"] is True
    assert repaired["options"]["stateFilter"]["noData"] is True


def test_the_gauge_keeps_its_reducer_where_grafana_reads_it() -> None:
    raw, repaired = before_and_after(grafana.GaugePanel(title="g"))
    assert "reduceOptions" not in raw.get("options", {})
    assert "calcs" in raw["fieldConfig"]["defaults"]
    assert repaired["options"]["reduceOptions"] == {"calcs": ["lastNotNull"], "fields": "", "values": False}
    assert "calcs" not in repaired["fieldConfig"]["defaults"]


def test_the_bar_gauge_leaves_the_field_options_that_grafana_7_dropped() -> None:
    raw, repaired = before_and_after(grafana.BarGauge(title="b", format="percentunit", max=1))
    assert raw["options"]["fieldOptions"]["defaults"]["unit"] == "percentunit"
    assert "fieldOptions" not in repaired["options"]
    assert repaired["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]
    assert repaired["fieldConfig"]["defaults"]["unit"] == "percentunit"
    assert repaired["fieldConfig"]["defaults"]["max"] == 1


def test_the_heat_map_is_no_longer_the_angular_one() -> None:
    raw, repaired = before_and_after(
        grafana.Heatmap(title="h", dataFormat="tsbuckets", yAxis=grafana.YAxis(format="s"))
    )
    assert {"cards", "xAxis", "yBucketBound"} <= set(raw)
    assert not {"cards", "xAxis", "yAxis", "yBucketBound", "dataFormat", "heatmap"} & set(repaired)
    assert repaired["options"]["calculate"] is False
    assert repaired["options"]["yAxis"]["unit"] == "s"


def test_a_stat_shows_the_value_now_and_not_the_mean_of_the_range() -> None:
    raw, repaired = before_and_after(grafana.Stat(title="s"))
    assert raw["options"]["reduceOptions"]["calcs"] == ["mean"]
    assert repaired["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]


def test_misleading_query_defaults_are_gone() -> None:
    target = grafana.Target(expr="up", refId="A")
    raw, repaired = before_and_after(grafana.TimeSeries(title="t", targets=[target]))
    assert (raw["targets"][0]["intervalFactor"], raw["targets"][0]["step"]) == (2, 10)
    assert raw["maxDataPoints"] == 100
    assert not {"intervalFactor", "step", "metric", "target", "query"} & set(repaired["targets"][0])
    assert "maxDataPoints" not in repaired
    assert repaired["targets"][0]["range"] is True


def test_the_table_has_cell_options_and_no_keys_from_before_grafana_8() -> None:
    raw, repaired = before_and_after(grafana.Table(title="t", displayMode="color-text"))
    assert {"columns", "fontSize"} <= set(raw)
    assert not {"columns", "fontSize", "color", "mappings"} & set(repaired)
    assert repaired["fieldConfig"]["defaults"]["custom"]["cellOptions"] == {"type": "color-text"}


def test_the_dashboard_list_reads_its_options() -> None:
    raw, repaired = before_and_after(grafana.DashboardList(title="d", searchTags=["mirante"], maxItems=3))
    assert raw["tags"] == ["mirante"]
    assert repaired["options"]["tags"] == ["mirante"]
    assert repaired["options"]["maxItems"] == 3
    assert repaired["options"]["keepTime"] is True
    assert "tags" not in repaired


def test_legends_say_that_they_show() -> None:
    for panel in (
        grafana.TimeSeries(title="t"),
        grafana.StateTimeline(title="s"),
        grafana.Histogram(title="h"),
    ):
        raw, repaired = before_and_after(panel)
        assert "showLegend" not in raw["options"]["legend"]
        assert repaired["options"]["legend"]["showLegend"] is True


def test_the_board_is_of_the_current_schema_and_refreshes_calmly() -> None:
    raw = emitted()
    assert (raw["schemaVersion"], raw["refresh"]) == (12, "10s")
    board = modernise(raw)
    assert board["schemaVersion"] == SCHEMA_VERSION == 42
    assert board["refresh"] == "1m"
    assert not {"rows", "sharedCrosshair", "style", "hideControls", "gnetId", "__inputs"} & set(board)


def test_an_explicit_null_is_left_only_where_it_means_something() -> None:
    raw = emitted(grafana.Stat(title="s", thresholds=[grafana.Threshold("green", 0, 0.0)]))
    assert "null" in json.dumps(raw)

    def nulls(value: Any, path: str = "") -> list[str]:
        if isinstance(value, dict):
            return [found for key, inner in value.items() for found in nulls(inner, f"{path}/{key}")]
        if isinstance(value, list):
            return [found for index, inner in enumerate(value) for found in nulls(inner, f"{path}/{index}")]
        return [path] if value is None else []

    assert nulls(modernise(raw)) == ["/panels/0/fieldConfig/defaults/thresholds/steps/0/value"]


def test_panels_inside_a_collapsed_row_are_repaired_too() -> None:
    row = grafana.RowPanel(title="r", collapsed=True, panels=[grafana.Stat(title="s")])
    inner = modernise(emitted(row))["panels"][0]["panels"][0]
    assert inner["options"]["reduceOptions"]["calcs"] == ["lastNotNull"]


def test_repairing_twice_changes_nothing_and_the_input_is_left_alone() -> None:
    panels = [grafana.Stat(title="s"), grafana.GaugePanel(title="g"), grafana.BarGauge(title="b"),
              grafana.Heatmap(title="h"), grafana.AlertList(title="a"), grafana.Table(title="t"),
              grafana.DashboardList(title="d"), grafana.TimeSeries(title="l")]  # fmt: skip
    raw = emitted(*panels)
    text = json.dumps(raw, sort_keys=True)
    once = modernise(raw)
    assert json.dumps(raw, sort_keys=True) == text
    assert modernise(once) == once


@pytest.mark.parametrize("board", shipped_boards(), ids=lambda board: board.name)
def test_no_shipped_board_carries_a_dead_key_or_a_panel_without_a_place(board: Any) -> None:
    document = dashboard(board, ENVIRONMENT)
    dead = {"intervalFactor", "fieldOptions", "sharedCrosshair", "xBucketSize", "minSpan", "useTags", "yaxis"}
    assert not dead & keys_of(document)
    assert all({"x", "y", "w", "h"} == set(panel["gridPos"]) for panel in document["panels"])
    ids = [panel["id"] for panel in document["panels"]]
    assert ids == sorted(set(ids))
