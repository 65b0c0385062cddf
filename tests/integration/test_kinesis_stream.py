"""The Kinesis adapter on a real server: limits, throttling, checkpoints, resharding, hot shards, packages."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from aws_kinesis_agg.aggregator import RecordAggregator

from credit.domain.errors import InvalidValue, StoreUnavailable
from credit.metrics import INGEST_HOT_SHARDS, INGEST_SHARD_SHARE
from credit.ports.stream import Stream, StreamRecord
from dataplatform.ingestion.checkpoints import SHARD_END
from dataplatform.resilience.retry import RetryPolicy
from dataplatform.stores.kinesis.hot_shards import HotShardRule
from dataplatform.stores.kinesis.shape import StreamShape
from dataplatform.stores.kinesis.writer import MAX_RECORD_BYTES, MAX_REQUEST_BYTES, requests
from tests.support.aws_emulator import needs_emulator
from tests.support.kinesis import QUICK, KinesisBench, ThrottlingClient, kinesis_client, opened

pytestmark = needs_emulator

TWO = StreamShape(shards=2)
MANY = [(f"key-{n}", f"{n}".encode()) for n in range(1_200)]


async def drained(stream: Stream, worker: str = "w", settle: bool = True) -> list[StreamRecord]:
    """Everything that comes until nothing is left (or, unsettled, nothing new)."""
    found: list[StreamRecord] = []
    while records := await stream.lease(worker, 10_000, 1e9):
        found.extend(records)
        if settle:
            await stream.ack(worker, [r.sequence for r in records])
    return found


async def test_the_stream_is_made_as_the_document_says_and_only_once() -> None:
    bench = KinesisBench(kinesis_client())
    for _ in range(2):
        async with opened(bench):
            pass
    summary = bench.client.describe_stream_summary(StreamName=bench.name)["StreamDescriptionSummary"]
    assert (summary["OpenShardCount"], summary["RetentionPeriodHours"]) == (10, 48)


async def test_only_what_a_shard_refused_is_sent_again() -> None:
    client = ThrottlingClient(kinesis_client(), 0.05, Random(7).random)
    async with opened(KinesisBench(client, shape=TWO)) as stream:
        names = await stream.put(MANY)
        sent = sum(len(entries) for entries in client.sent)
        assert client.refused_records > 20
        assert sent == len(MANY) + client.refused_records
        found = {r.sequence: (r.partition_key, r.data) for r in await drained(stream)}
    assert [found[name] for name in names] == MANY
    assert len(found) == len(MANY)


async def test_a_shard_that_takes_nothing_ends_in_an_error_that_says_how_much_waits() -> None:
    client = ThrottlingClient(kinesis_client(), 1.0, Random(1).random)
    policy = replace(QUICK, retry=RetryPolicy(3, 0.001, 0.01))
    async with opened(KinesisBench(client, shape=TWO, policy=policy)) as stream:
        with pytest.raises(StoreUnavailable, match="3 of 3 records were refused"):
            await stream.put(MANY[:3])
    assert len(client.sent) == 3


async def test_reads_that_are_throttled_lose_nothing() -> None:
    client = ThrottlingClient(kinesis_client(), 0.0, Random(3).random)
    bench = KinesisBench(client, shape=TWO)
    async with opened(bench) as stream:
        await stream.put(MANY)
        client.ratio = 0.5
        found: list[StreamRecord] = []
        while len(found) < len(MANY) or client.refused_reads == 0:
            try:
                found.extend(records := await stream.lease("w", 100, 1e9))
            except StoreUnavailable:
                continue
            await stream.ack("w", [r.sequence for r in records])
    assert sorted(r.data for r in found) == sorted(data for _, data in MANY)


async def test_what_is_too_large_is_refused_with_the_limit_and_nothing_is_sent() -> None:
    client = ThrottlingClient(kinesis_client(), 0.0, Random(1).random)
    async with opened(KinesisBench(client, shape=TWO)) as stream:
        with pytest.raises(InvalidValue, match="Send at most 1,048,576"):
            await stream.put([MANY[0], ("k", bytes(MAX_RECORD_BYTES))])
        with pytest.raises(InvalidValue, match="1 to 256 characters"):
            await stream.put([("", b"x")])
        assert client.sent == []
        (name,) = await stream.put([("k", bytes(MAX_RECORD_BYTES - 1))])
        assert [r.sequence for r in await drained(stream)] == [name]


def test_requests_are_as_few_as_the_limits_allow_and_keep_the_order() -> None:
    big = [("k", bytes(1_000_000))] * 12
    assert [len(request) for request in requests(big)] == [5, 5, 2]
    assert [len(request) for request in requests(MANY)] == [500, 500, 200]
    assert [record for request in requests(MANY) for record in request] == MANY
    assert all(sum(len(k) + len(d) for k, d in request) <= MAX_REQUEST_BYTES for request in requests(big))


async def test_the_next_process_goes_on_after_the_last_record_with_none_unsettled_before_it() -> None:
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    async with opened(bench) as stream:
        names = await stream.put(MANY[:10])
        await stream.lease("w", 10, 1e9)
        await stream.ack("w", [*names[:3], *names[5:]])
    async with opened(bench) as stream:
        assert [r.sequence for r in await drained(stream)] == names[3:]
    async with opened(bench) as stream:
        assert await drained(stream) == []
        assert await stream.oldest() is None


async def test_a_record_set_aside_lets_the_checkpoint_pass_and_is_kept() -> None:
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    async with opened(bench) as stream:
        names = await stream.put(MANY[:3])
        await stream.lease("w", 10, 1e9)
        await stream.bury("w", names[0], "not a record")
        await stream.ack("w", names[1:])
    async with opened(bench) as stream:
        assert await drained(stream) == []
        assert await stream.replay([names[0]]) == 1
        assert [r.data for r in await drained(stream)] == [MANY[0][1]]


async def test_resharding_loses_nothing_and_reads_parents_to_their_end_first() -> None:
    """This server forgets a parent's records at once, so the parents are drained before they are split."""
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    async with opened(bench) as stream:
        await stream.put(MANY[:100])
        assert len(await drained(stream)) == 100
        bench.client.split_shard(
            StreamName=bench.name, ShardToSplit="shardId-000000000000", NewStartingHashKey=str(2**127)
        )
        await stream.put(MANY[100:300])
        found = [*await drained(stream), *await drained(stream)]
        assert sorted(r.data for r in found) == sorted(data for _, data in MANY[100:300])
        assert {r.sequence.split(":")[0] for r in found} == {"shardId-000000000001", "shardId-000000000002"}
    kept = await bench.checkpoints.load(bench.name)
    assert kept["shardId-000000000000"] == SHARD_END
    async with opened(bench) as stream:
        assert await drained(stream) == []


async def test_a_hot_shard_is_flagged_with_its_share() -> None:
    policy = replace(QUICK, hot_shards=HotShardRule(least=500))
    bench = KinesisBench(kinesis_client(), policy=policy)
    async with opened(bench) as stream:
        await stream.put(MANY)
        await drained(stream)
        shares = {k: v for k, v in bench.telemetry.gauges.items() if k[0] == INGEST_SHARD_SHARE.name}
        assert len(shares) == 10
        assert sum(shares.values()) == pytest.approx(1.0)
        assert bench.telemetry.gauges[INGEST_HOT_SHARDS.name, ()] == 0.0
        names = await stream.put([("one key", b"x")] * 1_000)
        await drained(stream)
    hot = names[0].split(":")[0]
    assert bench.telemetry.gauges[INGEST_SHARD_SHARE.name, (("shard", hot),)] > 0.45
    assert bench.telemetry.gauges[INGEST_HOT_SHARDS.name, ()] == 1.0


async def test_a_package_is_unpacked_and_its_parts_are_settled_together() -> None:
    bench = KinesisBench(kinesis_client(), shape=StreamShape(shards=1))
    aggregator = RecordAggregator()
    for number in range(3):
        aggregator.add_user_record(f"key-{number}", f"part {number}".encode())
    key, _, package = aggregator.clear_and_get().get_contents()
    async with opened(bench) as stream:
        (name,) = await stream.put([(key, package)])
        records = await stream.lease("w", 10, 1e9)
        assert [(r.partition_key, r.data) for r in records] == [
            (f"key-{number}", f"part {number}".encode()) for number in range(3)
        ]
        assert [r.sequence for r in records] == [f"{name}/{number}" for number in range(3)]
        await stream.ack("w", [records[0].sequence, records[2].sequence])
        assert await bench.checkpoints.load(bench.name) == {}
    async with opened(bench) as stream:
        records = await stream.lease("w", 10, 1e9)
        assert len(records) == 3
        await stream.ack("w", [r.sequence for r in records])
        assert set(await bench.checkpoints.load(bench.name)) == {"shardId-000000000000"}


async def test_a_server_that_is_not_there_is_said_so_and_nothing_hangs() -> None:
    client = ThrottlingClient(kinesis_client(), 0.0, Random(1).random)
    async with opened(KinesisBench(client, shape=TWO)) as stream:
        await stream.put(MANY[:5])
        client.ratio = 1.0
        with pytest.raises(StoreUnavailable, match="get_records"):
            await stream.lease("w", 10, 60.0)
        with pytest.raises(StoreUnavailable, match="get_records"):
            await stream.oldest()
        client.ratio = 0.0
        assert len(await drained(stream)) == 5
