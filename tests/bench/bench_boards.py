"""A hundred boards from the catalogue to bytes, for Grafana and for CloudWatch.

The floor is writing the very same documents as JSON: what no generator can avoid.
"""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Sequence

from dashboards.cloudwatch.body import body
from dashboards.grafana.board import dashboard
from dashboards.model.addresses import Deployment
from dashboards.model.board import Board
from dashboards.model.json_text import json_bytes
from slo.loaders.catalogue_files import load_catalogue
from slo.model.catalogue import Catalogue
from tests.support.catalogues import shipped_with

BOARDS = 100
ENVIRONMENT = "bench"
TARGET_SECONDS = 2.0
ROUNDS = 3


def run() -> dict[str, object]:
    """Best of three; seconds of wall time."""
    catalogue = enough(load_catalogue())
    grafana, documents = best(lambda: build(catalogue, grafana_bytes))
    cloudwatch, _ = best(lambda: build(catalogue, cloudwatch_bytes))
    parsed = [json.loads(document) for document in documents]
    floor, _ = best(lambda: [json.dumps(one, indent=1, sort_keys=True).encode() for one in parsed])
    return {
        "boards": len(documents),
        "grafana_seconds": grafana,
        "cloudwatch_seconds": cloudwatch,
        "json_floor_seconds": floor,
        "grafana_over_floor": grafana / floor,
        "grafana_megabytes": sum(map(len, documents)) / 1e6,
        "target_seconds": TARGET_SECONDS,
        "within_target": grafana < TARGET_SECONDS,
    }


def enough(catalogue: Catalogue) -> Catalogue:
    """The shipped catalogue, its SLOs repeated under other names until there are a hundred boards."""
    others = 5 + len(catalogue.components)
    wanted = BOARDS - others
    slos = [
        dataclasses.replace(catalogue.slos[index % len(catalogue.slos)], name=f"copy-{index:03}")
        for index in range(wanted)
    ]
    return dataclasses.replace(catalogue, slos=tuple(slos))


def build(catalogue: Catalogue, render: Callable[[Board], bytes]) -> Sequence[bytes]:
    made = shipped_with(catalogue).boards(ENVIRONMENT)
    return [render(board) for board in made]


def grafana_bytes(board: Board) -> bytes:
    return json_bytes(dashboard(board, ENVIRONMENT))


def cloudwatch_bytes(board: Board) -> bytes:
    return json_bytes(body(board, Deployment(ENVIRONMENT)))


def best(work: Callable[[], Sequence[bytes]]) -> tuple[float, Sequence[bytes]]:
    """Least wall time of the rounds, and the last result."""
    least = float("inf")
    result: Sequence[bytes] = ()
    for _ in range(ROUNDS):
        began = time.perf_counter()
        result = work()
        least = min(least, time.perf_counter() - began)
    return least, result
