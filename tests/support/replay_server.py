"""The replay through a running Prometheus: samples on its disk, the generated rules, answers by HTTP.

The samples of three hours end now. What the rules record over long windows is backfilled by promtool from the
same rules; then the server evaluates all of them itself, every few seconds, and is asked what panels ask.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from slo.prometheus import render_yaml
from tests.support.patience import Deadline
from tests.support.prometheus_server import backfill, prometheus_server, promtool
from tests.support.replay import MINUTES, STEP_SECONDS, Answer, Scenario, series_of

EVALUATE_SECONDS = 2
ROUNDS = 4
DEADLINE_SECONDS = 90.0
HISTORY = re.compile(r"slo:(total|good)_(slices:count|events:increase(5m|10m))")
"""Recordings that others sum over hours."""
_PART = re.compile(r"(_|-?[0-9.eE]+)(?:([+-][0-9.eE]+))?(?:x([0-9]+))?")


def ask_a_server(
    scenario: Scenario, documents: Mapping[str, Mapping[str, Any]], asked: Iterable[str], folder: Path
) -> dict[str, Answer]:
    """Every expression, answered by the server itself after it evaluated every rule."""
    now = int(time.time())
    begin = now - MINUTES * 60
    data = backfill(_lines(scenario, begin), folder)
    rules = folder / "rules"
    rules.mkdir()
    _write(rules, documents)
    history = folder / "history"
    history.mkdir()
    _write(history, {name: _history_only(document) for name, document in documents.items()})
    for _ in range(2):  # slices are recorded first, and then counted
        _backfill_rules(history, data, begin, now, folder)
    config = f"global: {{evaluation_interval: {EVALUATE_SECONDS}s}}\nrule_files: ['{rules}/*.yaml']\n"
    with (
        prometheus_server(folder, data, config) as url,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        _wait_until_evaluated(client)
        return {text: _answer(client, text) for text in asked}


def _write(folder: Path, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Asked every few seconds; without ``for``, since the trouble is older than each of them."""
    for name, document in documents.items():
        groups = [_hastened(group) for group in document["groups"]]
        (folder / name).write_text(render_yaml({"groups": groups}), encoding="utf-8")


def _hastened(group: Mapping[str, Any]) -> Mapping[str, Any]:
    rules = [{key: value for key, value in rule.items() if key != "for"} for rule in group["rules"]]
    return {**group, "interval": f"{EVALUATE_SECONDS}s", "rules": rules}


def _history_only(document: Mapping[str, Any]) -> Mapping[str, Any]:
    groups = []
    for group in document["groups"]:
        kept = [rule for rule in group["rules"] if HISTORY.fullmatch(rule.get("record", ""))]
        if kept:
            groups.append({**group, "rules": kept})
    return {"groups": groups}


def _backfill_rules(rules: Path, data: Path, begin: int, end: int, folder: Path) -> None:
    with prometheus_server(folder, data) as url:
        made = promtool(
            "tsdb", "create-blocks-from", "rules", f"--start={begin}", f"--end={end}", "--eval-interval=1m",
            f"--url={url}", f"--output-dir={data}", *map(str, sorted(rules.glob("*.yaml"))),
        )  # fmt: skip
    assert made.returncode == 0, made.stderr


def _lines(scenario: Scenario, begin: int) -> Iterator[str]:
    """OpenMetrics lines; a series' samples stand together, as the format wants."""
    for series, notation in series_of(scenario):
        for index, value in enumerate(_expanded(notation)):
            if value is not None:
                yield f"{series} {value} {begin + index * STEP_SECONDS}"


def _expanded(notation: str) -> Iterator[float | None]:
    """promtool's ``a+bxn``: ``a`` and then ``n`` steps of ``b``; ``_xn``: ``n`` times nothing."""
    for part in notation.split():
        first, step, times = _PART.fullmatch(part).groups()  # type: ignore[union-attr]
        if first == "_":
            yield from [None] * int(times or 1)
            continue
        for number in range(int(times or 0) + 1):
            yield float(first) + number * float(step or 0)


def _wait_until_evaluated(client: httpx.Client) -> None:
    """Until each group was evaluated ``ROUNDS`` times.

    What reads another group's recording has then seen it; and a server that has just begun says nothing of
    firing alerts before its third round, when it has looked for what it knew of them.
    """
    deadline = Deadline(DEADLINE_SECONDS)
    seen: dict[str, set[str]] = {}
    while not deadline.is_over():
        for group in client.get("/api/v1/rules").json()["data"]["groups"]:
            seen.setdefault(group["name"], set()).add(group["lastEvaluation"])
        if seen and all(len(rounds) > ROUNDS for rounds in seen.values()):
            return
        time.sleep(0.5)
    raise AssertionError("not every rule was evaluated in time")


def _answer(client: httpx.Client, text: str) -> Answer:
    answered = client.post("/api/v1/query", data={"query": text}).json()
    if answered["status"] != "success":
        return Answer(error=answered["error"])
    found = answered["data"]
    if found["resultType"] == "scalar":
        return Answer((({}, float(found["result"][1])),))
    return Answer(tuple((dict(one["metric"]), float(one["value"][1])) for one in found["result"]))
