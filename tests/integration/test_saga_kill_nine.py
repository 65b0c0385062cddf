"""A disbursement killed at every boundary of its saga: nothing lost, nothing twice, nothing half (§4.3.1).

On files, and on MariaDB, DynamoDB's emulator and Cassandra; there at every boundary with
``MIRANTE_PROOF=full``, and at a few of them without it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.aws_emulator import needs_emulator
from tests.support.kept_servers import keep_servers
from tests.support.local_servers import fresh_mysql, needs_cassandra, needs_mariadb
from tests.support.patience import patience

SUPPORT = Path(__file__).parents[1] / "support"
SCRIPT, RECOVERERS = SUPPORT / "saga_process.py", SUPPORT / "saga_recoverers.py"
FULL = os.environ.get("MIRANTE_PROOF") == "full"
AMOUNT = 1_000_001
PAID = {"held": 0, "contract": "ACTIVE", "paid": 1, "paid_hot": AMOUNT, "paid_wide": AMOUNT, "state": "DONE"}
TAKEN_BACK = {"held": 0, "contract": "CANCELLED", "paid": 0, "paid_hot": 0, "paid_wide": 0, "state": "UNDONE"}
ENDS = ("held", "contract", "paid", "state")
NEVER_BEGUN = {**PAID, "state": None}  # killed before it was on file: the client asked again and was served


def boundaries(folder: Path, scenario: str, every: int) -> list[dict[str, object]]:
    command = [sys.executable, str(SCRIPT), str(folder), scenario, str(every)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience(900))
    return [json.loads(line) for line in done.stdout.splitlines()]


SERVERS = [needs_mariadb, needs_cassandra, needs_emulator]


@pytest.mark.proof
@pytest.mark.parametrize(
    ("stores", "scenario", "every", "least"),
    [
        ("files", "paid", 1, 36),
        ("files", "refused", 1, 35),
        ("files", "maybe", 1 if FULL else 5, 60 if FULL else 12),
        pytest.param("servers", "paid", 1 if FULL else 9, 36 if FULL else 4, marks=SERVERS),
        pytest.param("servers", "refused", 1 if FULL else 18, 35 if FULL else 2, marks=SERVERS),
        pytest.param("servers", "maybe", 1 if FULL else 30, 60 if FULL else 3, marks=SERVERS),
    ],
)
def test_killed_at_any_boundary_it_is_paid_once_or_taken_back_whole(
    tmp_path: Path, stores: str, scenario: str, every: int, least: int
) -> None:
    if stores == "servers":
        keep_servers(tmp_path)
    found = boundaries(tmp_path, scenario, every)
    print(f"\n{stores}, {scenario}: {len(found)} boundaries, each killed by SIGKILL and recovered")
    assert len(found) >= least
    past_the_block = False
    for line in found:
        past_the_block |= scenario == "refused" and line["boundary"] == "18 before disbursements.pay"
        assert line["killed"], f"it did not die at {line['boundary']}"
        assert line["ended"] == 0, line
        right = [TAKEN_BACK] if past_the_block else [PAID, NEVER_BEGUN]
        assert line["verdict"] in right, line
    assert past_the_block == (scenario == "refused")


@needs_mariadb
@pytest.mark.proof
def test_a_holder_stopped_past_its_lease_and_two_recoverers_leave_nothing_half_on_mysql(
    tmp_path: Path,
) -> None:
    every = 1 if FULL else 5
    command = [sys.executable, str(RECOVERERS), str(tmp_path), fresh_mysql(), str(every)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=patience(290))
    runs = [json.loads(line) for line in done.stdout.splitlines()]
    paid, taken_back = ({name: whole[name] for name in ENDS} for whole in (PAID, TAKEN_BACK))
    ended = [run["after"] for run in runs]
    print(
        f"\n{len(runs)} boundaries, holder stopped, two recoverers, holder resumed: "
        f"{ended.count(paid)} paid once, {len(runs) - ended.count(paid)} taken back"
    )
    assert len(runs) == len(range(0, 36, every))
    for run in runs:
        assert run["stopped"], run
        assert run["ended"] == 0, run
        never_held = {**taken_back, "contract": None}  # refused at its first step
        assert run["after"] in (paid, taken_back, never_held), run
        assert run["blocked"] or run["after"] == paid, run
        assert run["before"]["state"] is None or run["before"] == run["after"], "the late holder changed it"
