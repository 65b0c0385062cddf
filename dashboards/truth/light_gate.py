"""A light compares what its alerts compare, no data is grey and says so, descriptions carry runbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dashboards.grafana.panels import why_not
from dashboards.model import promql
from dashboards.model.board import Board, Panel, Shape
from dashboards.model.palette import STATES, State
from dashboards.standard.slo_panels import key_of
from dashboards.standard.source import Source
from dashboards.truth.untruth import Untruth

GATE = "lights"
GREY = STATES[State.NO_DATA].colour.dark
_COMPARED = re.compile(r"slo:burn_rate:ratio(\w+)\{[^}]*\}\s*>\s*(?:bool\s+)?([0-9.]+)")

Json = Mapping[str, Any]


def of_boards(boards: Iterable[Board], source: Source, rules: Iterable[Json]) -> Iterator[Untruth]:
    """Every light of an objective against its burn alerts among ``rules``: same windows, same factors."""
    alerts: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for rule in rules:
        labels = rule.get("labels", {})
        if "alert" in rule and isinstance(labels, Mapping) and "slo" in labels:
            own = alerts.setdefault((labels["slo"], labels["objective"]), set())
            own.update(_COMPARED.findall(str(rule["expr"])))
    wanted = {
        f"light-{key_of(slo, objective)}": alerts.get((slo.id, objective.name), set())
        for slo, objective in source.objectives()
    }
    for board in boards:
        for panel in board.panels():
            if panel.id in wanted:
                yield from _agrees(f"board {board.name}, panel {panel.id}", panel, wanted[panel.id])


def _agrees(where: str, panel: Panel, wanted: set[tuple[str, str]]) -> Iterator[Untruth]:
    text = " ".join(promql.render(series.query) for series in panel.series)
    if set(_COMPARED.findall(text)) != wanted:
        yield Untruth(GATE, where, "it does not compare what its alerts compare", "Build it with light_query")


def of_document(where: str, board: Board, document: Json) -> Iterator[Untruth]:
    """The panels of a generated Grafana board, each beside its model."""
    drawn = [panel for panel in document["panels"] if panel["type"] != "row"]
    for panel, shown in zip((p for p in board.panels() if why_not(p) is None), drawn, strict=True):
        place = f"{where}, panel {panel.id}"
        if panel.shape is Shape.LIGHT:
            yield from _grey(place, shown["fieldConfig"]["defaults"])
        if panel.runbook is not None and f"/runbooks/{panel.runbook}" not in shown["description"]:
            yield Untruth(
                GATE, place, "its description does not name its runbook", "Add the runbook to the description"
            )


def _grey(where: str, defaults: Json) -> Iterator[Untruth]:
    nothing = [one["options"]["result"] for one in defaults.get("mappings", ()) if one["type"] == "special"]
    first = defaults["thresholds"]["steps"][0]
    said = bool(defaults.get("noValue")) and any(one.get("text") for one in nothing)
    if (
        first["value"] is not None
        or not nothing
        or {first["color"], *(n["color"] for n in nothing)} != {GREY}
    ):
        yield Untruth(
            GATE,
            where,
            "missing data is not grey",
            "Start the thresholds with grey, and map null and NaN to grey",
        )
    if not said:
        yield Untruth(GATE, where, "missing data is not labelled", "Map null to a text, and set noValue")
