"""The ledger against the truth, on a real Prometheus: exact, or within the bound that it states.

Fleets of every shape in which series and processes are told apart or are not, with restarts, bursts, days and
nights, gaps and errors that appear with their first event, scraped every 60 s and every 15 s, anywhere in 30
days. Full size (MIRANTE_PROOF=full): 600 trials, of which 36 are whole 30 days (three of them at 15 s).
Stated smaller size: 120 trials of hours.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from foundation.clock import ManualClock
from slo.ledger.collect import Collector
from slo.ledger.ledger import Counts, series_key
from slo.ledger.prometheus_source import PrometheusCountReader
from slo.ledger.tally import count_plan
from slo.model.spec import Slo
from tests.support.memory_ledger import MemoryLedger
from tests.support.patience import patience
from tests.support.prometheus_server import needs_prometheus, prometheus_server
from tests.support.scraped_worlds import ERROR, SHAPES, Trial, blocks_of, slo_of

FULL = os.environ.get("MIRANTE_PROOF") == "full"
MANY, WHOLE = (564, 36) if FULL else (120, 0)
BEGIN, SPAN = datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=30)
MINUTE = timedelta(minutes=1)
SEED = 1


@dataclass
class Found:
    """Of one shape: how far off, and how far off it said that it may be."""

    trials: int = 0
    exact: int = 0
    restarts: int = 0
    worst: float = 0.0
    bounds: list[float] = field(default_factory=list)  # as a share of the true total

    def row(self, name: str) -> str:
        self.bounds.sort()
        middle = self.bounds[len(self.bounds) // 2]
        return (
            f"{name:24}{self.trials:8}{self.exact:8}{self.restarts:10}{self.worst:14.5f}"
            f"{middle:12.5f}{self.bounds[int(len(self.bounds) * 0.9)]:12.5f}{self.bounds[-1]:12.5f}"
        )


HEAD = f"{'shape':24}{'trials':>8}{'exact':>8}{'restarts':>10}{'worst error':>14}" + "".join(
    f"{text:>12}" for text in ("bound p50", "p90", "worst")
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Trial]]]:
    folder = tmp_path_factory.mktemp("truth")
    made, data = blocks_of(folder, MANY, WHOLE, BEGIN, SPAN, SEED)
    with prometheus_server(folder, data) as url:
        yield url, made


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=patience(60)) as made:
        yield made


def collected(url: str, slo: Slo, client: httpx.Client, trial: Trial) -> MemoryLedger:
    plan, ledger = count_plan(slo), MemoryLedger()
    reader = PrometheusCountReader(url, [plan.total, plan.part], client)
    history = trial.length + timedelta(hours=1)
    clock = ManualClock(trial.end)
    collector = Collector([slo], reader, ledger, "test", clock, history=history, pieces=reader.pieces)
    collector.collect()
    assert collector.refused == {}
    return ledger


def off(found: Counts, true: dict[str, int]) -> int:
    return max(abs(found.bad - true[ERROR]), abs(found.total - sum(true.values())))


@needs_prometheus
@pytest.mark.proof
@pytest.mark.timeout(3_600 if FULL else 280)
def test_the_ledger_is_exact_or_within_its_bound(
    world: tuple[str, list[Trial]], client: httpx.Client, capsys: pytest.CaptureFixture[str]
) -> None:
    url, made = world
    table = {shape.name: Found() for shape in SHAPES}
    wrong = []
    for trial in made:
        slo = slo_of(trial)
        ledger = collected(url, slo, client, trial)
        row = table[trial.shape.name]
        row.trials, row.restarts = row.trials + 1, row.restarts + trial.restarts
        for group, low, high in windows(trial):
            labels = (("cluster", group),) if trial.shape.grouped else ()
            key = series_key(slo, slo.objectives[0], "test", labels)
            found, true = ledger.counts(key, low, high), trial.true(group, low, high)
            missed, total = off(found, true), max(1, sum(true.values()))
            if missed > (found.error_bound or 0):
                part = f"{trial.job} {trial.shape.name} {group} {low:%d %H:%M} {high:%H:%M}"
                wrong.append(f"{part}: {missed} of {true}, {found}")
            if (low, high) == whole_of(trial):
                row.exact += missed == 0
                row.worst = max(row.worst, missed / total)
                row.bounds.append((found.error_bound or 0) / total)
    with capsys.disabled():
        print("\n".join(["", HEAD, *(row.row(name) for name, row in table.items() if row.trials)]))
    assert wrong == []


def whole_of(trial: Trial) -> tuple[datetime, datetime]:
    return trial.start - 2 * MINUTE, trial.end + 2 * MINUTE


def windows(trial: Trial) -> Iterator[tuple[str, datetime, datetime]]:
    """The whole of every group, and random parts of it where an event is told in the minute that saw it."""
    chance = random.Random(trial.job)
    for group in trial.truth:
        yield group, *whole_of(trial)
        if trial.shape.pushed or trial.shape.staggered or trial.shape.churning:
            continue
        for _ in range(5):
            low, high = sorted(chance.sample(range(3, trial.length // MINUTE), 2))
            yield group, trial.start + low * MINUTE, trial.start + high * MINUTE
