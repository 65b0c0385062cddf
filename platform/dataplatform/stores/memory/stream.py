"""The ingestion stream in memory, with the leases of the durable one. For tests and drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from credit.ports.stream import DeadLetter, StreamRecord
from dataplatform.stores.memory.lease_table import LeaseTable
from foundation.clock import Clock


class MemoryStream:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._table = LeaseTable(clock)
        self._dead: dict[str, DeadLetter] = {}
        self._last = 0

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        now, first = self._clock.now(), self._last + 1
        self._last += len(records)
        names = [str(number) for number in range(first, self._last + 1)]
        self._table.add(
            StreamRecord(name, key, data, now, 0) for name, (key, data) in zip(names, records, strict=True)
        )
        return names

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        return self._table.lease(worker, limit, lease_seconds)

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        self._table.settle(worker, sequences)

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        self._table.retry(worker, sequences)

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        for record in self._table.settle(worker, [sequence]):
            buried = replace(record, attempts=record.attempts + 1)
            self._dead[sequence] = DeadLetter(buried, reason, self._clock.now())

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        found = list(self._dead.values())
        return found if limit < 0 else found[:limit]

    async def replay(self, sequences: Sequence[str]) -> int:
        found = [self._dead.pop(sequence) for sequence in sequences if sequence in self._dead]
        self._table.add(replace(letter.record, attempts=0) for letter in found)
        return len(found)

    async def oldest(self) -> datetime | None:
        return self._table.oldest()

    async def answers(self) -> None:
        """It always does."""
