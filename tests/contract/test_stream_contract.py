"""What every Stream keeps to; each broken one breaks the promise it names."""

from __future__ import annotations

import asyncio
import inspect
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest

from credit.ports.stream import Stream
from dataplatform.stores.kinesis.shape import StreamShape
from foundation.clock import ManualClock
from tests.support import broken_stores
from tests.support.aws_emulator import needs_emulator
from tests.support.credit_samples import NOON
from tests.support.kinesis import KinesisBench, kinesis_client, opened
from tests.support.store_bench import ADAPTERS, memory_bench, open_bench

LEASE = 60.0
MINUTE = timedelta(minutes=1)
FOUR = [("x", b"1"), ("y", b"2"), ("x", b"3"), ("z", b"4")]


class StreamBench(Protocol):
    """A stream, and the clock that its leases follow."""

    @property
    def clock(self) -> ManualClock: ...

    @property
    def stream(self) -> Stream: ...


@dataclass
class LeasedBench:
    clock: ManualClock
    stream: Stream


class OrderedBench(Protocol):
    @property
    def clock(self) -> ManualClock: ...

    @property
    def stream(self) -> Stream: ...


class StreamContract:
    """For every stream, whatever order it keeps between partitions."""

    async def records_come_out_as_they_went_in(self, bench: StreamBench) -> None:
        sequences = await bench.stream.put(FOUR)
        records = {r.sequence: r for r in await bench.stream.lease("a", 10, LEASE)}
        assert [(records[s].partition_key, records[s].data) for s in sequences] == FOUR
        assert {r.attempts for r in records.values()} == {0}

    async def a_lease_takes_at_most_its_limit(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR)
        assert len(await bench.stream.lease("a", 2, LEASE)) == 2
        assert len(await bench.stream.lease("a", 1, LEASE)) == 1

    async def a_leased_record_is_nobody_elses(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR)
        leases = await asyncio.gather(*(bench.stream.lease(f"w{n}", 1, LEASE) for n in range(8)))
        taken = [r.sequence for records in leases for r in records]
        assert sorted(taken) == sorted(set(taken))

    async def a_partition_stays_in_order_across_workers(self, bench: StreamBench) -> None:
        await bench.stream.put([("x", b"1"), ("x", b"2"), ("x", b"3")])
        (first,) = await bench.stream.lease("a", 1, LEASE)
        assert first.data == b"1"
        assert list(await bench.stream.lease("b", 10, LEASE)) == []
        await bench.stream.ack("a", [first.sequence])
        assert [r.data for r in await bench.stream.lease("b", 10, LEASE)] == [b"2", b"3"]

    async def a_held_partition_holds_up_no_other_one(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR)
        (held,) = await bench.stream.lease("a", 1, LEASE)
        others = sorted(data for key, data in FOUR if key != held.partition_key)
        assert sorted(r.data for r in await bench.stream.lease("b", 10, LEASE)) == others

    async def a_lease_that_ran_out_counts_as_an_attempt(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        again = await bench.stream.lease("b", 10, LEASE)
        assert sorted((r.data, r.attempts) for r in again) == [(data, 1) for data in (b"1", b"2", b"3", b"4")]

    async def an_acknowledged_record_never_comes_back(self, bench: StreamBench) -> None:
        sequences = await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        await bench.stream.ack("a", sequences[:3])
        bench.clock.advance(timedelta(seconds=LEASE))
        assert [r.data for r in await bench.stream.lease("b", 10, LEASE)] == [b"4"]

    async def what_another_holds_now_is_not_the_first_ones_to_settle(self, bench: StreamBench) -> None:
        sequences = await bench.stream.put(FOUR)
        await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=LEASE))
        await bench.stream.lease("b", 10, LEASE)
        await bench.stream.ack("a", sequences)
        await bench.stream.retry("a", sequences)
        await bench.stream.bury("a", sequences[0], "too late")
        assert list(await bench.stream.lease("c", 10, LEASE)) == []
        assert list(await bench.stream.dead_letters(10)) == []
        bench.clock.advance(timedelta(seconds=LEASE))
        assert len(await bench.stream.lease("c", 10, LEASE)) == 4

    async def a_retried_record_comes_back_with_one_attempt_more(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR[:1])
        for attempts in (0, 1, 2):
            (record,) = await bench.stream.lease("a", 10, LEASE)
            assert record.attempts == attempts
            await bench.stream.retry("a", [record.sequence])

    async def a_buried_record_is_kept_whole_with_its_reason(self, bench: StreamBench) -> None:
        (sequence,) = await bench.stream.put(FOUR[:1])
        (record,) = await bench.stream.lease("a", 10, LEASE)
        bench.clock.advance(timedelta(seconds=1))
        await bench.stream.bury("a", sequence, "not a record")
        (letter,) = await bench.stream.dead_letters(10)
        assert (letter.record.data, letter.record.partition_key) == (b"1", "x")
        assert (letter.reason, letter.failed_at) == ("not a record", NOON + timedelta(seconds=1))
        assert (letter.record.sequence, letter.record.arrived_at) == (sequence, record.arrived_at)
        assert await bench.stream.oldest() is None

    async def a_replayed_dead_letter_is_processed_again(self, bench: StreamBench) -> None:
        (sequence,) = await bench.stream.put(FOUR[:1])
        await bench.stream.lease("a", 10, LEASE)
        await bench.stream.bury("a", sequence, "not a record")
        assert await bench.stream.replay([sequence, "999999"]) == 1
        assert list(await bench.stream.dead_letters(10)) == []
        (record,) = await bench.stream.lease("a", 10, LEASE)
        assert (record.partition_key, record.data, record.attempts) == ("x", b"1", 0)

    async def it_answers_and_leaves_what_waits(self, bench: StreamBench) -> None:
        await bench.stream.put(FOUR)
        await bench.stream.answers()
        assert len(await bench.stream.lease("a", 10, LEASE)) == 4

    async def the_oldest_is_the_first_of_what_is_not_settled(self, bench: StreamBench) -> None:
        assert await bench.stream.oldest() is None
        await bench.stream.put(FOUR)
        assert await bench.stream.oldest() is not None
        records = await bench.stream.lease("a", 10, LEASE)
        for record in sorted(records, key=lambda r: r.arrived_at):
            assert await bench.stream.oldest() == record.arrived_at
            await bench.stream.ack("a", [record.sequence])
        assert await bench.stream.oldest() is None


class OrderedStreamContract:
    """For a stream with one order of arrival, on the bench's clock."""

    async def all_records_come_in_the_order_of_their_arrival(self, bench: OrderedBench) -> None:
        sequences = await bench.stream.put(FOUR)
        records = await bench.stream.lease("a", 10, LEASE)
        assert [(r.partition_key, r.data) for r in records] == FOUR
        assert [r.sequence for r in records] == list(sequences)
        assert {r.arrived_at for r in records} == {NOON}

    async def the_oldest_waits_since_it_was_put(self, bench: OrderedBench) -> None:
        first = await bench.stream.put(FOUR[:2])
        bench.clock.advance(MINUTE)
        await bench.stream.put(FOUR[2:])
        assert await bench.stream.oldest() == NOON
        await bench.stream.lease("a", 2, LEASE)
        assert await bench.stream.oldest() == NOON
        await bench.stream.ack("a", first)
        assert await bench.stream.oldest() == NOON + MINUTE


def promises(contract: type) -> list[str]:
    return sorted(name for name, _ in inspect.getmembers(contract, inspect.isfunction))


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("promise", promises(StreamContract))
async def test_a_stream_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(StreamContract(), promise)(bench)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize("promise", promises(OrderedStreamContract))
async def test_an_ordered_stream_keeps_its_promises(promise: str, adapter: str, tmp_path: Path) -> None:
    async with open_bench(adapter, tmp_path) as bench:
        await getattr(OrderedStreamContract(), promise)(bench)


@needs_emulator
@pytest.mark.parametrize("adapter", ["kinesis"])
@pytest.mark.parametrize("promise", promises(StreamContract))
async def test_a_kinesis_stream_keeps_its_promises(promise: str, adapter: str) -> None:
    clock = ManualClock(NOON)
    bench = KinesisBench(kinesis_client(), clock=clock, shape=StreamShape(shards=2))
    async with opened(bench) as stream:
        await getattr(StreamContract(), promise)(LeasedBench(clock, stream))


@pytest.mark.parametrize("broken", broken_stores.STREAMS, ids=lambda broken: broken.__name__)
async def test_the_contract_catches_a_broken_stream(broken: type) -> None:
    bench = memory_bench()
    assert bench.memory is not None
    bench.stream = broken(bench.memory.database, bench.clock)
    promise: str = broken.breaks  # type: ignore[attr-defined]
    contract = StreamContract() if hasattr(StreamContract, promise) else OrderedStreamContract()
    with pytest.raises((AssertionError, ValueError, KeyError, pytest.fail.Exception)):
        await getattr(contract, promise)(bench)
