"""What every TransactionRecords keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.canonical import transaction_from_bytes
from credit.domain.errors import InvalidValue
from tests.support import broken_stores
from tests.support.credit_samples import NOON, a_profile, a_transaction
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench

DAY = timedelta(days=1)


class TransactionContract:
    async def transactions_are_read_back_unchanged_in_time_order(self, bench: Bench) -> None:
        added = [a_transaction(number) for number in (3, 1, 2)]
        assert list(await bench.transactions.add_many(added)) == [True, True, True]
        found = await bench.transactions.of_customer("C-00001", NOON, NOON + DAY, 10)
        assert list(found) == [a_transaction(number) for number in (1, 2, 3)]

    async def a_known_id_is_not_added_again(self, bench: Bench) -> None:
        await bench.transactions.add_many([a_transaction(1)])
        again = await bench.transactions.add_many([a_transaction(1, amount_cents=9), a_transaction(2)])
        assert list(again) == [False, True]
        found = await bench.transactions.of_customer("C-00001", NOON, NOON + DAY, 10)
        assert list(found) == [a_transaction(1), a_transaction(2)]

    async def an_id_twice_in_one_batch_is_added_once(self, bench: Bench) -> None:
        assert list(await bench.transactions.add_many([a_transaction(1)] * 2)) == [True, False]

    async def each_new_transaction_is_projected_once(self, bench: Bench) -> None:
        before = await bench.outbox.depth()
        for _ in range(2):
            await bench.transactions.add_many([a_transaction(1)])
        assert await bench.outbox.depth() == before + 1
        row = (await bench.outbox.claim("worker", 10, 60.0))[-1]
        assert (row.kind, row.key) == ("transaction", "T-00001")
        assert transaction_from_bytes(row.payload) == a_transaction(1)

    async def a_batch_for_an_unknown_customer_writes_nothing(self, bench: Bench) -> None:
        before = await bench.outbox.depth()
        with pytest.raises(InvalidValue, match="customer"):
            await bench.transactions.add_many([a_transaction(1), a_transaction(2, customer=77)])
        assert list(await bench.transactions.of_customer("C-00001", NOON, NOON + DAY, 10)) == []
        assert await bench.outbox.depth() == before

    async def a_span_includes_its_start_and_not_its_end(self, bench: Bench) -> None:
        await bench.transactions.add_many([a_transaction(number) for number in (1, 2, 3)])
        minute = timedelta(minutes=1)
        found = await bench.transactions.of_customer("C-00001", NOON + minute, NOON + 3 * minute, 10)
        assert [item.transaction_id for item in found] == ["T-00001", "T-00002"]
        assert len(await bench.transactions.of_customer("C-00001", NOON, NOON + DAY, 1)) == 1

    async def a_customer_sees_own_transactions_only(self, bench: Bench) -> None:
        await bench.customers.upsert(a_profile(2))
        await bench.transactions.add_many([a_transaction(1), a_transaction(2, customer=2)])
        found = await bench.transactions.of_customer("C-00002", NOON, NOON + DAY, 10)
        assert [item.transaction_id for item in found] == ["T-00002"]


PROMISES = sorted(name for name, _ in inspect.getmembers(TransactionContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_transaction_records_keep_their_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await bench.customers.upsert(a_profile(1))
        await getattr(TransactionContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.TRANSACTIONS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_broken_transaction_records(broken: type) -> None:
    bench = memory_bench()
    await bench.customers.upsert(a_profile(1))
    assert bench.memory is not None
    bench.transactions = broken(bench.memory.tables)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(TransactionContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
