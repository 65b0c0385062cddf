"""A process killed at any moment has lost nothing it acknowledged, and recorded nothing twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dataplatform.profiles.audited import verify_directory
from dataplatform.profiles.embedded import open_embedded
from foundation.clock import SystemClock
from tests.support.credit_samples import a_decision
from tests.support.patience import patience

SCRIPT = Path(__file__).parents[3] / "support" / "record_decisions.py"
ROUNDS = 20 if os.environ.get("MIRANTE_PROOF") == "full" else 4


def killed_run(directory: Path, first: int, after: int) -> list[int]:
    """Numbers acknowledged before the kill, which comes after ``after`` of them."""
    command = [sys.executable, str(SCRIPT), str(directory), str(first), "100000", "16"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acked: list[int] = []
        for line in process.stdout:
            if line.startswith("acked") and line.endswith("\n"):
                acked.append(int(line.split()[1]))
            if len(acked) == after:
                process.send_signal(signal.SIGKILL)
        process.wait(patience(30))
    assert process.returncode == -signal.SIGKILL
    return acked


@pytest.mark.proof
async def test_nothing_acknowledged_is_lost_by_kill_nine(tmp_path: Path) -> None:
    directory, acked, first = tmp_path / "m", set[int](), 1
    dice = random.Random(20)
    for _ in range(ROUNDS):
        numbers = killed_run(directory, first, dice.randint(1, 300))
        acked.update(numbers)
        first = max(acked) + 100
    platform = open_embedded(directory, SystemClock())
    for number in acked:
        assert await platform.decisions.find(a_decision(number).decision_id) == a_decision(number)
    recorded = await platform.decisions.count()
    assert recorded >= len(acked)
    assert await platform.outbox.depth() == recorded
    await platform.close()
    report = verify_directory(directory)
    assert report.findings == ()
    assert report.by_action == {"decision.recorded": recorded}
    assert (report.entries, report.unanchored) == (recorded, 0)
