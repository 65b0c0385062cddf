"""The real Prometheus rule engine (``promtool test rules``) over packed incidents.

Many incidents become labelled series of one test, so that one run of the generated rules judges them all. At
every minute the engine must say exactly which tiers of which incidents fire.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from slo.model.periods import MINUTE
from slo.model.spec import Slo
from slo.prometheus.rules import rule_file
from slo.simulate.timeline import Span, Timeline
from tests.support.prometheus_server import promtool
from tests.support.slo_samples import counted

LABEL = "incident"
PACKED = counted(
    good='sum by (incident) (increase(requests_total{outcome="ok"}[{{.window}}]))',
    total="sum by (incident) (increase(requests_total[{{.window}}]))",
)
START_VALUE = 1_000_000_000

Firing = Mapping[str, tuple[Span, ...]]


def check_against_the_engine(
    folder: Path, slo: Slo, timelines: Sequence[Timeline], expected: Sequence[Firing], every: int = 1
) -> str:
    """Empty when the engine agrees at every minute checked, else what promtool says.

    All timelines are of one length. ``every`` thins out the minutes in which nothing changes; changes and
    their neighbours are always checked.
    """
    rules = {"groups": [group for group in _groups(slo) if not str(group["name"]).endswith("-period")]}
    (folder / "rules.yaml").write_text(json.dumps(rules), encoding="utf-8")
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "group_eval_order": [group["name"] for group in rules["groups"]],
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    series for index, timeline in enumerate(timelines) for series in _series(index, timeline)
                ],
                "promql_expr_test": _checks(timelines, expected, every),
            }
        ],
    }
    (folder / "incidents.test.yaml").write_text(json.dumps(test), encoding="utf-8")
    ran = promtool("test", "rules", str(folder / "incidents.test.yaml"))
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def _groups(slo: Slo) -> Sequence[Mapping[str, object]]:
    groups = rule_file(slo, "test")["groups"]
    assert isinstance(groups, list)
    return groups


def _series(index: int, timeline: Timeline) -> list[dict[str, str]]:
    values: dict[str, list[str]] = {"ok": [], "error": []}
    sums = {"ok": START_VALUE, "error": START_VALUE}
    first = timeline.minutes[0]
    for outcome, found in values.items():
        found.append("_" if first is None else str(sums[outcome]))
    for minute in timeline.minutes:
        if minute is not None:
            sums["ok"] += minute.good
            sums["error"] += minute.bad
        for outcome, found in values.items():
            found.append("_" if minute is None else str(sums[outcome]))
    return [
        {
            "series": f'requests_total{{outcome="{outcome}",{LABEL}="{index}"}}',
            "values": " ".join(found),
        }
        for outcome, found in values.items()
    ]


def _checks(timelines: Sequence[Timeline], expected: Sequence[Firing], every: int) -> list[dict[str, object]]:
    (length,) = {len(timeline.minutes) for timeline in timelines}
    states = [_firing_at(timelines, expected, minute) for minute in range(length + 1)]
    near = {
        minute + offset
        for minute in range(1, length + 1)
        if states[minute] != states[minute - 1]
        for offset in (-2, -1, 0, 1)
    }
    return [
        {
            "expr": f'count by ({LABEL}, tier) (ALERTS{{alertstate="firing",tier!=""}})',
            "eval_time": f"{minute}m",
            "exp_samples": [
                {"labels": f'{{{LABEL}="{index}",tier="{tier}"}}', "value": 1} for index, tier in state
            ],
        }
        for minute, state in enumerate(states)
        if minute % every == 0 or minute in near
    ]


def _firing_at(
    timelines: Sequence[Timeline], expected: Sequence[Firing], minute: int
) -> list[tuple[int, str]]:
    offset: timedelta = MINUTE * minute
    return sorted(
        (index, tier)
        for index, (timeline, firing) in enumerate(zip(timelines, expected, strict=True))
        for tier, spans in firing.items()
        if any(
            span.start <= timeline.start + offset and (span.end is None or timeline.start + offset < span.end)
            for span in spans
        )
    )
