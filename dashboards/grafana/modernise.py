"""One pass that turns what grafanalib 0.7.1 emits into what a current Grafana reads.

Each repair below answers a defect seen in grafanalib's output; each has a test that fails without it.
Pure: a document in, a new document out. Running it twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards.grafana import old_panels
from dashboards.model.palette import NO_DATA_GREY

SCHEMA_VERSION = 42
PLUGIN_VERSION = "12.0.0"
REFRESH = "1m"

_DEAD_BOARD_KEYS = ("__inputs", "gnetId", "hideControls", "rows", "sharedCrosshair", "style", "id")
_DEAD_PANEL_KEYS = ("cacheTimeout", "editable", "error", "height", "minSpan", "span", "hideTimeOverride")
_DEAD_TARGET_KEYS = ("intervalFactor", "step", "metric", "target", "query")
_DEAD_VARIABLE_KEYS = ("useTags", "tagsQuery", "tagValuesQuery", "auto", "auto_min", "auto_count")
_DEAD_STEP_KEYS = ("index", "line", "op", "yaxis")
_ROW_KEYS = ("collapsed", "gridPos", "id", "title", "type")
_MISLEADING_MAX_DATA_POINTS = 100
_NESTED = (dict, list)
_MEAN = ["mean"]
_LAST = ["lastNotNull"]

Document = dict[str, Any]


def modernise(document: Mapping[str, Any]) -> Document:
    """The board as a current Grafana reads it. ``document`` is plain JSON data, and is left as it was."""
    board = {key: value for key, value in document.items() if key not in _DEAD_BOARD_KEYS}
    board["schemaVersion"] = SCHEMA_VERSION
    board["refresh"] = REFRESH if board.get("refresh") == "10s" else board.get("refresh", "")
    board["panels"] = [panel(raw) for raw in document.get("panels", [])]
    board["templating"] = {"list": [_variable(raw) for raw in document.get("templating", {}).get("list", [])]}
    if "timepicker" in board:
        board["timepicker"] = {"refresh_intervals": board["timepicker"].get("refresh_intervals", [])}
    kept: Document = _without_nulls(board)
    return kept


def panel(raw: Mapping[str, Any]) -> Document:
    """One panel, and those inside it when it is a collapsed row."""
    repaired = {key: value for key, value in raw.items() if key not in _DEAD_PANEL_KEYS}
    if repaired.get("maxDataPoints") == _MISLEADING_MAX_DATA_POINTS:
        del repaired["maxDataPoints"]
    repaired["targets"] = [_target(target) for target in raw.get("targets", [])]
    repaired = old_panels.repair(repaired)
    if repaired["type"] == "row":
        row: Document = {key: repaired[key] for key in _ROW_KEYS if key in repaired}
        return row | {"panels": [panel(inner) for inner in raw.get("panels", [])]}
    _repair_reducer(repaired)
    _repair_field_config(repaired)
    repaired["pluginVersion"] = PLUGIN_VERSION
    return repaired


def _repair_reducer(repaired: Document) -> None:
    """Defect 4: a mean of the range where the reader expects the value now."""
    options = repaired.get("options", {})
    if isinstance(options, dict) and options.get("reduceOptions", {}).get("calcs") == _MEAN:
        options = options | {"reduceOptions": options["reduceOptions"] | {"calcs": _LAST}}
        repaired["options"] = options


def _repair_field_config(repaired: Document) -> None:
    config = dict(repaired.get("fieldConfig") or {})
    defaults = dict(config.get("defaults") or {})
    thresholds = dict(defaults.get("thresholds") or {"mode": "absolute"})
    thresholds["steps"] = _steps(thresholds.get("steps") or [])
    defaults["thresholds"] = thresholds
    repaired["fieldConfig"] = {"defaults": defaults, "overrides": list(config.get("overrides") or [])}


def _steps(raw: list[Mapping[str, Any]]) -> list[Document]:
    """Defect 1: the first step's value is JSON null, or Grafana never leaves it. Steps rise."""
    steps = [
        {key: value for key, value in _plain(step).items() if key not in _DEAD_STEP_KEYS} for step in raw
    ]
    for step in steps:
        if step.get("value") in ("null", None):
            step["value"] = None
    if not any(step["value"] is None for step in steps):
        steps.insert(0, {"color": NO_DATA_GREY.dark, "value": None})
    return sorted(steps, key=lambda step: float("-inf") if step["value"] is None else float(step["value"]))


def _target(raw: Mapping[str, Any]) -> Document:
    if "metricName" in raw or raw.get("namespace"):
        return _cloudwatch_target(raw)
    target = {key: value for key, value in _plain(raw).items() if key not in _DEAD_TARGET_KEYS}
    instant = bool(target.get("instant"))
    return target | {"range": not instant, "editorMode": "code"}


def _cloudwatch_target(raw: Mapping[str, Any]) -> Document:
    """Defect 2: without these three keys the panel says "No data" and nothing else (grafana 118482)."""
    target = _plain(raw)
    target.pop("statistics", None)
    alias = target.pop("alias", "")
    if alias:
        target["label"] = alias
    target.setdefault("queryMode", "Metrics")
    target.setdefault("metricQueryType", 0)
    target.setdefault("metricEditorMode", 1 if target.get("expression") else 0)
    return target


def _variable(raw: Mapping[str, Any]) -> Document:
    variable = {key: value for key, value in _plain(raw).items() if key not in _DEAD_VARIABLE_KEYS}
    current = variable.get("current")
    if isinstance(current, Mapping):
        variable["current"] = {
            key: current[key] for key in ("selected", "text", "value") if current.get(key) is not None
        }
    return variable


def _plain(value: Any) -> Document:
    data = value.to_json_data() if hasattr(value, "to_json_data") else value
    return dict(data)


def _without_nulls(value: Any) -> Any:
    """Drop explicit nulls, but keep the one that carries meaning: a threshold's first step."""
    if type(value) is dict:
        return {
            key: _without_nulls(inner) if type(inner) in _NESTED else inner
            for key, inner in value.items()
            if inner is not None or (key == "value" and "color" in value)
        }
    if type(value) is list:
        return [_without_nulls(inner) if type(inner) in _NESTED else inner for inner in value]
    return value
