"""Panels that grafanalib writes in a shape older than Grafana 8, rewritten in today's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Document = dict[str, Any]


def repair(panel: Document) -> Document:
    """The panel in today's shape; types that were never old pass through."""
    kind = panel.get("type", "")
    change = _REPAIRS.get(kind)
    repaired = change(panel) if change else panel
    if kind in _REQUIRED_OPTIONS:
        return repaired | {"options": _REQUIRED_OPTIONS[kind] | dict(repaired.get("options") or {})}
    return repaired


_REQUIRED_OPTIONS: Mapping[str, Document] = {
    "stat": {"percentChangeColorMode": "standard", "showPercentChange": False, "wideLayout": True},
    "table": {"cellHeight": "sm", "frameIndex": 0},
    "bargauge": {
        "legend": {"calcs": [], "displayMode": "list", "placement": "bottom", "showLegend": False},
        "maxVizHeight": 300,
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "sizing": "auto",
    },
    "gauge": {
        "barShape": "flat",
        "barWidthFactor": 0.5,
        "effects": {},
        "minVizHeight": 75,
        "minVizWidth": 75,
        "segmentCount": 1,
        "segmentSpacing": 0.3,
        "shape": "gauge",
        "sizing": "auto",
    },
}
"""Options that today's schema requires and grafanalib has never heard of."""


def _reduce_options(calcs: object, values: object = False) -> Document:
    wanted = ["lastNotNull"] if calcs in (None, ["mean"]) else calcs
    return {"calcs": wanted, "fields": "", "values": bool(values)}


def _gauge(panel: Document) -> Document:
    """Defect 3: the reducer sits among the field defaults, where no reader looks for it."""
    config = panel.get("fieldConfig", {})
    defaults = dict(config.get("defaults", {}))
    calcs, values = defaults.pop("calcs", None), defaults.pop("values", False)
    for dead in ("limit", "override", "title"):
        defaults.pop(dead, None)
    options = dict(panel.get("options") or {})
    options.setdefault("reduceOptions", _reduce_options(calcs, values))
    options.setdefault("showThresholdLabels", config.get("showThresholdLabels", False))
    options.setdefault("showThresholdMarkers", config.get("showThresholdMarkers", True))
    options.setdefault("orientation", "auto")
    overrides = config.get("overrides", [])
    return panel | {"options": options, "fieldConfig": {"defaults": defaults, "overrides": overrides}}


def _bar_gauge(panel: Document) -> Document:
    """Defect 3 again: everything sits in ``options.fieldOptions``, which Grafana 7 stopped reading."""
    options = dict(panel.get("options") or {})
    old: Mapping[str, Any] = options.pop("fieldOptions", {})
    options.pop("showThresholdLabels", None)
    options.pop("showThresholdMarkers", None)
    options.setdefault("reduceOptions", _reduce_options(old.get("calcs"), old.get("values")))
    options.setdefault("valueMode", "color")
    options.setdefault("showUnfilled", True)
    config = panel.get("fieldConfig", {})
    inherited = {key: value for key, value in old.get("defaults", {}).items() if key != "title"}
    mappings = {"mappings": old["mappings"]} if old.get("mappings") else {}
    defaults = inherited | mappings | config.get("defaults", {})
    overrides = config.get("overrides", [])
    return panel | {"options": options, "fieldConfig": {"defaults": defaults, "overrides": overrides}}


def _alert_list(panel: Document) -> Document:
    """Defect 3: keys from before unified alerting, all ignored (grafanalib 585)."""
    kept = {
        key: panel[key] for key in ("id", "gridPos", "title", "description", "type", "links") if key in panel
    }
    old: Mapping[str, Any] = panel.get("options") or {}
    if "viewMode" in old:
        return kept | {"options": dict(old), "targets": []}
    options = {
        "alertInstanceLabelFilter": old.get("alertInstanceLabelFilter", ""),
        "alertName": old.get("alertName", ""),
        "dashboardAlerts": bool(panel.get("onlyAlertsOnDashboard", False)),
        "groupBy": [],
        "groupMode": "default",
        "maxItems": panel.get("limit", 20),
        "sortOrder": 3,
        "stateFilter": {"error": True, "firing": True, "noData": True, "normal": False, "pending": True},
        "viewMode": "list",
    }
    return kept | {"options": options, "targets": []}


_OLD_HEATMAP_KEYS = (
    "cards",
    "color",
    "dataFormat",
    "heatmap",
    "hideZeroBuckets",
    "highlightCards",
    "legend",
    "reverseYBuckets",
    "tooltip",
    "xAxis",
    "xBucketNumber",
    "xBucketSize",
    "yAxis",
    "yBucketBound",
    "yBucketNumber",
    "yBucketSize",
)


def _heatmap(panel: Document) -> Document:
    """Defect 3: the Angular heat map; today's reads everything from ``options``."""
    old_axis = panel.get("yAxis") or {}
    buckets = panel.get("dataFormat") == "tsbuckets"
    kept = {key: value for key, value in panel.items() if key not in _OLD_HEATMAP_KEYS}
    if isinstance(panel.get("options"), dict) and panel["options"].get("yAxis"):
        return kept
    kept["options"] = {
        "calculate": not buckets,
        "cellGap": 1,
        "cellValues": {"unit": "short"},
        "color": {
            "exponent": 0.5,
            "fill": "dark-blue",
            "mode": "scheme",
            "reverse": False,
            "scale": "exponential",
            "scheme": "Viridis",
            "steps": 64,
        },
        "exemplars": {"color": "rgba(255,0,255,0.7)"},
        "filterValues": {"le": 1e-9},
        "legend": {"show": True},
        "rowsFrame": {"layout": "auto"},
        "showValue": "never",
        "tooltip": {"mode": "single", "showColorScale": False, "yHistogram": False},
        "yAxis": {"axisPlacement": "left", "reverse": False, "unit": old_axis.get("format") or "short"},
    }
    return kept


def _table(panel: Document) -> Document:
    """Keys of the table before Grafana 8; the display mode became cell options."""
    kept = {
        key: value for key, value in panel.items() if key not in ("color", "columns", "fontSize", "mappings")
    }
    config = dict(kept.get("fieldConfig", {}))
    defaults = dict(config.get("defaults", {}))
    custom = dict(defaults.get("custom", {}))
    mode = custom.pop("displayMode", "auto")
    custom.setdefault("cellOptions", {"type": mode})
    defaults["custom"] = custom
    config["defaults"] = defaults
    kept["fieldConfig"] = config
    return kept


_DASHLIST_KEYS = {
    "headings": "showHeadings",
    "search": "showSearch",
    "recent": "showRecentlyViewed",
    "starred": "showStarred",
    "limit": "maxItems",
    "query": "query",
    "tags": "tags",
}


def _dashboard_list(panel: Document) -> Document:
    """Options that stood beside the panel's own keys."""
    kept = {key: value for key, value in panel.items() if key not in _DASHLIST_KEYS}
    moved = {new: panel[old] for old, new in _DASHLIST_KEYS.items() if old in panel}
    shared = {"includeVars": True, "keepTime": True, "showFolderNames": False}
    kept["options"] = shared | moved | dict(kept.get("options") or {})
    return kept


def _state_timeline(panel: Document) -> Document:
    """The legend must be said to show, since Grafana 10."""
    options = dict(panel.get("options") or {})
    options["legend"] = {"showLegend": True} | dict(options.get("legend") or {})
    return panel | {"options": options}


def _legend_with_calcs(panel: Document) -> Document:
    """A legend needs ``showLegend``; without it a strict reader refuses the panel."""
    options = dict(panel.get("options") or {})
    options["legend"] = {"showLegend": True, "calcs": []} | dict(options.get("legend") or {})
    config = dict(panel.get("fieldConfig", {}))
    defaults = dict(config.get("defaults", {}))
    custom = dict(defaults.get("custom", {}))
    if custom.get("scaleDistribution", {}).get("type") == "linear":
        custom["scaleDistribution"] = {"type": "linear"}
    if custom.get("stacking") == {}:
        custom["stacking"] = {"group": "A", "mode": "none"}
    defaults["custom"] = custom
    config["defaults"] = defaults
    return panel | {"options": options, "fieldConfig": config}


_REPAIRS: Mapping[str, Callable[[Document], Document]] = {
    "gauge": _gauge,
    "bargauge": _bar_gauge,
    "alertlist": _alert_list,
    "heatmap": _heatmap,
    "table": _table,
    "dashlist": _dashboard_list,
    "state-timeline": _state_timeline,
    "timeseries": _legend_with_calcs,
    "histogram": _legend_with_calcs,
    "piechart": _legend_with_calcs,
}
