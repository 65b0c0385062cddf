"""Ingestion: nothing lost, nothing twice, poison set aside, outages waited for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.cpf import synthetic_cpf
from credit.domain.errors import StoreUnavailable
from credit.metrics import FINANCIAL_TRANSACTIONS, INGEST_DURATION, INGEST_LAG, INGEST_RECORDS
from credit.ports.faults import Fault
from tests.support.credit_samples import NOON
from tests.support.open_platform import OpenPlatform, opened

LEASE = timedelta(seconds=301)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[OpenPlatform]:
    async with opened(tmp_path) as platform:
        yield platform


def customer(number: int, version: int = 1, cpf: int | None = None) -> dict[str, object]:
    return {
        "kind": "customer",
        "data": {
            "customer_id": f"C-{number}",
            "cpf": synthetic_cpf(7, number if cpf is None else cpf),
            "monthly_income_cents": 500_000,
            "version": version,
        },
    }


def transaction(number: int, customer_number: int = 1) -> dict[str, object]:
    return {
        "kind": "transaction",
        "data": {
            "transaction_id": f"T-{number}",
            "customer_id": f"C-{customer_number}",
            "amount_cents": 100 * number,
            "kind": "PURCHASE",
        },
    }


async def outcomes(bench: OpenPlatform) -> dict[str, int]:
    named = ("ok", "duplicate", "retried", "dead_letter")
    counts = {name: bench.telemetry.counted(INGEST_RECORDS, outcome=name) for name in named}
    return {name: count for name, count in counts.items() if count}


async def transactions_of(bench: OpenPlatform, number: int = 1) -> list[str]:
    found = await bench.platform.transactions.of_customer(
        f"C-{number}", NOON - timedelta(days=1), NOON + timedelta(days=1), 1_000
    )
    return [item.transaction_id for item in found]


async def test_customers_and_transactions_arrive_and_are_counted(bench: OpenPlatform) -> None:
    documents = [customer(n) for n in range(1, 6)] + [transaction(n) for n in range(1, 4)]
    await bench.producer.send(documents)
    assert await bench.worker.drain() == 8
    assert len(await bench.platform.customers.scan(10)) == 5
    assert await transactions_of(bench) == ["T-1", "T-2", "T-3"]
    assert await outcomes(bench) == {"ok": 8}
    assert bench.telemetry.counted(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="ok") == 3
    assert len(bench.telemetry.observations[INGEST_DURATION.name, ()]) == 1
    (batch,) = await bench.platform.processing_log.latest(10)
    assert (batch.worker, batch.ok, batch.first, batch.last) == ("ingest", 8, "1", "8")


async def test_the_stored_cpf_opens_only_for_its_customer(bench: OpenPlatform) -> None:
    await bench.producer.send([customer(1)])
    await bench.worker.drain()
    profile = await bench.platform.customers.get("C-1")
    assert profile is not None
    assert bench.platform.sealer.open(profile.cpf_sealed, "C-1") == synthetic_cpf(7, 1).encode()
    index = bench.platform.sealer.blind_index(synthetic_cpf(7, 1))
    assert await bench.platform.customers.find_by_cpf(index) == profile


async def test_everything_sent_twice_is_stored_once(bench: OpenPlatform) -> None:
    documents = [customer(1), customer(2), transaction(1), transaction(2)]
    for _ in range(2):
        await bench.producer.send(documents)
        await bench.worker.drain()
    assert await outcomes(bench) == {"ok": 4, "duplicate": 4}
    assert await transactions_of(bench) == ["T-1", "T-2"]
    assert bench.telemetry.counted(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="ok") == 2


async def test_poison_goes_to_the_dead_letters_with_its_reason_and_stops_nobody(bench: OpenPlatform) -> None:
    await bench.producer.send([customer(1)])
    await bench.producer.send_raw([b"\xff\xfe", b"[]", b'{"kind":"customer","data":{"cpf":"1"}}'])
    await bench.producer.send([customer(2)])
    assert await bench.worker.drain() == 5
    letters = await bench.platform.stream.dead_letters(10)
    assert [letter.record.data for letter in letters][:2] == [b"\xff\xfe", b"[]"]
    assert all(letter.reason.startswith("record rejected: ") for letter in letters)
    assert len(await bench.platform.customers.scan(10)) == 2
    assert await outcomes(bench) == {"ok": 2, "dead_letter": 3}
    assert await bench.platform.stream.oldest() is None


async def test_a_cpf_of_another_customer_is_poison_and_not_quoted(bench: OpenPlatform) -> None:
    await bench.producer.send([customer(1), customer(2, cpf=1), customer(3)])
    await bench.worker.drain()
    (letter,) = await bench.platform.stream.dead_letters(10)
    assert "belongs to another customer" in letter.reason
    assert synthetic_cpf(7, 1) not in letter.reason
    assert [p.customer_id for p in await bench.platform.customers.scan(10)] == ["C-1", "C-3"]


async def test_a_transaction_waits_for_its_customer(bench: OpenPlatform) -> None:
    await bench.producer.send([transaction(1)])
    assert await bench.worker.run_once() == 0
    assert await outcomes(bench) == {"retried": 1}
    await bench.producer.send([customer(1)])
    await bench.worker.drain()
    assert await transactions_of(bench) == ["T-1"]
    assert list(await bench.platform.stream.dead_letters(10)) == []


async def test_a_transaction_whose_customer_never_comes_is_set_aside_and_replayable(
    bench: OpenPlatform,
) -> None:
    await bench.producer.send([transaction(1)])
    for _ in range(20):
        await bench.worker.run_once()
    (letter,) = await bench.platform.stream.dead_letters(10)
    assert "there is no customer C-1" in letter.reason
    await bench.producer.send([customer(1)])
    assert await bench.platform.stream.replay([letter.record.sequence]) == 1
    await bench.worker.drain()
    assert await transactions_of(bench) == ["T-1"]


async def test_an_outage_of_the_relational_store_loses_nothing_and_buries_nothing(
    bench: OpenPlatform,
) -> None:
    await bench.producer.send([customer(1), transaction(1)])
    bench.faults.set("relational", Fault(error_ratio=1.0))
    for _ in range(50):
        assert await bench.worker.run_once() == 0
    assert list(await bench.platform.stream.dead_letters(10)) == []
    bench.clock.advance(timedelta(minutes=5))
    await bench.worker.run_once()
    assert bench.telemetry.gauges[INGEST_LAG.name, ()] == 300.0
    bench.faults.clear("relational")
    assert await bench.worker.drain() == 2
    assert await transactions_of(bench) == ["T-1"]
    assert bench.telemetry.counted(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="error") == 1
    assert bench.telemetry.counted(FINANCIAL_TRANSACTIONS, kind="transaction", outcome="ok") == 1
    await bench.worker.run_once()
    assert bench.telemetry.gauges[INGEST_LAG.name, ()] == 0.0


async def test_errors_in_every_store_now_and_then_change_nothing_in_the_end(bench: OpenPlatform) -> None:
    documents = [customer(n) for n in range(1, 101)] + [transaction(n, n % 100 + 1) for n in range(1, 301)]
    await bench.producer.send(documents)
    for store in ("relational", "stream", "hot", "wide"):
        bench.faults.set(store, Fault(error_ratio=0.3))
    for _ in range(200):
        try:
            await bench.worker.run_once()
        except StoreUnavailable:
            bench.clock.advance(LEASE)
    for store in ("relational", "stream", "hot", "wide"):
        bench.faults.clear(store)
    bench.clock.advance(LEASE)
    await bench.worker.drain()
    assert len(await bench.platform.customers.scan(1_000)) == 100
    assert sum([len(await transactions_of(bench, n)) for n in range(1, 101)]) == 300
    assert list(await bench.platform.stream.dead_letters(10)) == []


async def test_the_producer_retries_a_throttled_stream(bench: OpenPlatform) -> None:
    bench.faults.set("stream", Fault(error_ratio=0.4))
    sequences = [s for n in range(1, 11) for s in await bench.producer.send([customer(n)])]
    bench.faults.clear("stream")
    assert len(sequences) == len(set(sequences)) == 10
    assert len(await bench.platform.stream.lease("a reader", 100, 60.0)) == 10


async def test_one_customers_records_share_a_partition_and_carry_no_cpf_in_it(bench: OpenPlatform) -> None:
    await bench.producer.send([customer(1), customer(2), customer(1, version=2)])
    records = await bench.platform.stream.lease("test", 10, 60.0)
    keys = [record.partition_key for record in records]
    assert keys[0] == keys[2] != keys[1]
    assert keys[0] == bench.platform.sealer.blind_index(synthetic_cpf(7, 1))
