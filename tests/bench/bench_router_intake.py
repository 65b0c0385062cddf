"""Durable intake of the router, one alert a request, beside Alertmanager and the disk's rate of syncs.

Alertmanager keeps what it accepts in memory; the router answers once the alert is on the disk. The two take
turns. There are enough alerts for more than the first twenty seconds of a flood, in which little else is
done; how fast what is left is worked off is measured when the storm is over.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path
from statistics import median

from tests.support.bench_routers import ALERTMANAGER, ROUNDS, alertmanager, router, store_in, storm

ALERTS = int(os.environ.get("MIRANTE_BENCH_ALERTS", "40000"))
SYNCS = 200
PENDING = "SELECT count(*) FROM receipts WHERE state = 'pending'"


def run() -> dict[str, object]:
    ours, theirs, syncs, backlogs, drains, efforts = [], [], [], [], [], []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            syncs.append(syncs_per_second(Path(folder)))
            rate, backlog, drained, effort = router_rates(Path(folder))
            ours.append(rate)
            backlogs.append(backlog)
            drains.append(drained)
            efforts.append(effort)
            if ALERTMANAGER is not None:
                with alertmanager(Path(folder)) as running:
                    report = storm(running.port, ALERTS, "--to-alertmanager")
                theirs.append(report["accepted"] / report["seconds"])
    return {
        "alerts": ALERTS,
        "rounds": ROUNDS,
        "router_durable_alerts_per_second": median(ours),
        "alertmanager_alerts_per_second": median(theirs) if theirs else None,
        "ratio_to_alertmanager": median(a / b for a, b in zip(ours, theirs, strict=True)) if theirs else None,
        "goal": "ratio of 0.5 and more; a backlog worked off at 1,000 a second and more",
        "backlog_after_the_storm": median(backlogs),
        "backlog_worked_off_per_second": median(drains),
        "worked_off_per_second_of_processor": median(efforts),
        "disk_syncs_per_second": median(syncs),
        "each_round": {"ours": ours, "alertmanager": theirs, "worked_off": drains},
        "load_average": os.getloadavg()[0],
    }


def syncs_per_second(folder: Path) -> float:
    """The floor of an honest commit: one small write, synced, after another."""
    with (folder / "sync").open("wb", buffering=0) as file:
        began = time.perf_counter()
        for _ in range(SYNCS):
            file.write(b"x" * 512)
            os.fsync(file.fileno())
        return SYNCS / (time.perf_counter() - began)


def router_rates(folder: Path) -> tuple[float, int, float, float]:
    """Alerts accepted a second; how many were left when the last was; how many of those went a second then,
    and a second of the processor's, whoever else was using it."""
    with router(folder) as running:
        report = storm(running.port, ALERTS)
        began, used, left = time.perf_counter(), running.processor_seconds(), pending(folder)
        while pending(folder):
            time.sleep(0.05)
        seconds, used = time.perf_counter() - began, running.processor_seconds() - used
    return report["accepted"] / report["seconds"], left, left / seconds, left / used


def pending(folder: Path) -> int:
    address = f"file:{store_in(folder)}?mode=ro"
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return int(connection.execute(PENDING).fetchone()[0])
