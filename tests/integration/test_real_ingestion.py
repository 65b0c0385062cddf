"""The real loans and the real purchases through Kinesis into every store, twice, with faults on purpose.

A few hundred customers, or all 33,570 with their 69,659 purchases with ``MIRANTE_PROOF=full``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.demo.dataset import load_loans
from app.demo.purchases import documents, purchases_file, read_purchases
from credit.metrics import INGEST_LAG, INGEST_RECORDS
from credit.ports.faults import Fault
from dataplatform.resilience.faults import FaultBoard
from dataplatform.resilience.retry import RetryPolicy
from dataplatform.stores.kinesis.reader import ReaderLimits
from dataplatform.stores.kinesis.shape import StreamShape
from foundation.clock import SystemClock
from tests.support.aws_emulator import needs_emulator
from tests.support.ingest_platforms import PLATFORMS, Totals, drain, totals
from tests.support.kinesis import QUICK, KinesisBench, ThrottlingClient, kinesis_client, opened
from tests.support.local_servers import needs_cassandra, needs_mariadb

FULL = os.environ.get("MIRANTE_PROOF") == "full"
CUSTOMERS = None if FULL else 150  # of each source
FAULTS = 0.05
POLICY = replace(QUICK, retry=RetryPolicy(10, 0.001, 0.02), reader=ReaderLimits(poll_seconds=0.02))


@cache
def loan_customers() -> list[Mapping[str, object]]:
    rows = load_loans(CUSTOMERS).converted
    return [{"kind": "customer", "data": dict(row.customer)} for row in rows]


def expected(loans: int) -> Totals:
    """From the file's own lines, read by nothing of ours."""
    rows = [line.split() for line in purchases_file().read_text("ascii").splitlines()[1:]]
    rows = [row for row in rows if CUSTOMERS is None or int(row[0]) <= CUSTOMERS]
    cents = sum(Decimal(row[3]) for row in rows) * 100
    return Totals(loans + len({row[0] for row in rows}), len(rows), int(cents))


async def send(producer: Any, records: Sequence[Mapping[str, object]]) -> None:
    for start in range(0, len(records), 2_000):
        await producer.send(records[start : start + 2_000])


def test_the_purchases_are_the_files_own_and_their_customers_are_no_loans() -> None:
    found = read_purchases()
    assert (len(found), len({p.customer for p in found})) == (69_659, 23_570)
    assert sum(p.amount_cents for p in found) == 250_031_563
    people = [d["data"] for d in documents(read_purchases(200)) if d["kind"] == "customer"]
    cpfs = {person["cpf"] for person in people}  # type: ignore[index]
    assert len(cpfs) == 200
    assert not cpfs & {c["data"]["cpf"] for c in loan_customers()}  # type: ignore[index]


@needs_emulator
@pytest.mark.proof
@pytest.mark.parametrize(
    "platform_name", ["embedded", pytest.param("servers", marks=[needs_mariadb, needs_cassandra])]
)
async def test_loans_and_purchases_reach_every_store_once_though_sent_twice_under_faults(
    platform_name: str, tmp_path: Path
) -> None:
    faults = FaultBoard(5)
    client = ThrottlingClient(kinesis_client(), FAULTS, Random(11).random)
    loans = loan_customers()
    records = [*loans, *documents(read_purchases(CUSTOMERS))]
    async with PLATFORMS[platform_name](tmp_path / "stores", SystemClock(), faults) as platform:
        bench = KinesisBench(
            client,
            clock=SystemClock(),
            checkpoints=platform.checkpoints,
            letters=platform.letters,
            shape=StreamShape(),
            policy=POLICY,
        )
        async with opened(bench) as stream:
            producer, telemetry = platform.producer(stream), bench.telemetry
            worker, projector = platform.worker(stream, telemetry), platform.projector(telemetry)
            for store in ("relational", "hot", "wide"):
                faults.set(store, Fault(error_ratio=FAULTS))
            for _ in range(2):
                await send(producer, records)
                await drain(stream, worker, projector, platform.outbox)
            for store in ("relational", "hot", "wide"):
                faults.clear(store)
            client.ratio = 0.0
            await drain(stream, worker, projector, platform.outbox)
            await worker.run_once()
            found = await totals(platform)
            letters = await platform.letters.letters(10)
    wanted = expected(len(loans))
    assert found == {"relational": wanted, "hot": wanted, "wide": wanted}
    assert list(letters) == []
    outcomes = ("ok", "duplicate", "retried")
    counted = {name: telemetry.counted(INGEST_RECORDS, outcome=name) for name in outcomes}
    print(f"{platform_name}: {wanted} in each store; {counted}")
    print(f"{client.refused_records} puts and {client.refused_reads} reads were throttled")
    assert counted["ok"] == len(records)
    assert counted["duplicate"] >= len(records)
    assert counted["retried"] > 0
    assert client.refused_records > 0.03 * 2 * len(records)
    assert client.refused_reads > 0
    assert telemetry.gauges[INGEST_LAG.name, ()] == 0.0
