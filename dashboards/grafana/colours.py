"""Grafana's way to say the registry's colours, states and units."""

from __future__ import annotations

from typing import Any

from grafanalib import core as grafana

from dashboards.model.board import Panel, Series
from dashboards.model.palette import STATES, UNITS, VALUE_COLOURS, Colour, State, series_colour

NO_DATA_TEXT = {language: STATES[State.NO_DATA].text(language) for language in ("en", "pt")}


def hex_of(colour: Colour) -> str:
    """Boards are drawn on Grafana's dark background by default."""
    return colour.dark


def unit_of(panel: Panel) -> str:
    return UNITS[panel.unit].grafana


def threshold_steps(panel: Panel) -> list[grafana.Threshold]:
    """The base step, then each threshold of the panel. A light starts grey: no value is not well."""
    steps = [grafana.Threshold(hex_of(STATES[panel.starts].colour), 0, 0.0)]
    for index, threshold in enumerate(panel.thresholds, start=1):
        steps.append(grafana.Threshold(hex_of(STATES[threshold.state].colour), index, float(threshold.value)))
    return steps


def light_steps() -> list[grafana.Threshold]:
    grey = grafana.Threshold(hex_of(STATES[State.NO_DATA].colour), 0, 0.0)
    known = sorted(STATES.values(), key=lambda style: style.code)
    coloured = [grafana.Threshold(hex_of(s.colour), i, float(s.code)) for i, s in enumerate(known, start=1)]
    return [grey, *coloured]


def light_mappings(language: str) -> list[dict[str, Any]]:
    """State codes as words, with a symbol beside the colour; null and NaN are grey and say so."""
    codes = {str(style.code): _result(state, language) for state, style in STATES.items()}
    missing = {"match": "null+nan", "result": _result(State.NO_DATA, language)}
    return [{"type": "value", "options": codes}, {"type": "special", "options": missing}]


def no_data_mapping(language: str) -> list[dict[str, Any]]:
    missing = {"match": "null+nan", "result": _result(State.NO_DATA, language)}
    return [{"type": "special", "options": missing}]


def _result(state: State, language: str) -> dict[str, Any]:
    style = STATES[state]
    return {
        "text": f"{style.symbol} {style.text(language)}",
        "color": hex_of(style.colour),
        "index": style.code,
    }


def series_overrides(panel: Panel) -> list[dict[str, Any]]:
    """A fixed registry colour for each plain query, and for each known label value."""
    by_query = [
        _fixed("byFrameRefID", ref_id(index), series.colour or series_colour(index))
        for index, series in enumerate(panel.series)
        if not is_split(series)
    ]
    split = any(is_split(series) for series in panel.series)
    by_value = [_fixed("byName", value, colour) for value, colour in VALUE_COLOURS.items()] if split else []
    return by_query + by_value


def is_split(series: Series) -> bool:
    """Whether one query draws a line for each label value."""
    return "{{" in series.legend.en


def ref_id(index: int) -> str:
    return chr(ord("A") + index)


def _fixed(matcher: str, value: str, colour: Colour) -> dict[str, Any]:
    painted = {"id": "color", "value": {"mode": "fixed", "fixedColor": hex_of(colour)}}
    return {"matcher": {"id": matcher, "options": value}, "properties": [painted]}
