"""``kill -9`` of the worker process at every boundary of ingestion, with records twice and out of order.

One process after the other works on the same stream and stores, each killed at the next boundary; the last
one makes of it what is left. With ``MIRANTE_PROOF=full`` each boundary is met for the first three times;
without it once, and on the real servers only those of ``FEW``, between one store and the next.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.ports.projections import CUSTOMER_PROFILE, PROFILE
from dataplatform.resilience.faults import FaultBoard
from foundation.clock import SystemClock
from tests.support.aws_emulator import needs_emulator, shared_emulator
from tests.support.ingest_platforms import PLATFORMS, IngestPlatform, Totals, totals
from tests.support.ingest_process import BOUNDARIES, SHARDS, Job, ingest
from tests.support.kinesis import KinesisBench, kinesis_client, opened, stream_name
from tests.support.local_servers import needs_cassandra, needs_mariadb
from tests.support.patience import patience

FULL = os.environ.get("MIRANTE_PROOF") == "full"
TIMES = (1, 2, 3) if FULL else (1,)
FEW = (
    "after customers.upsert_many",
    "after transactions.add_many",
    "before checkpoints.save",
    "after outbox.claim",
    "after hot.put_if_newer",
    "after wide.put_if_newer",
)
PER_ROUND = 6  # customers, each with two transactions; and a record of poison each time
ENDS_WITHIN = 120.0  # real seconds

Document = Mapping[str, object]


def customer(number: int, version: int) -> Document:
    data = {"customer_id": f"C-{number}", "cpf": synthetic_cpf(7, number), "version": version}
    return {"kind": "customer", "data": {**data, "credit_score": 100 + version}}


def transaction(number: int) -> Document:
    data = {"transaction_id": f"T-{number}", "customer_id": f"C-{number // 2}", "amount_cents": 100 + number}
    return {"kind": "transaction", "data": {**data, "kind": "PURCHASE"}}


class Sender:
    """Puts a round's records on the stream: some twice, in any order, and some of the rounds before again."""

    def __init__(self, job: Job) -> None:
        self._job, self._random = job, Random(3)
        self._sent: list[Document] = []
        self.poison: list[bytes] = []
        self.rounds = 0

    def send_round(self, poisonous: int) -> None:
        first = self.rounds * PER_ROUND
        people = [customer(n, version) for n in range(first, first + PER_ROUND) for version in (1, 2)]
        new = [*people, *(transaction(n) for n in range(2 * first, 2 * (first + PER_ROUND)))]
        again = self._random.sample([*self._sent, *new], PER_ROUND)
        records = [*new, *again]
        self._random.shuffle(records)
        self._sent.extend(new)
        self.rounds += 1
        poison = [f"poison {number} of round {self.rounds}".encode() for number in range(poisonous)]
        self.poison.extend(poison)
        asyncio.run(self._send(records, poison))

    async def _send(self, records: Sequence[Document], poison: Sequence[bytes]) -> None:
        async with PLATFORMS[self._job.platform](self._job.folder, SystemClock(), FaultBoard()) as platform:
            bench = KinesisBench(kinesis_client(), name=self._job.stream, shape=SHARDS)
            async with opened(bench) as stream:
                producer = platform.producer(stream)
                await producer.send(records)
                await producer.send_raw(poison)

    def expected(self) -> Totals:
        transactions = range(2 * PER_ROUND * self.rounds)
        return Totals(PER_ROUND * self.rounds, len(transactions), sum(100 + n for n in transactions))


def run(job: Job) -> int:
    """The exit status of a process that does it, negative for the signal that ended it."""
    process = multiprocessing.get_context("fork").Process(target=ingest, args=(job,))
    process.start()
    process.join(patience(ENDS_WITHIN))
    if process.exitcode is None:
        process.kill()
        process.join()
        raise AssertionError(f"{job.boundary}: it neither ended nor met its boundary in {ENDS_WITHIN} s")
    return process.exitcode


async def look(job: Job) -> tuple[dict[str, Totals], list[bytes], int]:
    """What is in the stores, which letters, and how many customers are at their newest version everywhere."""
    async with PLATFORMS[job.platform](job.folder, SystemClock(), FaultBoard()) as platform:
        assert await platform.outbox.depth() == 0
        letters = [letter.record for letter in await platform.letters.letters(-1)]
        opened_letters = [_open(platform, record.partition_key, record.data) for record in letters]
        return await totals(platform), opened_letters, await _newest(platform)


def _open(platform: IngestPlatform, key: str, data: bytes) -> bytes:
    return platform.sealer.open(data, f"stream/{key}")


async def _newest(platform: IngestPlatform) -> int:
    newest = 0
    for person in await platform.customers.scan(10_000):
        hot = await platform.hot.get(person.customer_id, PROFILE)
        wide = await platform.wide.get(person.customer_id, CUSTOMER_PROFILE)
        assert hot is not None
        assert wide is not None
        newest += person.version == hot.version == wide.version == 2 and hot.digest == wide.digest
    return newest


@needs_emulator
@pytest.mark.proof
@pytest.mark.parametrize(
    ("platform_name", "boundaries"),
    [
        ("embedded", BOUNDARIES),
        pytest.param("kept servers", BOUNDARIES if FULL else FEW, marks=[needs_mariadb, needs_cassandra]),
    ],
    ids=["embedded", "servers"],
)
def test_a_worker_killed_at_every_boundary_loses_nothing_and_does_nothing_twice_or_half(
    platform_name: str, boundaries: Sequence[str], tmp_path: Path
) -> None:
    job = Job(platform_name, tmp_path / "stores", shared_emulator(), stream_name())
    sender = Sender(job)
    for time in TIMES:
        for boundary in boundaries:
            sender.send_round(poisonous=time)
            status = run(replace(job, boundary=boundary, time=time))
            assert status == -signal.SIGKILL, f"{boundary} was not met for the {time}. time ({status})"
    assert run(job) == 0
    found, letters, newest = asyncio.run(look(job))
    wanted = sender.expected()
    print(f"{platform_name}: {sender.rounds} kills at {len(boundaries)} boundaries; {wanted} in each store")
    assert found == {"relational": wanted, "hot": wanted, "wide": wanted}
    assert newest == wanted.customers
    assert sorted(letters) == sorted(sender.poison)
    assert run(job) == 0
    assert asyncio.run(look(job)) == (found, letters, newest)
