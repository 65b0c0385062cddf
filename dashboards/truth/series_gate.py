"""Every metric and label that a panel, rule or variable names exists; and nothing fills in a missing
value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from alarms.model.indicator import IndicatorAlarm
from dashboards.model import promql
from dashboards.model.board import Board, Panel
from dashboards.model.errors import NotExpressible
from dashboards.truth.known_series import Known
from dashboards.truth.reading import readings
from dashboards.truth.untruth import Untruth
from foundation.metrics import MetricSpec

GATE = "series"
FILL_IN = re.compile(r"\bor\s+(on\s*\([^)]*\)\s*)?vector\s*\(|\bvector\s*\(\s*0\s*\)")
_FILL_FIX = "Leave it absent: the board draws that grey, and silence has its own alerts"


def of_boards(boards: Iterable[Board], known: Known) -> Iterator[Untruth]:
    for board in boards:
        for panel in board.panels():
            for text in expressions(panel):
                yield from of_text(f"board {board.name}, panel {panel.id}", text, known)
        for variable in board.variables:
            where = f"board {board.name}, variable {variable.name}"
            yield from _unknown(where, variable.metric, frozenset({variable.label}), known)


def of_indicators(indicators: Iterable[IndicatorAlarm], declared: Iterable[MetricSpec]) -> Iterator[Untruth]:
    """CloudWatch finds a metric by all its dimensions: an alarm that names others never fires."""
    labels = {spec.name: spec.labels for spec in declared}
    for indicator in indicators:
        own = labels.get(indicator.metric, indicator.labels)
        if own != indicator.labels:
            problem = f"{indicator.metric} is declared with the labels {', '.join(own) or 'none'}"
            yield Untruth(GATE, f"indicator {indicator.name}", problem, "Write them in that order")


def expressions(panel: Panel) -> list[str]:
    """The panel's PromQL; what only CloudWatch holds has none."""
    found = []
    for series in panel.series:
        try:
            found.append(promql.render(series.query))
        except NotExpressible:
            continue
    return found


def of_text(where: str, text: str, known: Known) -> Iterator[Untruth]:
    """Findings of one expression, from wherever it comes."""
    if FILL_IN.search(text):
        yield Untruth(GATE, where, "it fills in a missing value with vector()", _FILL_FIX)
    try:
        found = readings(text)
    except ValueError as error:
        yield Untruth(GATE, where, f"it is not PromQL: {error}", "Fix the expression")
        return
    for reading in found:
        yield from _unknown(where, reading.series, reading.labels, known)


def _unknown(where: str, series: str, labels: frozenset[str], known: Known) -> Iterator[Untruth]:
    if series not in known:
        problem = f"nothing exposes or records {series!r}"
        yield Untruth(GATE, where, problem, "Name a declared metric or a recording rule")
        return
    for label in sorted(labels - known[series]):
        have = ", ".join(sorted(known[series]))
        yield Untruth(GATE, where, f"{series} has no label {label!r}", f"It has: {have}")
