"""A storm, one alert a request, with one P1 in it: nothing lost, and the P1 is out in two seconds."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.router_judge import Judge

FULL = os.environ.get("MIRANTE_PROOF") == "full"
ALERTS, RUNS = (10_000, 20) if FULL else (2_000, 2)
SENDER = Path(__file__).parents[1] / "support" / "storm_sender.py"


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_a_p1_in_a_storm_is_published_within_two_seconds_and_nothing_is_lost(tmp_path: Path) -> None:
    seed = random.Random(20)
    delays, rates = [], []
    for run in range(RUNS):
        last_tenth = run % 2 == 0
        position = seed.randrange(ALERTS * 9 // 10, ALERTS) if last_tenth else seed.randrange(ALERTS)
        folder = tmp_path / str(run)
        folder.mkdir()
        delay, rate = storm(folder, position)
        delays.append(delay)
        rates.append(rate)
    print(
        f"{RUNS} storms of {ALERTS}: P1 published after at most {max(delays):.3f} s, "
        f"durable intake {min(rates):.0f} to {max(rates):.0f} alerts/s"
    )
    assert max(delays) < 2.0


def storm(folder: Path, position: int) -> tuple[float, float]:
    """(seconds from the P1's first byte to its arrival at the receiver, durable alerts a second)."""
    with Judge(folder) as judge:
        judge.start()
        judge.wait_until_up()
        arguments = ["--port", str(judge.port), "--count", str(ALERTS), "--p1-at", str(position)]
        sender = subprocess.run(
            [sys.executable, str(SENDER), *arguments], capture_output=True, check=True, timeout=600
        )
        report = json.loads(sender.stdout)
        assert report["accepted"] == ALERTS
        judge.until(
            lambda: any(m["severity"] == "P1" for m in judge.receiver.messages()), "the P1 is out", 10
        )
        arrived = next(at for at, message in judge.receiver.arrived if message["severity"] == "P1")
        judge.until(lambda: alerts_kept(judge) == ALERTS, "every alert belongs to an incident", 300)
        assert len(judge.incidents()) < 150
        return arrived - report["p1_sent"], ALERTS / report["seconds"]


def alerts_kept(judge: Judge) -> int:
    import sqlite3

    connection = sqlite3.connect(f"file:{judge.folder / 'router.sqlite'}?mode=ro", uri=True)
    try:
        query = "SELECT count(*) FROM alerts WHERE incident_id IN (SELECT id FROM incidents)"
        return int(connection.execute(query).fetchone()[0])
    finally:
        connection.close()
