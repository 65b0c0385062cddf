"""The ingestion stream (Kinesis): at least once, ordered per partition key, poison records set aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StreamRecord:
    sequence: int
    partition_key: str
    data: bytes
    arrived_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    record: StreamRecord
    reason: str
    failed_at: datetime


class Stream(Protocol):
    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[int]:
        """Append ``(partition_key, data)`` durably; sequence numbers in order."""
        ...

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        """Records nobody holds, oldest first; one waits while an older one of its partition is held. A lease
        that ran out counts as an attempt."""
        ...

    async def ack(self, worker: str, sequences: Sequence[int]) -> None: ...

    async def retry(self, worker: str, sequences: Sequence[int]) -> None: ...

    async def bury(self, worker: str, sequence: int, reason: str) -> None:
        """Move to the dead letters: never dropped, replayable."""
        ...

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]: ...

    async def replay(self, sequences: Sequence[int]) -> int:
        """Put dead letters back into the stream; returns how many."""
        ...

    async def depth(self) -> int: ...

    async def oldest(self) -> datetime | None:
        """Arrival of the oldest unprocessed record; None when drained."""
        ...
