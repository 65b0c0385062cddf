"""The ``metrics`` array of a metric widget: one array a metric or expression."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from dashboards.cloudwatch.limits.broken import Findings

MAX_METRICS = 500
MAX_DIMENSIONS = 30
MAX_SEARCH_LENGTH = 1024
HEX_COLOUR = r"#[0-9a-fA-F]{6}"
METRIC_ID = r"[a-z][a-zA-Z0-9_]*"
SHORT_PERIODS = (1, 5, 10, 20, 30)
STATISTIC = (
    r"Average|Maximum|Minimum|Sum|SampleCount|IQM|"
    r"(p|tm|wm|tc|ts)\d{1,2}(\.\d+)?|p100|(PR|TM|WM|TC|TS)\([^)]*\)"
)
_OPTIONS = ("accountId", "color", "expression", "id", "label", "period", "region", "stat", "visible", "yAxis")


def check_metrics(metrics: Any, path: str, found: Findings) -> None:
    if not found.is_array(metrics, path, least=1, most=MAX_METRICS):
        return
    ids: list[str] = []
    for index, metric in enumerate(metrics):
        ids += _check_metric(metric, f"{path}/{index}", found)
    for name, times in Counter(ids).items():
        if times > 1:
            found.add(path, f"Should NOT have duplicate ids: '{name}' is used {times} times")


def check_period(period: Any, path: str, found: Findings) -> None:
    """Seconds: 1, 5, 10, 20, 30 or any multiple of 60."""
    if found.is_integer(period, path, 1) and period not in SHORT_PERIODS and period % 60:
        found.add(path, "Should be 1, 5, 10, 20, 30 or a multiple of 60")


def _check_metric(metric: Any, path: str, found: Findings) -> list[str]:
    """Findings of one metric; returns its id, if it has one."""
    if not found.is_array(metric, path, least=1):
        return []
    *names, last = metric
    options = last if isinstance(last, Mapping) else None
    if options is None:
        names = list(metric)
    if options is not None and "expression" in options:
        if names:
            found.add(path, "Should match exactly one schema in oneOf: an expression stands alone")
    else:
        _check_names(names, path, found)
    return _check_options(options, f"{path}/{len(metric) - 1}", found) if options is not None else []


def _check_names(names: list[Any], path: str, found: Findings) -> None:
    for index, name in enumerate(names):
        found.is_string(name, f"{path}/{index}")
    if len(names) < 2:
        found.add(path, "Should NOT have fewer than 2 items: namespace and metric name")
    elif len(names) % 2:
        found.add(path, "Should have a value for every dimension name")
    elif (len(names) - 2) // 2 > MAX_DIMENSIONS:
        found.add(path, f"Should NOT have more than {MAX_DIMENSIONS} dimensions")
    if names and isinstance(names[0], str) and (names[0].startswith(":") or not 1 <= len(names[0]) <= 255):
        found.add(
            f"{path}/0", "Should be a namespace of 1 to 255 characters that does not start with a colon"
        )


def _check_options(options: Mapping[str, Any], path: str, found: Findings) -> list[str]:
    found.allows(options, path, _OPTIONS)
    if "color" in options:
        found.is_string(options["color"], f"{path}/color", HEX_COLOUR)
    if "period" in options:
        check_period(options["period"], f"{path}/period", found)
    if "stat" in options:
        found.is_string(options["stat"], f"{path}/stat", STATISTIC)
    if "visible" in options:
        found.is_boolean(options["visible"], f"{path}/visible")
    if "yAxis" in options:
        found.is_one_of(options["yAxis"], f"{path}/yAxis", ("left", "right"))
    if "label" in options:
        found.is_string(options["label"], f"{path}/label")
    if "expression" in options:
        _check_expression(options["expression"], f"{path}/expression", found)
    if "id" in options and found.is_string(options["id"], f"{path}/id", METRIC_ID):
        return [options["id"]]
    return []


def _check_expression(expression: Any, path: str, found: Findings) -> None:
    if not found.is_string(expression, path):
        return
    if not expression.strip():
        found.add(path, "Should NOT be empty")
    for search in expression.split("SEARCH(")[1:]:
        quoted = search.partition("'")[2].partition("'")[0]
        if len(quoted) > MAX_SEARCH_LENGTH:
            found.add(path, f"Should NOT have a SEARCH of more than {MAX_SEARCH_LENGTH} characters")
    if expression.count("(") != expression.count(")"):
        found.add(path, "Should have balanced parentheses")
