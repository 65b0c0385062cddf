"""Which alerts fire, said by the real rule engine: ``promtool test rules`` over series of our making.

promtool only compares, so it is asked to expect nothing, and what it got instead is read from its answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from slo.proof.replay import Rule
from tests.support.prometheus_server import promtool

_AT = re.compile(r'expr: "ALERTS[^\n]*, time: (\S+),')
_SAMPLE = re.compile(r'\{__name__="ALERTS", (.*?)\} [0-9.E+]+')
_LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')
_PART = re.compile(r"(\d+)(h|m|s)")
_MINUTES = {"h": 60, "m": 1, "s": 0}

Firing = Mapping[int, Sequence[Mapping[str, str]]]
"""Labels of every firing alert, by minute."""


def firing_by_promtool(
    folder: Path, rules: Sequence[Rule], series: Mapping[str, Sequence[int]], every: int
) -> Firing:
    """At each multiple of ``every`` minutes; all rules are one group, evaluated each minute in order."""
    minutes = max(len(values) for values in series.values()) - 1
    written = [{key: value for key, value in rule.items() if value} for rule in rules]
    group = {"name": "all", "interval": "1m", "rules": written}
    (folder / "rules.yaml").write_text(json.dumps({"groups": [group]}), encoding="utf-8")
    asked = [
        {"expr": 'ALERTS{alertstate="firing"}', "eval_time": f"{minute}m", "exp_samples": []}
        for minute in range(every, minutes + 1, every)
    ]
    inputs = [{"series": name, "values": " ".join(map(str, values))} for name, values in series.items()]
    test = {
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": inputs, "promql_expr_test": asked}],
    }
    (folder / "test.yaml").write_text(json.dumps(test), encoding="utf-8")
    ran = promtool("test", "rules", str(folder / "test.yaml"))
    assert "error" not in ran.stderr, ran.stderr[:2_000]
    return _read(ran.stdout + ran.stderr)


def _read(told: str) -> Firing:
    found: dict[int, list[dict[str, str]]] = {}
    places = list(_AT.finditer(told))
    for place, following in zip(places, [*places[1:], None], strict=True):
        part = told[place.end() : following.start() if following else len(told)]
        alerts = [dict(_LABEL.findall(sample)) for sample in _SAMPLE.findall(part)]
        found[_minutes(place.group(1))] = alerts
    return found


def _minutes(text: str) -> int:
    return sum(int(number) * _MINUTES[unit] for number, unit in _PART.findall(text))
