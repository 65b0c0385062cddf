"""Widgets: place on the grid, and what each type requires."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dashboards.cloudwatch.limits.broken import Findings
from dashboards.cloudwatch.limits.metrics import HEX_COLOUR, STATISTIC, check_metrics, check_period

COLUMNS = 24
MAX_HEIGHT = 1000
MAX_ALARMS = 100
MAX_LOG_GROUPS = 50
ALARM_ARN = r"arn:aws[a-z-]*:cloudwatch:[a-z0-9-]+:\d{12}:alarm:.{1,255}"
REGION = r"[a-z]{2}(-[a-z]+)+-\d"
VIEWS = ("timeSeries", "singleValue", "gauge", "bar", "pie", "table")
LOG_VIEWS = ("table", "timeSeries", "bar", "pie")
_METRIC_PROPERTIES = (
    "accountId",
    "annotations",
    "end",
    "labels",
    "legend",
    "liveData",
    "metrics",
    "period",
    "region",
    "setPeriodToTimeRange",
    "singleValueFullPrecision",
    "sparkline",
    "stacked",
    "start",
    "stat",
    "table",
    "timezone",
    "title",
    "trend",
    "view",
    "yAxis",
)

Properties = Mapping[str, Any]


def check_widget(widget: Any, path: str, found: Findings) -> None:
    if not found.is_object(widget, path):
        return
    _check_place(widget, path, found)
    if not found.requires(widget, path, "type", "properties"):
        return
    check = _TYPES.get(widget["type"]) if isinstance(widget["type"], str) else None
    if check is None:
        found.is_one_of(widget["type"], f"{path}/type", tuple(_TYPES))
    elif found.is_object(widget["properties"], f"{path}/properties"):
        check(widget["properties"], f"{path}/properties", found)


def _check_place(widget: Properties, path: str, found: Findings) -> None:
    fits = True
    for name, least, most in (
        ("x", 0, COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, COLUMNS),
        ("height", 1, MAX_HEIGHT),
    ):
        if name in widget:
            fits = found.is_integer(widget[name], f"{path}/{name}", least, most) and fits
    if ("x" in widget) != ("y" in widget):
        found.add(path, "Should have both 'x' and 'y' or neither")
    elif fits and "x" in widget and widget["x"] + widget.get("width", 6) > COLUMNS:
        found.add(f"{path}/width", f"Should NOT reach past column {COLUMNS}")


def _check_text(properties: Properties, path: str, found: Findings) -> None:
    found.allows(properties, path, ("markdown", "background"))
    if found.requires(properties, path, "markdown"):
        found.is_string(properties["markdown"], f"{path}/markdown")
    if "background" in properties:
        found.is_one_of(properties["background"], f"{path}/background", ("transparent", "solid"))


def _check_alarm(properties: Properties, path: str, found: Findings) -> None:
    found.allows(properties, path, ("alarms", "sortBy", "states", "title"))
    if found.requires(properties, path, "alarms") and found.is_array(
        properties["alarms"], f"{path}/alarms", 1, MAX_ALARMS
    ):
        for index, arn in enumerate(properties["alarms"]):
            found.is_string(arn, f"{path}/alarms/{index}", ALARM_ARN)
    if "sortBy" in properties:
        allowed = ("default", "stateUpdatedTimestamp", "timestamp")
        found.is_one_of(properties["sortBy"], f"{path}/sortBy", allowed)
    if "states" in properties and found.is_array(properties["states"], f"{path}/states"):
        for index, state in enumerate(properties["states"]):
            found.is_one_of(state, f"{path}/states/{index}", ("ALARM", "INSUFFICIENT_DATA", "OK"))


def _check_log(properties: Properties, path: str, found: Findings) -> None:
    found.allows(
        properties, path, ("accountId", "query", "region", "stacked", "title", "view", "queryLanguage")
    )
    if "view" in properties:
        found.is_one_of(properties["view"], f"{path}/view", LOG_VIEWS)
    if not found.requires(properties, path, "query", "region"):
        return
    found.is_string(properties["region"], f"{path}/region", REGION)
    if found.is_string(properties["query"], f"{path}/query"):
        groups = properties["query"].count("SOURCE ")
        if not groups:
            found.add(f"{path}/query", "Should start with SOURCE and a log group")
        elif groups > MAX_LOG_GROUPS:
            found.add(f"{path}/query", f"Should NOT name more than {MAX_LOG_GROUPS} log groups")


def _check_metric(properties: Properties, path: str, found: Findings) -> None:
    found.allows(properties, path, _METRIC_PROPERTIES)
    annotations = properties.get("annotations", {})
    shows_alarm = isinstance(annotations, Mapping) and "alarms" in annotations
    if not shows_alarm:
        found.requires(properties, path, "metrics")
    if found.requires(properties, path, "region"):
        found.is_string(properties["region"], f"{path}/region", REGION)
    if "metrics" in properties:
        check_metrics(properties["metrics"], f"{path}/metrics", found)
    if found.is_object(annotations, f"{path}/annotations"):
        _check_annotations(annotations, f"{path}/annotations", found)
    if "period" in properties:
        check_period(properties["period"], f"{path}/period", found)
    if "stat" in properties:
        found.is_string(properties["stat"], f"{path}/stat", STATISTIC)
    _check_view(properties, path, found)
    _check_axes(properties.get("yAxis", {}), f"{path}/yAxis", found)


def _check_view(properties: Properties, path: str, found: Findings) -> None:
    view = properties.get("view", "timeSeries")
    if not found.is_one_of(view, f"{path}/view", VIEWS):
        return
    for name in (
        "stacked",
        "liveData",
        "setPeriodToTimeRange",
        "sparkline",
        "trend",
        "singleValueFullPrecision",
    ):
        if name in properties:
            found.is_boolean(properties[name], f"{path}/{name}")
    if properties.get("stacked") is True and view != "timeSeries":
        found.add(f"{path}/stacked", "Should be used with the view timeSeries only")
    if "sparkline" in properties and view != "singleValue":
        found.add(f"{path}/sparkline", "Should be used with the view singleValue only")
    left = properties.get("yAxis", {}).get("left", {}) if isinstance(properties.get("yAxis"), Mapping) else {}
    if view == "gauge" and not ("min" in left and "max" in left):
        found.add(f"{path}/yAxis/left", "Should have required properties 'min' and 'max' for the view gauge")
    legend = properties.get("legend", {})
    if found.is_object(legend, f"{path}/legend") and "position" in legend:
        found.is_one_of(legend["position"], f"{path}/legend/position", ("right", "bottom", "hidden"))


def _check_axes(axes: Any, path: str, found: Findings) -> None:
    if not found.is_object(axes, path):
        return
    found.allows(axes, path, ("left", "right"))
    for side in ("left", "right"):
        axis = axes.get(side, {})
        if not found.is_object(axis, f"{path}/{side}"):
            continue
        numbers = [found.is_number(axis[n], f"{path}/{side}/{n}") for n in ("min", "max") if n in axis]
        if len(numbers) == 2 and all(numbers) and axis["min"] >= axis["max"]:
            found.add(f"{path}/{side}/min", "Should be less than 'max'")


def _check_annotations(annotations: Properties, path: str, found: Findings) -> None:
    found.allows(annotations, path, ("alarms", "horizontal", "vertical"))
    if "alarms" in annotations and found.is_array(annotations["alarms"], f"{path}/alarms", 1, 1):
        for index, arn in enumerate(annotations["alarms"]):
            found.is_string(arn, f"{path}/alarms/{index}", ALARM_ARN)
    for side in ("horizontal", "vertical"):
        if side in annotations and found.is_array(annotations[side], f"{path}/{side}"):
            for index, mark in enumerate(annotations[side]):
                _check_mark(mark, f"{path}/{side}/{index}", side, found)


def _check_mark(mark: Any, path: str, side: str, found: Findings) -> None:
    """A line, or two of them with the band between."""
    for index, line in enumerate(mark if isinstance(mark, list) else [mark]):
        at = f"{path}/{index}" if isinstance(mark, list) else path
        if not found.is_object(line, at) or not found.requires(line, at, "value"):
            continue
        if side == "horizontal":
            found.is_number(line["value"], f"{at}/value")
        else:
            found.is_string(line["value"], f"{at}/value", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")
        if "color" in line:
            found.is_string(line["color"], f"{at}/color", HEX_COLOUR)
        if "fill" in line:
            fills = ("above", "below", "none") if side == "horizontal" else ("before", "after", "none")
            found.is_one_of(line["fill"], f"{at}/fill", fills)


def _check_custom(properties: Properties, path: str, found: Findings) -> None:
    if found.requires(properties, path, "endpoint"):
        found.is_string(properties["endpoint"], f"{path}/endpoint", r"arn:aws[a-z-]*:lambda:.+")


def _check_explorer(properties: Properties, path: str, found: Findings) -> None:
    if found.requires(properties, path, "metrics", "labels"):
        found.is_array(properties["metrics"], f"{path}/metrics", 1)
        found.is_array(properties["labels"], f"{path}/labels", 1)


_TYPES: Mapping[str, Callable[[Properties, str, Findings], None]] = {
    "metric": _check_metric,
    "text": _check_text,
    "log": _check_log,
    "alarm": _check_alarm,
    "explorer": _check_explorer,
    "custom": _check_custom,
}
