"""Bodies that AWS refuses, each for its own reason and at its own path."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from dashboards.cloudwatch.body import body
from dashboards.cloudwatch.limits.body import validate, validate_name
from dashboards.model.addresses import Deployment
from tests.support.catalogues import ENVIRONMENT, shipped_boards

Json = dict[str, Any]
ARN = "arn:aws:cloudwatch:us-east-1:123456789012:alarm:mirante"


def good() -> Json:
    """A body with one widget of every kind, which breaks no limit."""
    return {
        "start": "-PT6H",
        "periodOverride": "inherit",
        "widgets": [
            {
                "type": "metric",
                "x": 0,
                "y": 0,
                "width": 12,
                "height": 6,
                "properties": {
                    "metrics": [
                        ["AWS/Lambda", "Errors", "FunctionName", "ingest", {"id": "m1", "color": "#b3261e"}],
                        [{"expression": "m1 * 2", "id": "e1", "label": "twice"}],
                    ],
                    "region": "us-east-1",
                    "period": 60,
                    "stat": "Sum",
                    "view": "timeSeries",
                    "yAxis": {"left": {"min": 0, "max": 10}},
                    "annotations": {"horizontal": [{"value": 5, "color": "#b3261e", "fill": "above"}]},
                },
            },
            {"type": "text", "properties": {"markdown": "hello"}},
            {"type": "alarm", "properties": {"alarms": [ARN], "states": ["ALARM"]}},
            {"type": "log", "properties": {"query": "SOURCE '/mirante' | limit 20", "region": "us-east-1"}},
        ],
    }


def metric(document: Json) -> Json:
    properties: Json = document["widgets"][0]["properties"]
    return properties


Change = Callable[[Json], object]
BAD: list[tuple[str, Change, str, str]] = [
    ("no widgets", lambda b: b.pop("widgets"), "/", "required property 'widgets'"),
    ("widgets no array", lambda b: b.update(widgets={}), "/widgets", "Should be array"),
    (
        "too many widgets",
        lambda b: b.update(widgets=[{"type": "text", "properties": {"markdown": ""}}] * 501),
        "/widgets",
        "more than 500 items",
    ),
    ("unknown top key", lambda b: b.update(title="x"), "/title", "additional properties"),
    (
        "end without start",
        lambda b: (b.pop("start"), b.update(end="-PT1H")),
        "/",
        "required property 'start'",
    ),
    ("bad start", lambda b: b.update(start="6h"), "/start", "match pattern"),
    ("bad override", lambda b: b.update(periodOverride="always"), "/periodOverride", "allowed values"),
    ("no type", lambda b: b["widgets"][0].pop("type"), "/widgets/0", "required property 'type'"),
    ("unknown type", lambda b: b["widgets"][0].update(type="graph"), "/widgets/0/type", "allowed values"),
    (
        "no properties",
        lambda b: b["widgets"][1].pop("properties"),
        "/widgets/1",
        "required property 'properties'",
    ),
    ("x too far", lambda b: b["widgets"][0].update(x=24), "/widgets/0/x", "<= 23"),
    ("negative y", lambda b: b["widgets"][0].update(y=-1), "/widgets/0/y", ">= 0"),
    ("no width", lambda b: b["widgets"][0].update(width=0), "/widgets/0/width", ">= 1"),
    ("too wide", lambda b: b["widgets"][0].update(width=25), "/widgets/0/width", "<= 24"),
    ("over the edge", lambda b: b["widgets"][0].update(x=20), "/widgets/0/width", "past column 24"),
    ("too high", lambda b: b["widgets"][0].update(height=1001), "/widgets/0/height", "<= 1000"),
    ("x alone", lambda b: b["widgets"][0].pop("y"), "/widgets/0", "both 'x' and 'y'"),
    (
        "no metrics",
        lambda b: metric(b).pop("metrics"),
        "/widgets/0/properties",
        "required property 'metrics'",
    ),
    ("no region", lambda b: metric(b).pop("region"), "/widgets/0/properties", "required property 'region'"),
    (
        "bad region",
        lambda b: metric(b).update(region="earth"),
        "/widgets/0/properties/region",
        "match pattern",
    ),
    (
        "no metric at all",
        lambda b: metric(b).update(metrics=[]),
        "/widgets/0/properties/metrics",
        "fewer than 1",
    ),
    (
        "too many metrics",
        lambda b: metric(b).update(metrics=[["N", "m"]] * 501),
        "/widgets/0/properties/metrics",
        "more than 500 items",
    ),
    (
        "metric without name",
        lambda b: metric(b).update(metrics=[["AWS/Lambda"]]),
        "/widgets/0/properties/metrics/0",
        "namespace and metric name",
    ),
    (
        "dimension without value",
        lambda b: metric(b).update(metrics=[["AWS/Lambda", "Errors", "FunctionName"]]),
        "/widgets/0/properties/metrics/0",
        "value for every dimension",
    ),
    (
        "too many dimensions",
        lambda b: metric(b).update(metrics=[["N", "m", *("d", "v") * 31]]),
        "/widgets/0/properties/metrics/0",
        "more than 30 dimensions",
    ),
    (
        "namespace with a colon",
        lambda b: metric(b).update(metrics=[[":N", "m"]]),
        "/widgets/0/properties/metrics/0/0",
        "colon",
    ),
    (
        "metric of a wrong type",
        lambda b: metric(b).update(metrics=[["N", 7]]),
        "/widgets/0/properties/metrics/0/1",
        "Should be string",
    ),
    (
        "colour red",
        lambda b: metric(b)["metrics"][0][4].update(color="red"),
        "/widgets/0/properties/metrics/0/4/color",
        "match pattern",
    ),
    (
        "id with capitals",
        lambda b: metric(b)["metrics"][0][4].update(id="M1"),
        "/widgets/0/properties/metrics/0/4/id",
        "match pattern",
    ),
    (
        "ids twice",
        lambda b: metric(b)["metrics"][1][0].update(id="m1"),
        "/widgets/0/properties/metrics",
        "duplicate ids",
    ),
    (
        "expression beside a metric",
        lambda b: metric(b)["metrics"][0][4].update(expression="m1"),
        "/widgets/0/properties/metrics/0",
        "an expression stands alone",
    ),
    (
        "unbalanced expression",
        lambda b: metric(b)["metrics"][1][0].update(expression="SUM(m1"),
        "/widgets/0/properties/metrics/1/0/expression",
        "balanced parentheses",
    ),
    (
        "search too long",
        lambda b: metric(b)["metrics"][1][0].update(expression=f"SEARCH('{'x' * 1025}', 'Sum', 60)"),
        "/widgets/0/properties/metrics/1/0/expression",
        "more than 1024 characters",
    ),
    (
        "unknown metric option",
        lambda b: metric(b)["metrics"][0][4].update(colour="#ffffff"),
        "/widgets/0/properties/metrics/0/4/colour",
        "additional properties",
    ),
    ("odd period", lambda b: metric(b).update(period=45), "/widgets/0/properties/period", "multiple of 60"),
    (
        "unknown statistic",
        lambda b: metric(b).update(stat="Mean"),
        "/widgets/0/properties/stat",
        "match pattern",
    ),
    ("unknown view", lambda b: metric(b).update(view="line"), "/widgets/0/properties/view", "allowed values"),
    (
        "stacked number",
        lambda b: metric(b).update(view="singleValue", stacked=True),
        "/widgets/0/properties/stacked",
        "timeSeries only",
    ),
    (
        "gauge without bounds",
        lambda b: metric(b).update(view="gauge", yAxis={}),
        "/widgets/0/properties/yAxis/left",
        "'min' and 'max'",
    ),
    (
        "axis upside down",
        lambda b: metric(b).update(yAxis={"left": {"min": 2, "max": 1}}),
        "/widgets/0/properties/yAxis/left/min",
        "less than 'max'",
    ),
    (
        "line without value",
        lambda b: metric(b).update(annotations={"horizontal": [{"label": "x"}]}),
        "/widgets/0/properties/annotations/horizontal/0",
        "required property 'value'",
    ),
    (
        "line of a wrong fill",
        lambda b: metric(b)["annotations"]["horizontal"][0].update(fill="over"),
        "/widgets/0/properties/annotations/horizontal/0/fill",
        "allowed values",
    ),
    (
        "line of a named colour",
        lambda b: metric(b)["annotations"]["horizontal"][0].update(color="red"),
        "/widgets/0/properties/annotations/horizontal/0/color",
        "match pattern",
    ),
    (
        "legend in the middle",
        lambda b: metric(b).update(legend={"position": "top"}),
        "/widgets/0/properties/legend/position",
        "allowed values",
    ),
    (
        "text without markdown",
        lambda b: b["widgets"][1].update(properties={}),
        "/widgets/1/properties",
        "required property 'markdown'",
    ),
    (
        "alarm widget without alarms",
        lambda b: b["widgets"][2]["properties"].update(alarms=[]),
        "/widgets/2/properties/alarms",
        "fewer than 1",
    ),
    (
        "alarm widget with too many",
        lambda b: b["widgets"][2]["properties"].update(alarms=[ARN] * 101),
        "/widgets/2/properties/alarms",
        "more than 100 items",
    ),
    (
        "alarm by name",
        lambda b: b["widgets"][2]["properties"].update(alarms=["mirante"]),
        "/widgets/2/properties/alarms/0",
        "match pattern",
    ),
    (
        "alarm in an unknown state",
        lambda b: b["widgets"][2]["properties"].update(states=["FIRING"]),
        "/widgets/2/properties/states/0",
        "allowed values",
    ),
    (
        "log query without source",
        lambda b: b["widgets"][3]["properties"].update(query="fields @message"),
        "/widgets/3/properties/query",
        "SOURCE",
    ),
]


def test_the_good_body_breaks_no_limit() -> None:
    assert validate(good()) == []


@pytest.mark.parametrize(("name", "change", "path", "message"), BAD, ids=[case[0] for case in BAD])
def test_a_bad_body_is_refused_for_the_right_reason_at_the_right_path(
    name: str, change: Change, path: str, message: str
) -> None:
    broken = copy.deepcopy(good())
    change(broken)
    findings = validate(broken)
    assert [finding.data_path for finding in findings] == [path]
    assert message in findings[0].message


def test_several_faults_are_all_named_in_document_order() -> None:
    broken = good()
    broken["widgets"][0]["x"] = 30
    metric(broken)["period"] = 7
    broken["widgets"][1]["properties"] = {}
    assert [finding.data_path for finding in validate(broken)] == [
        "/widgets/0/x",
        "/widgets/0/properties/period",
        "/widgets/1/properties",
    ]


def test_too_many_metrics_in_all_widgets_together_are_refused() -> None:
    many = {"type": "metric", "properties": {"region": "us-east-1", "metrics": [["N", "m"]] * 417}}
    assert "more than 2500 metrics" in validate({"widgets": [many] * 6})[0].message


def test_what_is_no_object_is_refused() -> None:
    assert validate([])[0].message == "Should be object"


@pytest.mark.parametrize("name", ["", "with space", "x" * 256, "a/b"])
def test_a_dashboard_name_has_a_narrow_alphabet(name: str) -> None:
    assert validate_name(name)
    assert not validate_name("mirante-test-operations")


@pytest.mark.parametrize("board", shipped_boards(), ids=lambda board: board.name)
@pytest.mark.parametrize("language", ["en", "pt"])
def test_every_shipped_board_breaks_no_limit(board: Any, language: str) -> None:
    assert validate(body(board, Deployment(ENVIRONMENT), language)) == []
