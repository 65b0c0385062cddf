"""A storm, one alert a request, with one P1 in it: nothing lost, and the P1 is out in two seconds."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.aws_emulator import needs_emulator
from tests.support.patience import patience
from tests.support.router_judge import Judge

FULL = os.environ.get("MIRANTE_PROOF") == "full"
ALERTS, RUNS = (10_000, 20) if FULL else (2_000, 2)
SENDER = Path(__file__).parents[1] / "support" / "storm_sender.py"


@dataclass(frozen=True, slots=True)
class Outcome:
    """Seconds until the P1 was in its team's queue, since the first byte of its request and of the storm."""

    since_its_request: float
    since_the_storm: float
    alerts_a_second: float


@needs_emulator
@pytest.mark.proof
def test_a_p1_in_a_storm_is_published_within_two_seconds_and_nothing_is_lost(tmp_path: Path) -> None:
    seed = random.Random(20)
    outcomes = []
    for run in range(RUNS):
        last_tenth = run % 2 == 0
        position = seed.randrange(ALERTS * 9 // 10, ALERTS) if last_tenth else seed.randrange(ALERTS)
        folder = tmp_path / str(run)
        folder.mkdir()
        outcomes.append(storm(folder, position))
        print(f"P1 at {position}: {outcomes[-1]}; load {os.getloadavg()[0]:.1f}", flush=True)
    worst = max(outcome.since_its_request for outcome in outcomes)
    rates = [outcome.alerts_a_second for outcome in outcomes]
    print(
        f"{RUNS} storms of {ALERTS}: P1 in its queue at most {worst:.3f} s after its request's first byte, "
        f"{max(outcome.since_the_storm for outcome in outcomes):.3f} s after the first of the storm; "
        f"durable intake {min(rates):.0f} to {max(rates):.0f} alerts/s"
    )
    assert worst < (2.0 if FULL else patience(2.0))


def storm(folder: Path, position: int) -> Outcome:
    with Judge(folder) as judge:
        judge.start()
        judge.wait_until_up()
        arguments = ["--port", str(judge.port), "--count", str(ALERTS), "--p1-at", str(position)]
        sender = subprocess.run(
            [sys.executable, str(SENDER), *arguments], capture_output=True, check=True, timeout=600
        )
        report = json.loads(sender.stdout)
        assert report["accepted"] == ALERTS
        judge.until(lambda: any(m["severity"] == "P1" for m in judge.arrived()), "the P1 is out", 10)
        arrived = next(m["at"] for m in judge.arrived("operations") if m["severity"] == "P1")
        judge.until(lambda: alerts_kept(judge.store) == ALERTS, "every alert belongs to an incident", 300)
        assert len(judge.incidents()) < 150
        (sent,) = report["p1_sent"].values()
        return Outcome(arrived - sent, arrived - report["started"], ALERTS / report["seconds"])


def alerts_kept(store: Path) -> int:
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        query = "SELECT count(*) FROM alerts WHERE incident_id IN (SELECT id FROM incidents)"
        return int(connection.execute(query).fetchone()[0])
