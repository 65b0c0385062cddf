"""Several processes on one MySQL database: one chain, one answer for a key, one projector for a change."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from dataplatform.stores.mysql.endpoint import PoolLimits
from dataplatform.stores.mysql.relational import open_mysql_relational
from dataplatform.stores.relational.store import RelationalStore
from foundation.clock import ManualClock, SystemClock
from tests.support.credit_samples import a_decision, a_key, a_profile
from tests.support.local_servers import fresh_mysql, needs_mariadb
from tests.support.mysql_trail import engine_of, nobody_appends, wait_for_pivots
from tests.support.patience import patience
from tests.support.whole_chain import verify

pytestmark = needs_mariadb
SCRIPT = Path(__file__).parents[1] / "support" / "record_decisions.py"
PROCESSES, EACH = 2, 20
LEASE = 60.0


@pytest.fixture
async def several() -> AsyncIterator[list[RelationalStore]]:
    """Three openings of one database, as three processes have them: nothing is shared but the server."""
    address = fresh_mysql()
    opened = [open_mysql_relational(address, None, SystemClock(), PoolLimits(4)) for _ in range(3)]
    yield opened
    for each in opened:
        await each.close()


def recorder(address: str, first: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(SCRIPT), address, str(first), str(EACH), "4"]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


async def test_processes_that_record_at_once_make_one_unbroken_chain() -> None:
    address = fresh_mysql()
    opened = open_mysql_relational(address, None, SystemClock())
    with engine_of(address) as engine:
        with nobody_appends(engine):
            recording = [recorder(address, 1_000 * n + 1) for n in range(PROCESSES)]
            wait_for_pivots(engine, PROCESSES * 4)
        said = [process.communicate(timeout=patience(120))[0] for process in recording]
    assert [process.returncode for process in recording] == [0] * PROCESSES
    assert [output.count(b"acked") for output in said] == [EACH] * PROCESSES
    report = verify(await opened.audit.entries(1_000), [])
    assert (report.intact, report.entries) == (True, PROCESSES * EACH)
    assert await opened.decisions.count() == PROCESSES * EACH
    await opened.close()


async def test_one_key_used_by_several_processes_at_once_records_once(several: list[RelationalStore]) -> None:
    for key in range(1, 6):
        calls = [
            process.decisions.record(a_decision(100 * key + number), a_key(key))
            for number, process in enumerate(several * 6)
        ]
        answers = await asyncio.gather(*calls)
        assert sum(not answer.replayed for answer in answers) == 1
        assert len({answer.decision.decision_id for answer in answers}) == 1
    assert await several[0].decisions.count() == 5
    assert await several[0].outbox.depth() == 5
    report = verify(await several[0].audit.entries(100), [])
    assert (report.intact, report.entries) == (True, 5)


async def test_of_versions_that_several_processes_write_at_once_the_newest_stays(
    several: list[RelationalStore],
) -> None:
    versions = [7, 3, 9, 1, 8, 2, 6, 4, 5] * 2
    await asyncio.gather(
        *(several[n % 3].customers.upsert(a_profile(1, version=v)) for n, v in enumerate(versions))
    )
    assert await several[0].customers.get("C-00001") == a_profile(1, version=9)
    rows = await several[0].outbox.claim("worker", 100, LEASE)
    accepted = [row.version for row in rows]
    assert accepted == sorted(set(accepted)), "changes wait in the order in which they were accepted"
    assert accepted[-1] == 9
    assert len(await several[0].audit.entries(100)) == len(accepted)


async def test_several_projectors_share_no_change_and_keep_each_customers_order(
    several: list[RelationalStore],
) -> None:
    changes = [a_profile(number, version=v) for v in (1, 2, 3) for number in range(1, 21)]
    await several[0].customers.upsert_many(changes)
    projected: list[tuple[str, int]] = []

    async def project(name: str, process: RelationalStore) -> None:
        while rows := await process.outbox.claim(name, 4, LEASE):
            projected.extend((row.key, row.version) for row in rows)
            await asyncio.sleep(0)
            await process.outbox.done(name, [row.row_id for row in rows])

    while await several[0].outbox.depth():
        await asyncio.gather(*(project(f"p{n}", process) for n, process in enumerate(several)))
    assert max(Counter(projected).values()) == 1
    assert len(projected) == 60
    for customer in {key for key, _ in projected}:
        assert [version for key, version in projected if key == customer] == [1, 2, 3]


def claim_and_be_killed(address: str) -> int:
    """In another process; its return code."""
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", CLAIM_AND_DIE, address, str(root), str(root / "platform")]
    return subprocess.run(command, check=False, timeout=patience(120)).returncode


CLAIM_AND_DIE = """
import asyncio, os, signal, sys
sys.path[:0] = sys.argv[2:]
from dataplatform.stores.mysql.relational import open_mysql_relational
from foundation.clock import SystemClock
opened = open_mysql_relational(sys.argv[1], None, SystemClock())
assert len(asyncio.run(opened.outbox.claim("doomed", 9, 60.0))) == 1
os.kill(os.getpid(), signal.SIGKILL)
"""


async def test_a_projector_that_was_killed_gives_its_changes_back_when_its_lease_runs_out() -> None:
    address, clock = fresh_mysql(), ManualClock(SystemClock().now())
    survivor = open_mysql_relational(address, None, clock)
    await survivor.customers.upsert(a_profile(1))
    assert claim_and_be_killed(address) == -signal.SIGKILL
    assert list(await survivor.outbox.claim("next", 9, LEASE)) == []
    clock.advance(timedelta(days=1))
    (row,) = await survivor.outbox.claim("next", 9, LEASE)
    assert (row.key, row.version) == ("C-00001", 1)
    await survivor.close()
