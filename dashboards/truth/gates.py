"""All gates at once: what ``mirante check`` asks of the boards, rules and alarms it would build."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from alarms.generate.cloudwatch.every_alarm import every_alarm
from dashboards.cloudwatch import expressions
from dashboards.model.board import Board, Panel
from dashboards.model.errors import NotExpressible
from dashboards.standard.source import Source
from dashboards.truth import colour_gate, light_gate, line_gate, link_gate, series_gate
from dashboards.truth.known_series import known_series, rules
from dashboards.truth.reading import readings
from dashboards.truth.untruth import Untruth
from foundation.metrics import MetricSpec

CONSOLE_PATHS = ("/", "/kpi", "/slo/{service}/{name}", "/incidents/{id}", "/runbooks/{name}")
"""The console's pages below its address; a test holds them against the console's own routes."""
_METRIC_NAME = re.compile(r'MetricName="([^"]+)"|SELECT \w+\("([^"]+)"\)')
_WATCHES_ITSELF = ("vector(1)",)


@dataclass(frozen=True, slots=True)
class Report:
    """``findings`` must be empty; ``unwatched`` are metrics that no panel and no rule reads.

    ``counts`` says how many boards, panels, queries and rules were examined.
    """

    findings: tuple[Untruth, ...]
    unwatched: tuple[str, ...]
    counts: dict[str, int]


def examine(
    source: Source,
    made: Sequence[Board],
    declared: Sequence[MetricSpec] | None,
    console_paths: Iterable[str] = CONSOLE_PATHS,
) -> Report:
    """``made`` are the boards of ``source``; ``declared`` the metrics that anything exposes (``None``: nobody
    here knows what is exposed, and whether each series exists is not asked)."""
    environment, generated = source.environment, rules(source)
    found: list[Untruth] = [] if declared is None else [*_series(source, made, generated, declared)]
    alarms = every_alarm(source.catalogue, source.watched, environment)
    found += line_gate.of_boards(made, source, generated, alarms)
    found += light_gate.of_boards(made, source, generated)
    found += link_gate.of_boards(made, source.runbooks, console_paths)
    panels = [panel for board in made for panel in board.panels()]
    texts = [text for panel in panels for text in series_gate.expressions(panel)]
    counts = {
        "boards": len(made),
        "panels": len(panels),
        "queries": len(texts),
        "rules": len(generated),
    }
    if declared is None:
        return Report(tuple(found), (), counts)
    counts["metrics"] = len(declared)
    texts += [str(rule["expr"]) for rule in generated]
    return Report(tuple(found), unwatched(declared, texts, _on_cloudwatch(panels, environment)), counts)


def examine_documents(
    board: Board,
    language: str,
    grafana: Mapping[str, object] | None = None,
    cloudwatch: Mapping[str, object] | None = None,
) -> list[Untruth]:
    """What only a generated document shows, of those that are at hand."""
    found: list[Untruth] = []
    if grafana is not None:
        found += light_gate.of_document(f"grafana/{board.name}.{language}", board, grafana)
        found += colour_gate.of_document(f"grafana/{board.name}.{language}", grafana)
    if cloudwatch is not None:
        found += colour_gate.of_document(f"cloudwatch/{board.name}.{language}", cloudwatch)
    return found


def _series(
    source: Source,
    made: Sequence[Board],
    generated: Iterable[Mapping[str, object]],
    declared: Sequence[MetricSpec],
) -> Iterator[Untruth]:
    known = known_series(source, declared)
    yield from series_gate.of_boards(made, known)
    yield from series_gate.of_indicators(source.indicators, declared)
    for rule in generated:
        name = str(rule.get("alert") or rule.get("record"))
        if "record" not in rule and str(rule["expr"]) not in _WATCHES_ITSELF:
            yield from series_gate.of_text(f"rule {name}", str(rule["expr"]), known)


def _on_cloudwatch(panels: Iterable[Panel], environment: str) -> Iterator[str]:
    """Metrics that a CloudWatch widget reads by name."""
    for panel in panels:
        for series in panel.series:
            try:
                text = expressions.render(series.query, environment)
            except NotExpressible:
                continue
            yield from (one or other for one, other in _METRIC_NAME.findall(text))


def unwatched(
    declared: Iterable[MetricSpec], texts: Iterable[str], others: Iterable[str] = ()
) -> tuple[str, ...]:
    """Declared metrics that none of the PromQL texts reads, nor ``others`` name, in name order."""
    read = {reading.series for text in set(texts) for reading in readings(text)} | set(others)
    names = {name.removesuffix(suffix) for name in read for suffix in ("", "_bucket", "_sum", "_count")}
    return tuple(sorted(spec.name for spec in declared if spec.name not in names))
