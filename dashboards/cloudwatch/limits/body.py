"""A whole dashboard body against the documented limits. Nothing else checks bodies before AWS does.

Source: *Dashboard Body Structure and Syntax* and *CloudWatch quotas* (API reference and user guide).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards.cloudwatch.limits.broken import Findings, LimitBroken
from dashboards.cloudwatch.limits.widgets import check_widget

MAX_WIDGETS = 500
MAX_METRICS = 2500
MAX_NAME = 255
NAME = rf"[A-Za-z0-9_-]{{1,{MAX_NAME}}}"
START = r"-P(\d+[DWM])?(T(\d+[HM])+)?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"
_KEYS = ("widgets", "start", "end", "periodOverride", "variables")


def validate(body: Any) -> Sequence[LimitBroken]:
    """Every finding of a parsed body, in document order; none means that no known limit is broken."""
    found = Findings()
    if not found.is_object(body, "/"):
        return found.found
    found.allows(body, "", _KEYS)
    _check_range(body, found)
    if found.requires(body, "/", "widgets") and found.is_array(body["widgets"], "/widgets", most=MAX_WIDGETS):
        for index, widget in enumerate(body["widgets"]):
            check_widget(widget, f"/widgets/{index}", found)
        _check_metric_count(body["widgets"], found)
    return found.found


def validate_name(name: str) -> Sequence[LimitBroken]:
    found = Findings()
    found.is_string(name, "/DashboardName", NAME)
    return found.found


def _check_range(body: Mapping[str, Any], found: Findings) -> None:
    if "start" in body:
        found.is_string(body["start"], "/start", START)
    if "end" in body:
        found.requires(body, "/", "start")
        found.is_string(body["end"], "/end", START)
    if "periodOverride" in body:
        found.is_one_of(body["periodOverride"], "/periodOverride", ("auto", "inherit"))
    if "variables" in body:
        found.is_array(body["variables"], "/variables")


def _check_metric_count(widgets: Sequence[Any], found: Findings) -> None:
    counts = [
        len(widget["properties"]["metrics"])
        for widget in widgets
        if isinstance(widget, Mapping)
        and isinstance(widget.get("properties"), Mapping)
        and isinstance(widget["properties"].get("metrics"), list)
    ]
    if sum(counts) > MAX_METRICS:
        found.add("/widgets", f"Should NOT have more than {MAX_METRICS} metrics in all widgets together")
