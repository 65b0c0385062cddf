"""The ingestion stream in memory, with the leases of the durable one. For tests and drills."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from app.ports.stream import DeadLetter, StreamRecord
from slo.clock import Clock


@dataclass(slots=True)
class _Held:
    record: StreamRecord
    holder: str | None = None
    until: datetime | None = None


class MemoryStream:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._records: dict[str, _Held] = {}
        self._dead: dict[str, DeadLetter] = {}
        self._last = 0

    async def put(self, records: Sequence[tuple[str, bytes]]) -> Sequence[str]:
        now = self._clock.now()
        for key, data in records:
            self._last += 1
            sequence = str(self._last)
            self._records[sequence] = _Held(StreamRecord(sequence, key, data, now, 0))
        return [str(n) for n in range(self._last - len(records) + 1, self._last + 1)]

    async def lease(self, worker: str, limit: int, lease_seconds: float) -> Sequence[StreamRecord]:
        now = self._clock.now()
        blocked: set[str] = set()
        free: list[_Held] = []
        for _, held in sorted(self._records.items(), key=_number):
            if held.until is not None and held.until > now:
                blocked.add(held.record.partition_key)
            elif held.record.partition_key not in blocked and len(free) < limit:
                free.append(held)
        for held in free:
            if held.holder is not None:
                held.record = replace(held.record, attempts=held.record.attempts + 1)
            held.holder, held.until = worker, now + timedelta(seconds=lease_seconds)
        return [held.record for held in free]

    async def ack(self, worker: str, sequences: Sequence[str]) -> None:
        for held in self._held(worker, sequences):
            del self._records[held.record.sequence]

    async def retry(self, worker: str, sequences: Sequence[str]) -> None:
        for held in self._held(worker, sequences):
            held.record = replace(held.record, attempts=held.record.attempts + 1)
            held.holder = held.until = None

    async def bury(self, worker: str, sequence: str, reason: str) -> None:
        for held in self._held(worker, [sequence]):
            record = replace(held.record, attempts=held.record.attempts + 1)
            self._dead[sequence] = DeadLetter(record, reason, self._clock.now())
            del self._records[sequence]

    async def dead_letters(self, limit: int) -> Sequence[DeadLetter]:
        return [self._dead[sequence] for sequence in sorted(self._dead, key=int)][
            : limit if limit >= 0 else None
        ]

    async def replay(self, sequences: Sequence[str]) -> int:
        found = [self._dead.pop(sequence) for sequence in sequences if sequence in self._dead]
        for letter in found:
            self._records[letter.record.sequence] = _Held(replace(letter.record, attempts=0))
        return len(found)

    async def depth(self) -> int:
        return len(self._records)

    async def oldest(self) -> datetime | None:
        return self._records[min(self._records, key=int)].record.arrived_at if self._records else None

    def _held(self, worker: str, sequences: Sequence[str]) -> list[_Held]:
        found = [self._records[sequence] for sequence in sequences if sequence in self._records]
        return [held for held in found if held.holder == worker]


def _number(item: tuple[str, _Held]) -> int:
    return int(item[0])
