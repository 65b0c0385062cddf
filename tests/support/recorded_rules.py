"""Recording rules as a real Prometheus would have recorded them in the past: its own engine and data.

``promtool tsdb create-blocks-from rules`` evaluates each rule by what the server has, so what a rule reads of
another is there only after the next round and a start of the server that finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from slo.model.spec import Slo
from slo.prometheus import render_yaml
from slo.prometheus.rules import rule_file, rules_file
from tests.support.prometheus_server import prometheus_server, promtool

ROUNDS = 5  # counts, their sums, ratios, burn rates, the budget that is left
LATELY = timedelta(minutes=8)  # is enough of what only the last value is read of


@dataclass(frozen=True)
class Evaluated:
    """A rule file, and the times in which somebody evaluated it."""

    file: Path
    times: Sequence[tuple[datetime, datetime]]


def written_rules(slo: Slo, environment: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / rules_file(slo)
    file.write_text(render_yaml(rule_file(slo, environment)), "utf-8")
    return file


def record(folder: Path, data: Path, evaluated: Sequence[Evaluated]) -> None:
    """Adds to ``data`` what the rules recorded."""
    for number in range(ROUNDS):
        times: dict[tuple[datetime, datetime], list[str]] = {}
        for one in evaluated:
            last = one.times[-1][1]
            for span in one.times if number == 0 else [(last - LATELY, last)]:
                times.setdefault(span, []).append(str(one.file))
        with prometheus_server(folder, data) as url:
            for (start, end), files in times.items():
                done = promtool(
                    *("tsdb", "create-blocks-from", "rules", f"--url={url}", f"--output-dir={data}"),
                    *(f"--start={start.timestamp():.0f}", f"--end={end.timestamp():.0f}"),
                    *files,
                )
                assert done.returncode == 0, done.stdout + done.stderr
