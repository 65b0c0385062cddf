"""The ingestion stream (Kinesis): at least once, ordered per partition key, poison records set aside.

Three small ports, because they live apart in AWS: who writes knows no leases, and who reads may be a Lambda
function that the service itself feeds. A record's ``sequence`` is its name on its stream, an opaque text:
Kinesis numbers do not fit 64 bits, and two shards may use the same one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """``trace`` is the header (X-Ray's or W3C's) of the work that sent it, empty when it sent none."""

    sequence: str
    partition_key: str
    data: bytes
    arrived_at: datetime
    attempts: int
    trace: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    record: StreamRecord
    reason: str
    failed_at: datetime


class StreamWriter(Protocol):
    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        """Append ``(partition_key, data)`` durably; their sequences in the order given.

        Raises:
            InvalidValue: a record is larger than the stream takes (``data``); nothing was put.
            StoreUnavailable: not all of them are in. Sending them again is safe.
        """
        ...


class StreamReader(Protocol):
    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        """Records nobody holds, oldest first; one waits while an older one of its partition is held. A lease
        that ran out counts as an attempt."""
        ...

    async def ack(self, worker: str, sequences: Sequence[str]) -> None: ...

    async def retry(self, worker: str, sequences: Sequence[str]) -> None: ...

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        """Move to the dead letters: never dropped, replayable."""
        ...

    async def oldest(self) -> datetime | None:
        """Arrival of the oldest unprocessed record; None when drained."""
        ...


class DeadLetters(Protocol):
    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        """Oldest first; a negative limit means all."""
        ...

    async def replay(self, sequences: Sequence[str]) -> int:
        """Put dead letters back into the stream; returns how many."""
        ...


class Stream(StreamWriter, StreamReader, DeadLetters, Protocol):
    """All of it, as a worker on one machine uses it."""

    async def answers(self) -> None:
        """Fails if the stream does not answer; reads no record."""
        ...
