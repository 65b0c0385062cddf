"""What every Outbox keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from credit.domain.canonical import decision_bytes, profile_bytes, transaction_bytes
from credit.ports.tracing import trace_header
from dataplatform.observability.carried_trace import rows_carry
from tests.support import broken_stores
from tests.support.credit_samples import a_decision, a_profile, a_transaction
from tests.support.store_bench import RELATIONAL_ADAPTERS, Bench, memory_bench, open_bench
from tests.support.within_request import REQUEST, within

LEASE = 60.0


async def three_rows(bench: Bench) -> None:
    """Versions 1 and 2 of customer 1, then customer 2."""
    await bench.customers.upsert_many([a_profile(1), a_profile(1, version=2), a_profile(2)])


class OutboxContract:
    async def rows_come_oldest_first(self, bench: Bench) -> None:
        await three_rows(bench)
        rows = await bench.outbox.claim("a", 10, LEASE)
        assert [(row.key, row.version) for row in rows] == [("C-00001", 1), ("C-00001", 2), ("C-00002", 1)]
        assert [row.row_id for row in rows] == sorted(row.row_id for row in rows)

    async def a_claim_takes_at_most_its_limit(self, bench: Bench) -> None:
        await three_rows(bench)
        assert len(await bench.outbox.claim("a", 1, LEASE)) == 1

    async def a_held_row_is_nobody_elses(self, bench: Bench) -> None:
        await three_rows(bench)
        await bench.outbox.claim("a", 10, LEASE)
        assert list(await bench.outbox.claim("b", 10, LEASE)) == []

    async def concurrent_claims_share_no_row(self, bench: Bench) -> None:
        await bench.customers.upsert_many([a_profile(number) for number in range(1, 21)])
        claims = await asyncio.gather(*(bench.outbox.claim(f"w{n}", 3, LEASE) for n in range(10)))
        taken = [row.row_id for rows in claims for row in rows]
        assert sorted(taken) == sorted(set(taken))
        assert len(taken) == 20

    async def a_later_row_of_a_key_waits_for_the_earlier_one(self, bench: Bench) -> None:
        await three_rows(bench)
        await bench.outbox.claim("a", 1, LEASE)
        assert [row.key for row in await bench.outbox.claim("b", 10, LEASE)] == ["C-00002"]

    async def a_lease_that_ran_out_frees_the_row(self, bench: Bench) -> None:
        await three_rows(bench)
        await bench.outbox.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        assert len(await bench.outbox.claim("b", 10, LEASE)) == 3

    async def a_done_row_is_gone(self, bench: Bench) -> None:
        await three_rows(bench)
        rows = await bench.outbox.claim("a", 10, LEASE)
        await bench.outbox.done("a", [row.row_id for row in rows[:2]])
        assert await bench.outbox.depth() == 1
        bench.clock.advance(timedelta(seconds=LEASE))
        assert [row.key for row in await bench.outbox.claim("a", 10, LEASE)] == ["C-00002"]

    async def a_row_taken_by_another_is_not_done_by_the_first(self, bench: Bench) -> None:
        await three_rows(bench)
        rows = await bench.outbox.claim("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        await bench.outbox.claim("b", 10, LEASE)
        await bench.outbox.done("a", [row.row_id for row in rows])
        await bench.outbox.failed("a", [row.row_id for row in rows], "too late")
        assert await bench.outbox.depth() == 3
        assert list(await bench.outbox.claim("c", 10, LEASE)) == []

    async def a_failed_row_comes_back_with_one_attempt_more(self, bench: Bench) -> None:
        await three_rows(bench)
        for attempts in (0, 1, 2):
            rows = await bench.outbox.claim("a", 10, LEASE)
            assert [row.attempts for row in rows] == [attempts] * 3
            await bench.outbox.failed("a", [row.row_id for row in rows], "the store is down")

    async def a_row_carries_the_trace_of_the_work_that_wrote_it_and_its_payload_is_as_it_was(
        self, bench: Bench
    ) -> None:
        await bench.customers.upsert(a_profile(1))
        with within(REQUEST):
            await bench.customers.upsert(a_profile(2))
            await bench.transactions.add_many([a_transaction(1)])
            await bench.decisions.record(a_decision(1), None)
        rows = await bench.outbox.claim("a", 10, LEASE)
        assert [(row.kind, row.trace, row.payload) for row in rows] == [
            ("customer", "", profile_bytes(a_profile(1))),
            ("customer", trace_header(REQUEST), profile_bytes(a_profile(2))),
            ("transaction", trace_header(REQUEST), transaction_bytes(a_transaction(1))),
            ("decision", trace_header(REQUEST), decision_bytes(a_decision(1))),
        ]

    async def rows_written_at_once_carry_the_traces_of_their_own_records(self, bench: Bench) -> None:
        traces = {("customer", "C-00001", 1): "Root=1", ("customer", "C-00002", 1): "Root=2"}
        with within(REQUEST), rows_carry(traces):
            await three_rows(bench)
        rows = await bench.outbox.claim("a", 10, LEASE)
        assert [row.trace for row in rows] == ["Root=1", trace_header(REQUEST), "Root=2"]

    async def depth_counts_held_rows_too(self, bench: Bench) -> None:
        assert await bench.outbox.depth() == 0
        await three_rows(bench)
        await bench.outbox.claim("a", 2, LEASE)
        assert await bench.outbox.depth() == 3


PROMISES = sorted(name for name, _ in inspect.getmembers(OutboxContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", RELATIONAL_ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_an_outbox_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(OutboxContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.OUTBOXES, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_outbox(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.outbox = broken(bench.memory.tables, bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(OutboxContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
