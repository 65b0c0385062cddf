"""Shards that were split with records still unread. The emulator forgets those, so a model of the service
stands in for it here: closed shards are kept, and end with no next iterator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dataplatform.ingestion.checkpoints import SHARD_END
from dataplatform.stores.kinesis.stream import KinesisStream
from tests.support.aws_refusal import aws_refusal
from tests.support.credit_samples import NOON
from tests.support.kinesis import QUICK, KinesisBench, opened

PARENT, LEFT, RIGHT = "shardId-0", "shardId-1", "shardId-2"


class SplitStream:
    """One parent, closed, and its two children; every iterator is ``shard/position``."""

    def __init__(self, parent: int, children: int) -> None:
        self.records = {
            PARENT: list(range(parent)),
            LEFT: list(range(100, 100 + children)),
            RIGHT: list(range(200, 200 + children)),
        }
        self.expired: set[str] = set()

    def create_stream(self, **_: Any) -> Mapping[str, Any]:
        return {}

    def describe_stream_summary(self, **_: Any) -> Mapping[str, Any]:
        return {"StreamDescriptionSummary": {"StreamStatus": "ACTIVE", "RetentionPeriodHours": 48}}

    def list_shards(self, **asked: Any) -> Mapping[str, Any]:
        if "NextToken" not in asked:
            return {"Shards": [{"ShardId": LEFT, "ParentShardId": PARENT}], "NextToken": "more"}
        return {"Shards": [{"ShardId": RIGHT, "ParentShardId": PARENT}, {"ShardId": PARENT}]}

    def get_shard_iterator(self, **asked: Any) -> Mapping[str, Any]:
        shard = asked["ShardId"]
        start = asked.get("StartingSequenceNumber")
        position = 0 if start is None else self.records[shard].index(int(start)) + 1
        return {"ShardIterator": f"{shard}/{position}"}

    def get_records(self, **asked: Any) -> Mapping[str, Any]:
        iterator: str = asked["ShardIterator"]
        if iterator in self.expired:
            self.expired.remove(iterator)
            raise aws_refusal("ExpiredIteratorException")
        shard, _, text = iterator.partition("/")
        position = int(text)
        found = self.records[shard][position : position + asked["Limit"]]
        after = position + len(found)
        closed = shard == PARENT and after == len(self.records[shard])
        records = [
            {
                "SequenceNumber": str(n),
                "PartitionKey": "one customer",
                "Data": b"%d" % n,
                "ApproximateArrivalTimestamp": NOON,
            }
            for n in found
        ]
        next_one = {} if closed else {"NextShardIterator": f"{shard}/{after}"}
        return {"Records": records, "MillisBehindLatest": 0, **next_one}


async def take(stream: KinesisStream, rounds: int, limit: int = 10) -> list[int]:
    found: list[int] = []
    for _ in range(rounds):
        records = await stream.lease("w", limit, 1e9)
        found.extend(int(r.data) for r in records)
        await stream.ack("w", [r.sequence for r in records])
    return found


async def test_children_are_read_when_their_parent_is_processed_to_its_end() -> None:
    bench = KinesisBench(SplitStream(parent=25, children=2))
    async with opened(bench) as stream:
        held = await stream.lease("w", 20, 1e9)
        assert await take(stream, 3) == []  # the rest of the parent waits behind what is held
        await stream.ack("w", [r.sequence for r in held])
        order = [int(r.data) for r in held] + await take(stream, 4)
    assert order[:25] == list(range(25))
    assert sorted(order[25:]) == [100, 101, 200, 201]
    assert (await bench.checkpoints.load(bench.name))[PARENT] == SHARD_END


async def test_a_process_that_starts_after_a_split_begins_where_the_parent_was_left() -> None:
    bench = KinesisBench(
        SplitStream(parent=25, children=2), policy=replace(QUICK, reader=replace(QUICK.reader, in_flight=10))
    )
    async with opened(bench) as stream:
        assert await take(stream, 1) == list(range(10))
    async with opened(bench) as stream:
        assert (await take(stream, 8))[:15] == list(range(10, 25))
    async with opened(bench) as stream:
        assert await take(stream, 2) == []


async def test_an_iterator_that_expired_is_taken_anew_at_the_same_place() -> None:
    client = SplitStream(parent=25, children=0)
    bench = KinesisBench(client, policy=replace(QUICK, reader=replace(QUICK.reader, in_flight=10)))
    async with opened(bench) as stream:
        first = await take(stream, 1)
        client.expired.add(f"{PARENT}/10")
        assert first + await take(stream, 3) == list(range(25))
