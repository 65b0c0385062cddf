"""Disbursements on MySQL whose holder is stopped past its lease while two others recover, then resumed.

``python saga_recoverers.py FOLDER MYSQL_URL EVERY``: for each ``EVERY``-th boundary of a disbursement a
process stops itself there (SIGSTOP, as a long pause of the machine would), its lease runs out, two recoverers
race for the saga, and the first process goes on from where it was. In every other run the customer is blocked
meanwhile. Saga log and pivot are in MySQL; hot and wide are SQLite files that all processes share. Prints one
JSON line a run.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "platform"), str(ROOT / "tests" / "support")]

from credit_samples import a_decision, a_profile  # type: ignore[import-not-found]  # noqa: E402
from recording_telemetry import RecordingTelemetry  # type: ignore[import-not-found]  # noqa: E402
from saga_process import Boundaries, Watched, in_child  # type: ignore[import-not-found]  # noqa: E402

from credit.domain.customer import CustomerStatus  # noqa: E402
from credit.ports.projections import HOLDS, HotStore, WideStore  # noqa: E402
from credit.ports.sagas import SagaState  # noqa: E402
from credit.usecases.disburse import DisburseCredit  # noqa: E402
from dataplatform.saga.disbursement import DisbursementSaga  # noqa: E402
from dataplatform.saga.limit_holds import total  # noqa: E402
from dataplatform.saga.runner import SagaLimits, SagaRunner  # noqa: E402
from dataplatform.schemas.projections import HOT_RUNGS, WIDE_RUNGS  # noqa: E402
from dataplatform.stores.mysql.relational import open_mysql_relational  # noqa: E402
from dataplatform.stores.relational.store import RelationalStore  # noqa: E402
from dataplatform.stores.sqlite.database import Database  # noqa: E402
from dataplatform.stores.sqlite.hot import SqliteHotStore  # noqa: E402
from dataplatform.stores.sqlite.wide import SqliteWideStore  # noqa: E402
from foundation.clock import SystemClock  # noqa: E402

LEASE = 1.0  # real seconds
LIMIT = 1_500_000
BOUNDARIES = 36  # of one disbursement
LIMITS = SagaLimits(lease_seconds=LEASE, first_pause_seconds=0.0)


@dataclass
class Stores:
    relational: RelationalStore
    hot: HotStore
    wide: WideStore

    def runner(self, holder: str) -> SagaRunner:
        clock = SystemClock()
        saga = DisbursementSaga(self.relational.disbursements, self.hot, self.wide, clock)
        return SagaRunner(self.relational.sagas, [saga.plan()], RecordingTelemetry(), clock, holder, LIMITS)


@asynccontextmanager
async def opened(folder: Path, url: str) -> AsyncIterator[Stores]:
    clock = SystemClock()
    hot = Database(folder / "hot.sqlite", "hot", HOT_RUNGS)
    wide = Database(folder / "wide.sqlite", "wide", WIDE_RUNGS)
    relational = open_mysql_relational(url, None, clock)
    yield Stores(relational, SqliteHotStore(hot, clock), SqliteWideStore(wide, clock))
    await relational.close()
    await hot.close()
    await wide.close()


class Stopping(Boundaries):  # type: ignore[misc]
    """Stops the process, whole, at its boundary."""

    def reach(self, name: str) -> None:
        self.passed.append(name)
        if len(self.passed) - 1 == self.deadly:
            os.kill(os.getpid(), signal.SIGSTOP)


async def disbursed(folder: Path, url: str, number: int) -> list[str]:
    boundaries = Stopping("paid", number)
    async with opened(folder, url) as stores:
        relational: Any = copy(stores.relational)
        relational.sagas = Watched(relational.sagas, "log", boundaries)
        relational.disbursements = Watched(relational.disbursements, "disbursements", boundaries)
        watched = Stores(
            relational, Watched(stores.hot, "hot", boundaries), Watched(stores.wide, "wide", boundaries)
        )
        pay = DisburseCredit(stores.relational.decisions, watched.runner("first"))
        await pay(a_decision(number + 1, customer=number + 1).decision_id)
    names: list[str] = boundaries.passed
    return names


async def prepared(folder: Path, url: str, numbers: range) -> None:
    async with opened(folder, url) as stores:
        for number in numbers:
            profile = a_profile(number + 1, credit_limit_cents=LIMIT, credit_used_cents=0)
            await stores.relational.customers.upsert(profile)
            await stores.relational.decisions.record(a_decision(number + 1, customer=number + 1), None)


async def blocked(folder: Path, url: str, number: int) -> None:
    async with opened(folder, url) as stores:
        changes = {"credit_limit_cents": LIMIT, "credit_used_cents": 0, "status": CustomerStatus.BLOCKED}
        await stores.relational.customers.upsert(a_profile(number + 1, 2, **changes))


async def recovered(folder: Path, url: str, holder: str) -> int:
    """Sagas this recoverer took until none was open."""
    taken = 0
    async with opened(folder, url) as stores:
        runner = stores.runner(holder)
        while await stores.relational.sagas.list(SagaState.OPEN, 1):
            taken += await runner.run_once()
            await asyncio.sleep(0.01)
    return taken


async def verdict(folder: Path, url: str, number: int) -> dict[str, object]:
    async with opened(folder, url) as stores:
        decision = a_decision(number + 1, customer=number + 1)
        item = await stores.hot.get(f"C-{number + 1:05d}", HOLDS)
        row = await stores.wide.get(f"C-{number + 1:05d}", f"CONTRACT#{decision.decision_id}")
        saga = await stores.relational.sagas.find(f"disbursement:{decision.decision_id}:1")
        entries = await stores.relational.audit.entries(100_000)
        paid = [e for e in entries if (e.action, e.subject) == ("disbursement.paid", decision.decision_id)]
        return {
            "held": 0 if item is None else total(item.attributes),
            "contract": None if row is None else row.columns["status"],
            "paid": len(paid),
            "state": None if saga is None else saga.state.value,
        }


def recoverer(folder: Path, url: str) -> int:
    """The id of a process that recovers."""
    child = os.fork()
    if child == 0:
        asyncio.run(recovered(folder, url, f"recoverer-{os.getpid()}"))
        os._exit(0)
    return child


def main(folder: Path, url: str, every: int) -> None:
    numbers = range(0, BOUNDARIES, every)
    in_child(lambda: prepared(folder, url, numbers))
    for run, number in enumerate(numbers):
        first = os.fork()
        if first == 0:
            asyncio.run(disbursed(folder, url, number))
            os._exit(0)
        _, status = os.waitpid(first, os.WUNTRACED)
        stopped = os.WIFSTOPPED(status)
        if run % 2:
            in_child(lambda n=number: blocked(folder, url, n))
        time.sleep(LEASE)
        for other in [recoverer(folder, url) for _ in range(2)]:
            os.waitpid(other, 0)
        before = in_child(lambda n=number: verdict(folder, url, n))[1]
        os.kill(first, signal.SIGCONT)
        _, status = os.waitpid(first, 0)
        after = in_child(lambda n=number: verdict(folder, url, n))[1]
        line = {"boundary": number, "stopped": stopped, "ended": status, "blocked": bool(run % 2)}
        print(json.dumps({**line, "before": before, "after": after}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
