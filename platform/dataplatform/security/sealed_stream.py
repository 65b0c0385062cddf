"""A stream encrypted at rest: records carry personal data in clear between their ends only (§3.4.1)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from credit.ports.secrets import Sealer
from credit.ports.stream import DeadLetter, Stream, StreamRecord
from dataplatform.errors import UnsealError
from dataplatform.observability.carried_trace import split_trace, with_trace

logger = logging.getLogger(__name__)


def open_record(record: StreamRecord, sealer: Sealer) -> StreamRecord:
    """The record as it was put, with the trace it was put in. One that does not open stays as it is."""
    try:
        plain = sealer.open(record.data, _context(record.partition_key))
    except UnsealError as error:
        logger.error("stream record %s: %s", record.sequence, error)
        return record
    trace, data = split_trace(plain)
    return replace(record, data=data, trace=trace)


class SealedStream:
    """Seals on ``put``, opens on ``lease`` and ``dead_letters``; bound to the partition key. Within the seal
    the record carries the trace it was put in.

    A record that does not open is handed on as it is stored: nobody can parse it, so it is buried with a
    reason instead of blocking its partition.
    """

    def __init__(self, stream: Stream, sealer: Sealer) -> None:
        self._stream, self._sealer = stream, sealer

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        return await self._stream.put(
            [(key, self._sealer.seal(with_trace(data), _context(key))) for key, data in records]
        )

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        return [self._opened(r) for r in await self._stream.lease(worker, limit, lease_seconds)]

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        await self._stream.ack(worker, sequences)

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        await self._stream.retry(worker, sequences)

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        await self._stream.bury(worker, sequence, reason)

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        return [replace(d, record=self._opened(d.record)) for d in await self._stream.dead_letters(limit)]

    async def replay(self, sequences: Sequence[str]) -> int:
        return await self._stream.replay(sequences)

    async def oldest(self) -> datetime | None:
        return await self._stream.oldest()

    async def answers(self) -> None:
        await self._stream.answers()

    def _opened(self, record: StreamRecord) -> StreamRecord:
        return open_record(record, self._sealer)


def _context(partition_key: str) -> str:
    return f"stream/{partition_key}"
