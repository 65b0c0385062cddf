"""``slo status`` of 1,000 SLOs over 30 days of minute rows, beside the floor of serialising its answer."""

from __future__ import annotations

import json
import os
import resource
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from slo.indicators.ratio import RatioIndicator
from slo.judge.status import ObjectiveStatus, status
from slo.ledger.ledger import LedgerRow, SeriesKey, epoch_minute
from slo.ledger.sqlite_ledger import SqliteLedger
from slo.model.spec import BudgetingMethod as Method
from slo.model.spec import MetricQuery, Objective, Slo, Tier, Window

SLOS = int(os.environ.get("MIRANTE_BENCH_SLOS", "1000"))
DAYS = 30
NOW = datetime(2026, 3, 31, 17, 43, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TIERS = (
    Tier("page-fast", Fraction(2, 100), HOUR, 5 * MINUTE, "P1"),
    Tier("page-slow", Fraction(5, 100), 6 * HOUR, 30 * MINUTE, "P2"),
    Tier("ticket-fast", Fraction(10, 100), DAY, 2 * HOUR, "P3"),
    Tier("ticket-slow", Fraction(10, 100), 3 * DAY, 6 * HOUR, "P4"),
)
# Every minute of every series has a row, as a ledger that has been fed for a month would.
FILL = """
INSERT INTO minute_rows (series, minute, source, good, total, error_bound)
WITH RECURSIVE minutes(m) AS (SELECT ?1 UNION ALL SELECT m + 1 FROM minutes WHERE m + 1 < ?2)
SELECT ?3, m, 1, 1000 - (m * ?3) % 3, 1000, NULL FROM minutes
"""


def an_slo(index: int) -> Slo:
    query = MetricQuery("Prometheus", f'sum(increase(requests_total{{app="{index}"}}[{{{{.window}}}}]))')
    return Slo(
        service="bench",
        name=f"slo-{index:04d}",
        display_name="",
        description="",
        indicator=RatioIndicator(total=query, good=query),
        method=Method.OCCURRENCES,
        window=Window(DAYS * DAY),
        objectives=(Objective("main", Fraction(999, 1000)),),
        tiers=TIERS,
    )


def fill(ledger: SqliteLedger, slos: list[Slo]) -> int:
    """A month of minute rows, put in by SQL (the way in is not what is measured), then the sums derived."""
    first, last = epoch_minute(NOW - (DAYS + 1) * DAY), epoch_minute(NOW)
    for slo in slos:
        key = SeriesKey("bench", slo.id, "main", slo.revision, slo.unit)
        ledger.write([LedgerRow(key, NOW, "seed", 0, 0)])
    ids = [row[0] for row in ledger._db.execute("SELECT id FROM series ORDER BY id")]
    ledger._db.execute("PRAGMA synchronous = OFF")
    ledger._db.execute("BEGIN")
    for series in ids:
        ledger._db.execute(FILL, (first, last, series))
    ledger._db.execute("COMMIT")
    ledger.rebuild_rollups()
    return (last - first) * len(ids)


def answer(statuses: tuple[ObjectiveStatus, ...]) -> list[dict[str, object]]:
    """What ``--json`` would say, with every window."""
    return [
        {
            "slo": found.slo.id,
            "objective": found.objective.name,
            "state": found.state,
            "counts": asdict(found.counts),
            "budget_left": float(found.budget.left_ratio),
            "basis": found.budget.basis.en,
            "windows": {
                str(length): float(window.burn) if window.burn is not None else None
                for length, window in found.windows.items()
            },
            "firing": [tier.tier.name for tier in found.firing],
        }
        for found in statuses
    ]


def best_of(times: int, work: object) -> float:
    assert callable(work)
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)


def run() -> dict[str, object]:
    slos = [an_slo(index) for index in range(SLOS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.sqlite"
        ledger = SqliteLedger(path)
        began = time.perf_counter()
        rows = fill(ledger, slos)
        filled = time.perf_counter() - began
        ledger.close()
        ledger = SqliteLedger(path, read_only=True)
        began = time.perf_counter()
        first = status(slos, ledger, "bench", NOW)
        cold = time.perf_counter() - began
        cpu = time.process_time()
        warm = best_of(5, lambda: status(slos, ledger, "bench", NOW))
        cpu = (time.process_time() - cpu) / 5
        document = answer(first)
        with_json = best_of(5, lambda: json.dumps(answer(status(slos, ledger, "bench", NOW)), default=str))
        text = json.dumps(document, default=str)
        floor = best_of(5, lambda: json.dumps(document, default=str))
        size = path.stat().st_size
        ledger.close()
    assert len(first) == SLOS
    assert all(found.coverage == 1 for found in first)
    return {
        "slos": SLOS,
        "days": DAYS,
        "minute_rows": rows,
        "ledger_megabytes": round(size / 1e6, 1),
        "fill_seconds": round(filled, 1),
        "first_status_seconds": round(cold, 3),
        "status_seconds": round(warm, 3),
        "status_cpu_seconds": round(cpu, 3),
        "status_as_json_seconds": round(with_json, 3),
        "floor_serialising_the_same_bytes_seconds": round(floor, 4),
        "bytes": len(text),
        "ratio_to_floor": round(with_json / floor, 1),
        "goal": "status of 1,000 SLOs over 30 days in under 1 s",
        "peak_memory_megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }
