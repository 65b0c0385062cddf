"""One count on file before the answer leaves: microseconds an ``add``, beside a bare append to a file."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from foundation.clock import SystemClock
from foundation.count_journal import CounterIncrement, labels_of
from slo.ledger.sqlite_counts import SqliteCountJournal

ADDS = 20_000
ONE = [CounterIncrement("requests_total", labels_of(outcome="ok"), 1)]
OBSERVATION = [
    *(
        CounterIncrement("duration_seconds_bucket", labels_of(outcome="ok", le=str(edge)), 1)
        for edge in range(9)
    ),
    CounterIncrement("duration_seconds_count", labels_of(outcome="ok"), 1),
]


def timed(work: Callable[[], object]) -> dict[str, float]:
    """Median and 99th percentile in microseconds."""
    found = []
    for _ in range(ADDS):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    found.sort()
    return {"p50_us": round(found[ADDS // 2] * 1e6, 1), "p99_us": round(found[ADDS * 99 // 100] * 1e6, 1)}


def run() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        journal = SqliteCountJournal(Path(folder) / "counts.sqlite", "bench", SystemClock())
        one = timed(lambda: journal.add(ONE))
        observation = timed(lambda: journal.add(OBSERVATION))
        journal.close()
        file = os.open(Path(folder) / "floor", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        floor = timed(lambda: os.write(file, b"requests_total outcome=ok 1\n"))
        os.close(file)
    return {
        "adds": ADDS,
        "one_counter": one,
        "one_observation_of_ten_counters": observation,
        "floor_append_to_a_file": floor,
        "ratio_to_floor": round(one["p50_us"] / floor["p50_us"], 1),
        "goal": "under 60 us an add",
    }
