"""``kill -9`` at random instants of a running router under load: nothing lost, nothing doubled but messages.

A message may come twice when the router dies between sending it and writing that down. How many did is
counted and printed; each repetition has the dedup id and the text of the first.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from foundation.workspace import SHIPPED
from tests.support.aws_emulator import needs_emulator
from tests.support.router_judge import Judge

FULL = os.environ.get("MIRANTE_PROOF") == "full"
KILLS = 100 if FULL else 6
AT_A_TIME = 12  # alerts that are on their way when it is killed, or have just come in
WITHIN = 0.5  # seconds
WAITING = (
    "SELECT (SELECT count(*) FROM receipts WHERE state = 'pending') "
    "+ (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending')) "
    "+ (SELECT count(*) FROM incidents WHERE id NOT IN (SELECT incident_id FROM outbox))"
)

pytestmark = [needs_emulator, pytest.mark.proof]


def without_a_storm(folder: Path) -> Path:
    """The shipped policy, with an incident for each alert however many come."""
    text = (SHIPPED.alarms / "policy.yaml").read_text(encoding="utf-8")
    guard = "storm: {incidents: 20, overall: 60, within: 5m}"
    assert guard in text
    policy = folder / "policy.yaml"
    policy.write_text(text.replace(guard, guard.replace("20", "9999").replace("60", "9999")), "utf-8")
    return policy


def test_killed_at_random_instants_under_load_nothing_is_lost_and_no_incident_doubled(tmp_path: Path) -> None:
    seed, policy = random.Random(12), without_a_storm(tmp_path)
    with Judge(tmp_path, factor=20.0) as judge:
        orders: list[int] = []
        for kill in range(KILLS):
            judge.start(more={"policy": policy})
            judge.wait_until_up()
            orders += [
                judge.promise(f"Alert{kill}x{number}", severity="P3", component=f"c{kill}x{number}")
                for number in range(AT_A_TIME)
            ]
            time.sleep(seed.random() * WITHIN)
            judge.kill()
        judge.start()
        judge.until(lambda: set(orders) <= judge.accepted_orders(), "everything is accepted", 300)
        judge.until(lambda: waiting(judge.store) == 0, "everything is told", 300)
        judge.verdict()
        arrived = judge.arrived()
        doubled = len(arrived) - len({message["dedup_id"] for message in arrived})
        print(
            f"{KILLS} kills, {len(orders)} alerts acknowledged: 0 lost, 0 incidents doubled, "
            f"{doubled} of {len(arrived)} messages came twice"
        )


def waiting(store: Path) -> int:
    """Receipts not yet worked off, messages not yet sent, and incidents that nobody was told of."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return int(connection.execute(WAITING).fetchone()[0])
