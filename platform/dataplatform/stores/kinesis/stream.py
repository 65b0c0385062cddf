"""The ``Stream`` port over Kinesis, for a worker on one machine; AWS itself feeds a Lambda function instead.

    stream = await open_kinesis_stream(client, "credit-records", checkpoints=..., letters=..., ...)
    ...
    await stream.close()

One process reads a stream: its checkpoints and dead letters live in that process's own store.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.ingestion.checkpoints import Checkpoints
from dataplatform.ingestion.letter_box import LetterBox
from dataplatform.resilience.retry import Random, RetryPolicy
from dataplatform.stores.kinesis.calls import KinesisCalls
from dataplatform.stores.kinesis.hot_shards import HotShardRule
from dataplatform.stores.kinesis.reader import KinesisReader, ReaderLimits
from dataplatform.stores.kinesis.shape import StreamShape, ensure_stream
from dataplatform.stores.kinesis.writer import KinesisWriter
from foundation.clock import Clock
from foundation.metrics import Telemetry


@dataclass(frozen=True, slots=True)
class KinesisPolicy:
    """``retry`` counts rounds in which nothing got in; a record that gets in starts them anew."""

    retry: RetryPolicy = field(default_factory=lambda: RetryPolicy(attempts=10))
    reader: ReaderLimits = field(default_factory=ReaderLimits)
    hot_shards: HotShardRule = field(default_factory=HotShardRule)
    threads: int = 16


class KinesisStream:
    def __init__(
        self,
        calls: KinesisCalls,
        writer: KinesisWriter,
        reader: KinesisReader,
        letters: LetterBox,
        clock: Clock,
    ) -> None:
        self._calls, self._writer, self._reader = calls, writer, reader
        self._letters, self._clock = letters, clock

    @property
    def saturation(self) -> float:
        """Calls under way or waiting over the threads there are, 0 to 1."""
        return self._calls.saturation

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        return await self._writer.put(records)

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        return await self._reader.lease(worker, limit, lease_seconds)

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        await self._reader.settle(worker, sequences)

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        self._reader.retry(worker, sequences)

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        """The letter is durable before the record counts as settled."""
        record = self._reader.holds(worker, sequence)
        if record is not None:
            buried = replace(record, attempts=record.attempts + 1)
            await self._letters.add(DeadLetter(buried, reason, self._clock.now()))
            await self._reader.settle(worker, [sequence])

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        return await self._letters.letters(limit)

    async def replay(self, sequences: Sequence[str]) -> int:
        """They get new places on the stream; a letter goes when its record is there again."""
        found = [letter.record for letter in await self._letters.find(sequences)]
        await self._writer.put([(record.partition_key, record.data) for record in found])
        await self._letters.remove([record.sequence for record in found])
        return len(found)

    async def oldest(self) -> datetime | None:
        return await self._reader.oldest()

    async def answers(self) -> None:
        """Raises KinesisError if the stream cannot be described; reads no record."""
        await self._calls.call("describe_stream_summary")

    async def close(self) -> None:
        """Wait for calls under way. What is leased comes again to the next process; the client stays open."""
        self._calls.close()


async def open_kinesis_stream(
    client: Any,
    name: str,
    *,
    checkpoints: Checkpoints,
    letters: LetterBox,
    telemetry: Telemetry,
    clock: Clock,
    random: Random,
    shape: StreamShape | None = None,
    policy: KinesisPolicy | None = None,
) -> KinesisStream:
    """Make sure that the stream is there (ten shards, 48 hours) and be ready to write and read it.

    ``client`` is a Kinesis client made for one try a call: retries are made here.
    ``shape`` of a stream that exists is left alone but for its retention. ``close`` ends it.

    Raises:
        KinesisError: a ``StoreUnavailable``: the service refused or did not answer.
    """
    rules = policy or KinesisPolicy()
    calls = KinesisCalls(client, name, rules.threads)
    try:
        await ensure_stream(calls, shape or StreamShape())
    except BaseException:
        calls.close()
        raise
    writer = KinesisWriter(calls, rules.retry, clock, random)
    reader = KinesisReader(calls, checkpoints, telemetry, clock, rules.reader, rules.hot_shards)
    return KinesisStream(calls, writer, reader, letters, clock)
