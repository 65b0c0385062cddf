"""What every Stream keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support import broken_stores
from tests.support.credit_samples import NOON
from tests.support.store_bench import ADAPTERS, Bench, memory_bench, open_bench

LEASE = 60.0
MINUTE = timedelta(minutes=1)
FOUR = [("x", b"1"), ("y", b"2"), ("x", b"3"), ("z", b"4")]


class StreamContract:
    async def records_come_out_as_they_went_in_and_in_order(self, bench: Bench) -> None:
        sequences = await bench.stream.put(FOUR)
        records = await bench.stream.lease("a", 10, LEASE)
        assert [(r.partition_key, r.data) for r in records] == FOUR
        assert [r.sequence for r in records] == list(sequences) == sorted(sequences)
        assert {(r.arrived_at, r.attempts) for r in records} == {(NOON, 0)}

    async def a_lease_takes_at_most_its_limit(self, bench: Bench) -> None:
        await bench.stream.put(FOUR)
        assert [r.data for r in await bench.stream.lease("a", 2, LEASE)] == [b"1", b"2"]

    async def a_leased_record_is_nobody_elses(self, bench: Bench) -> None:
        await bench.stream.put(FOUR)
        leases = await asyncio.gather(*(bench.stream.lease(f"w{n}", 1, LEASE) for n in range(8)))
        taken = [r.sequence for records in leases for r in records]
        assert sorted(taken) == sorted(set(taken))

    async def a_partition_stays_in_order_across_workers(self, bench: Bench) -> None:
        await bench.stream.put(FOUR)
        await bench.stream.lease("a", 1, LEASE)
        assert [r.data for r in await bench.stream.lease("b", 10, LEASE)] == [b"2", b"4"]

    async def a_lease_that_ran_out_counts_as_an_attempt(self, bench: Bench) -> None:
        await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        again = await bench.stream.lease("b", 10, LEASE)
        assert [(r.data, r.attempts) for r in again] == [(data, 1) for _, data in FOUR]

    async def an_acknowledged_record_never_comes_back(self, bench: Bench) -> None:
        sequences = await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        await bench.stream.ack("a", sequences[:3])
        bench.clock.advance(timedelta(seconds=LEASE))
        assert [r.data for r in await bench.stream.lease("b", 10, LEASE)] == [b"4"]
        assert await bench.stream.depth() == 1

    async def what_another_holds_now_is_not_the_first_ones_to_settle(self, bench: Bench) -> None:
        sequences = await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        await bench.stream.lease("b", 10, LEASE)
        await bench.stream.ack("a", sequences)
        await bench.stream.retry("a", sequences)
        await bench.stream.bury("a", sequences[0], "too late")
        assert await bench.stream.depth() == 4
        assert list(await bench.stream.lease("c", 10, LEASE)) == []
        assert list(await bench.stream.dead_letters(10)) == []

    async def a_retried_record_comes_back_with_one_attempt_more(self, bench: Bench) -> None:
        await bench.stream.put(FOUR[:1])
        for attempts in (0, 1, 2):
            (record,) = await bench.stream.lease("a", 10, LEASE)
            assert record.attempts == attempts
            await bench.stream.retry("a", [record.sequence])

    async def a_buried_record_is_kept_whole_with_its_reason(self, bench: Bench) -> None:
        (sequence,) = await bench.stream.put(FOUR[:1])
        await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=1))
        await bench.stream.bury("a", sequence, "not a record")
        (letter,) = await bench.stream.dead_letters(10)
        assert (letter.record.data, letter.record.partition_key) == (b"1", "x")
        assert (letter.reason, letter.failed_at) == ("not a record", NOON + timedelta(seconds=1))
        assert (letter.record.sequence, letter.record.arrived_at) == (sequence, NOON)
        assert await bench.stream.depth() == 0

    async def a_replayed_dead_letter_is_processed_again(self, bench: Bench) -> None:
        (sequence,) = await bench.stream.put(FOUR[:1])
        await bench.stream.lease("a", 10, LEASE)
        await bench.stream.bury("a", sequence, "not a record")
        assert await bench.stream.replay([sequence, 999_999]) == 1
        assert list(await bench.stream.dead_letters(10)) == []
        (record,) = await bench.stream.lease("a", 10, LEASE)
        assert (record.data, record.attempts) == (b"1", 0)

    async def depth_and_oldest_tell_what_waits(self, bench: Bench) -> None:
        assert (await bench.stream.depth(), await bench.stream.oldest()) == (0, None)
        first = await bench.stream.put(FOUR[:2])
        bench.clock.advance(MINUTE)
        await bench.stream.put(FOUR[2:])
        assert (await bench.stream.depth(), await bench.stream.oldest()) == (4, NOON)
        await bench.stream.lease("a", 2, LEASE)
        assert await bench.stream.depth() == 4
        await bench.stream.ack("a", first)
        assert (await bench.stream.depth(), await bench.stream.oldest()) == (2, NOON + MINUTE)


PROMISES = sorted(name for name, _ in inspect.getmembers(StreamContract, inspect.isfunction))


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("promise", PROMISES)
async def test_a_stream_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(StreamContract(), promise)(bench)


@pytest.mark.parametrize("broken", broken_stores.STREAMS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_stream(broken: type) -> None:
    bench = memory_bench()
    bench.stream = broken(bench.clock)
    with pytest.raises((AssertionError, ValueError, pytest.fail.Exception)):
        await getattr(StreamContract(), broken.breaks)(bench)  # type: ignore[attr-defined]
